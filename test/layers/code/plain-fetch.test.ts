import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { PlainRepository } from '../../../src/layers/code/plain/open.ts'
import { commitLines, fileLines, type GitRemote, openGitRemote } from '../../support/git-remote.ts'
import { deployer, type GitServer, startGitServer } from '../../support/git-server.ts'
import { plan, restore, revert, roll } from '../../support/plain-rollback.ts'

const [folders, files, commits] = [40, 2_000, 300]
/** seconds since the epoch */
const began = 1_764_000_000

let remote: GitRemote
let server: GitServer
/** of main, oldest first */
let history: readonly string[]
beforeAll(async () => {
  remote = await openGitRemote()
  await remote.git('update-ref', '-d', 'refs/heads/main')
  await remote.import(largeHistory())
  history = (await remote.git('rev-list', '--reverse', 'main')).split('\n')
  server = await startGitServer(remote)
})
afterAll(async () => {
  await server.close()
  await remote.close()
})

const noise = (n: number) =>
  [1, 2, 3, 4, 5, 6].map((part) => createHash('sha512').update(`${n} ${part}`).digest('base64')).join('')

/** Two thousand files that cannot be packed any smaller; each commit after the first changes one of them. */
function largeHistory(): string {
  const write = (n: number, text: string) => fileLines(`d${n % folders}/s${n % 7}/f${n}.txt`, text)
  return Array.from({ length: commits }, (_, commit) => {
    const head = commitLines({ message: `Change ${commit}`, seconds: began + commit })
    if (commit > 0) return head + write(commit, `change ${commit}\n`)
    return head + Array.from({ length: files }, (_, n) => write(n, noise(n))).join('')
  }).join('')
}

/** How many objects of each type are in the clone of a run. */
async function fetched({ git }: PlainRepository): Promise<Record<string, number>> {
  const types = (await git.run(['cat-file', '--batch-all-objects', '--batch-check=%(objecttype)']))
    .trim()
    .split('\n')
  return Object.fromEntries(
    ['commit', 'tree', 'blob', 'tag'].map((type) => [type, types.filter((each) => each === type).length]),
  )
}

async function rollTo(target: string, url = server.url) {
  let used: PlainRepository | undefined
  const wrap = (repository: PlainRepository) => (used = repository)
  const before = server.sent()
  const { receipt } = await roll(
    remote,
    restore(remote, { target, bad: await remote.git('rev-parse', 'main') }),
    { url, ...deployer, wrap },
  )
  if (used === undefined) throw new Error('nothing was opened')
  return { receipt, objects: await fetched(used), bytes: server.sent() - before }
}

test('a restore of twenty commits fetches the newest commits, the folders that differ, and no file', async () => {
  const { receipt, objects, bytes } = await rollTo(history.at(-21) ?? '')
  expect(await remote.git('rev-parse', 'main^{tree}')).toBe(
    await remote.git('rev-parse', `${history.at(-21)}^{tree}`),
  )
  // the rollback and its tag are made here
  expect(objects).toEqual({ commit: 101 + 1, tree: expect.any(Number), blob: 0, tag: 1 })
  // both roots with the folders in them, and twice one folder in each of the twenty that differ
  expect(objects['tree']).toBeLessThanOrEqual(2 + (folders + 20) + 20 * 2)
  const whole = Number((await remote.git('count-objects', '-v')).match(/size-pack: (\d+)/)?.[1]) * 1024
  expect(bytes).toBeLessThan(whole / 20)
  expect(await remote.git('rev-parse', `${receipt?.tag}^{commit}`)).toBe(receipt?.commit)
})

test('a target further back takes more of the commits, and still no file', async () => {
  const { objects } = await rollTo(history[50] ?? '')
  expect(await remote.git('rev-parse', 'main^{tree}')).toBe(
    await remote.git('rev-parse', `${history[50]}^{tree}`),
  )
  expect(objects).toMatchObject({ blob: 0 })
})

test('a server that allows no filters sends more, and the rollback is the same', async () => {
  await remote.git('config', 'uploadpackfilter.allow', 'false')
  const { objects } = await rollTo(history[60] ?? '', remote.path)
  expect(await remote.git('rev-parse', 'main^{tree}')).toBe(
    await remote.git('rev-parse', `${history[60]}^{tree}`),
  )
  expect(objects['blob']).toBeGreaterThan(0)
  await roll(remote, revert(remote, [history[55] ?? ''], undefined, history[90]))
  expect(await remote.git('diff', '--name-only', 'main^', 'main')).toBe('d15/s6/f55.txt')
  await remote.git('config', '--unset', 'uploadpackfilter.allow')
})

test('counting back stops at no commit whose parents were left out', async () => {
  const head = await remote.git('rev-parse', 'main')
  for (const steps of [99, 100]) {
    const planned = await plan(
      remote,
      restore(remote, { target: `HEAD~${steps}`, bad: head, incident: 'another' }),
    )
    expect(planned).toMatchObject({
      undoneCount: steps,
      target: { commit: { sha: await remote.git('rev-parse', `main~${steps}`) } },
    })
  }
})

test('an old side branch that is merged counts with its own commits, and with none of those before it', async () => {
  const before = await remote.git('rev-parse', 'main')
  const onSide = [1, 2, 3].map((n) => {
    const from = n === 1 ? { from: history[20] ?? '' } : {}
    const head = commitLines({ branch: 'side', message: `Side ${n}`, seconds: began + 20 + n, ...from })
    return head + fileLines(`side/${n}.txt`, 'x\n')
  })
  const merge = commitLines({ message: 'Merge', seconds: began + 1_000, from: 'refs/heads/main^0' })
  await remote.import(`${onSide.join('')}${merge}merge refs/heads/side\n${fileLines('side/1.txt', 'x\n')}`)
  const after = await remote.pushOnTop('after.txt')
  const planned = await plan(remote, restore(remote, { target: before, bad: after }))
  const wanted = (await remote.git('rev-list', `${before}..main`)).split('\n')
  expect(wanted).toHaveLength(5)
  expect(planned.undone.map(({ sha }) => sha).sort()).toEqual(wanted.sort())
})
