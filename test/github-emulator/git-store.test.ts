/** Trees, objects and refs that are written without git are what git itself would have written. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { runGit } from '../support/git.ts'
import { type GitStore, openGitStore, type TreeChange } from '../support/github/git-store.ts'

let directory: string
let store: GitStore
let blobs: readonly string[]
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'git-store-'))
  await runGit({ args: ['--git-dir', directory, 'init', '--quiet', '--bare'] })
  store = openGitStore(directory)
  blobs = await Promise.all(['one', 'two'].map((text) => store.writeBlob(Buffer.from(text))))
})
afterAll(async () => {
  store.close()
  await rm(directory, { recursive: true, force: true })
})

/** The same by git's own index. */
async function changeByIndex(base: string, changes: readonly TreeChange[]): Promise<string> {
  const env = { GIT_INDEX_FILE: join(directory, 'test-index') }
  const git = async (...args: string[]) => (await store.git(args, { env })).toString('utf8').trim()
  await git('read-tree', base)
  const remove = ['--literal-pathspecs', 'rm', '-r', '--cached', '--quiet', '--ignore-unmatch', '--']
  for (const { path } of changes.filter(({ sha }) => sha === null)) await git(...remove, path)
  for (const { path, mode, sha } of changes) {
    if (sha !== null) await git('update-index', '--replace', '--add', '--cacheinfo', mode, sha, path)
  }
  return git('write-tree')
}

const name = fc.constantFrom('a', 'b', 'a.b', 'a-b', 'ü', 'a b')
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
const change = fc.record({
  path,
  mode: fc.constantFrom('100644', '100755', '120000'),
  what: fc.constantFrom(0, 1, null),
})

test('any changes of a tree make the tree that git makes of them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(change, { selector: (each) => each.path, minLength: 1, maxLength: 6 }),
      fc.uniqueArray(change, { selector: (each) => each.path, minLength: 1, maxLength: 6 }),
      async (first, second) => {
        const toChanges = (list: typeof first): TreeChange[] =>
          list
            // of two paths of one request none is in the other
            .filter((one) => !list.some((other) => other.path.startsWith(`${one.path}/`)))
            .map(({ path: at, mode, what }) => ({
              path: at,
              mode,
              sha: what === null ? null : (blobs[what] ?? ''),
            }))
        const base = await store.writeTree(undefined, toChanges(first))
        const changes = toChanges(second)
        expect(await store.writeTree(base, changes)).toBe(await changeByIndex(base, changes))
      },
    ),
    { numRuns: 40 },
  )
  await store.git(['fsck', '--strict'])
})

test('a ref is moved from where it was seen only, and git sees it there', async () => {
  const tree = await store.writeTree(undefined, [{ path: 'a', mode: '100644', sha: blobs[0] ?? '' }])
  const person = { name: 'Ada', email: 'ada@example.com', date: new Date(0) }
  const commit = (message: string) =>
    store.writeCommit({ tree, parents: [], message, author: person, committer: person })
  const [one, two] = [await commit('one'), await commit('two')]
  const ref = 'refs/heads/some/branch'
  const at = async () => (await store.git(['rev-parse', ref])).toString('utf8').trim()
  expect(await store.moveRef(ref, { from: '', to: one })).toBe(true)
  expect(await store.moveRef(ref, { from: '', to: two })).toBe(false)
  expect(await at()).toBe(one)
  await store.git(['pack-refs', '--all'])
  expect(await store.moveRef(ref, { from: two, to: two })).toBe(false)
  expect(await store.moveRef(ref, { from: one, to: two })).toBe(true)
  expect(await at()).toBe(two)
  expect(await store.moveRef('refs/heads/some', { from: '', to: one })).toBe(false)
})
