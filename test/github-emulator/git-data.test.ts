/** Refs, commits, trees, blobs and tags by the API: what GitHub takes, and what it says when it does not. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { HostedRepository } from '../support/github/hosted-repository.ts'
import { type Example, openExample, refusal, shop } from './example.ts'

let example: Example
let hosted: HostedRepository
let first: string
let head: string
beforeEach(async () => {
  example = await openExample()
  hosted = example.hosted
  first = await example.commit({ 'README.md': '# Shop\n', 'lib/a.mjs': 'a\n', 'lib/b.mjs': 'b\n' })
  head = await example.commit({ 'README.md': '# The shop\n', 'lib/a.mjs': 'a\n', 'lib/b.mjs': 'b\n' })
})
afterEach(() => example.close())

const missing = 'f'.repeat(40)
const rest = () => example.octokit.rest
const ofBranch = async (branch: string) => (await hosted.git.readRef(`refs/heads/${branch}`))?.sha
const treeOf = async (sha: string) => (await hosted.git.readCommit(sha)).tree

/** A tree as git lists it: mode and path of every file. */
async function files(tree: string): Promise<readonly string[]> {
  const entries = await hosted.git.readTree(tree, { recursive: true })
  return entries.filter(({ type }) => type !== 'tree').map(({ mode, path }) => `${mode} ${path}`)
}

describe('a ref', () => {
  test('moves to a commit on top of it', async () => {
    const { data: commit } = await rest().git.createCommit({
      ...shop,
      message: 'Back',
      tree: await treeOf(first),
      parents: [head],
    })
    const { data } = await rest().git.updateRef({ ...shop, ref: 'heads/main', sha: commit.sha, force: false })
    expect(data).toMatchObject({ ref: 'refs/heads/main', object: { sha: commit.sha, type: 'commit' } })
    expect(await ofBranch('main')).toBe(commit.sha)
  })

  test('does not move when its head is another by now', async () => {
    const git = rest().git
    const onto = { ...shop, message: 'Back', tree: await treeOf(first), parents: [head] }
    const { data: commit } = await git.createCommit(onto)
    const theirs = await example.commit({ 'README.md': 'theirs' })
    const move = { ...shop, ref: 'heads/main', sha: commit.sha }
    expect(await refusal(git.updateRef(move))).toBe('422 Update is not a fast forward')
    expect(await ofBranch('main')).toBe(theirs)
    await git.updateRef({ ...move, force: true })
    expect(await ofBranch('main')).toBe(commit.sha)
  })

  test('waits for a push that holds it at this moment', async () => {
    const git = rest().git
    const onto = { ...shop, message: 'Back', tree: await treeOf(first), parents: [head] }
    const { data: commit } = await git.createCommit(onto)
    const lock = join(hosted.gitDir, 'refs/heads/main.lock')
    await writeFile(lock, '')
    const moved = git.updateRef({ ...shop, ref: 'heads/main', sha: commit.sha })
    await sleep(500)
    await rm(lock)
    await moved
    expect(await ofBranch('main')).toBe(commit.sha)
  })

  test('moved by many at once moves for one of them', async () => {
    const git = rest().git
    const tree = await treeOf(first)
    const commits = await Promise.all(
      ['one', 'two', 'three', 'four'].map(async (message) => {
        return (await git.createCommit({ ...shop, message, tree, parents: [head] })).data.sha
      }),
    )
    const moved = await Promise.allSettled(
      commits.map((sha) => git.updateRef({ ...shop, ref: 'heads/main', sha })),
    )
    expect(moved.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(commits).toContain(await ofBranch('main'))
  })

  test('that is not there is not found, and cannot be moved or deleted', async () => {
    const ref = { ...shop, ref: 'heads/none' }
    expect(await refusal(rest().git.getRef(ref))).toBe('404 Not Found')
    expect(await refusal(rest().git.updateRef({ ...ref, sha: head }))).toBe('422 Reference does not exist')
    expect(await refusal(rest().git.deleteRef(ref))).toBe('422 Reference does not exist')
  })

  test('is made once', async () => {
    const create = () => rest().git.createRef({ ...shop, ref: 'refs/tags/rollback/1', sha: head })
    expect((await create()).data).toMatchObject({ ref: 'refs/tags/rollback/1', object: { sha: head } })
    expect(await refusal(create())).toBe('422 Reference already exists')
  })

  test('made by many at once is made for one of them', async () => {
    const made = await Promise.allSettled(
      [first, head, first, head].map((sha) => rest().git.createRef({ ...shop, ref: 'refs/heads/new', sha })),
    )
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test.each([
    ['refs/heads', '422 Reference name must contain at least three slash-separated components.'],
    ['heads/x/y', '422 heads/x/y is not a valid ref name.'],
    ['refs/heads/a..b', '422 refs/heads/a..b is not a valid ref name.'],
    ['refs/heads/a b', '422 refs/heads/a b is not a valid ref name.'],
    ['refs/heads/main/below', '422 Reference update failed'],
  ])('cannot be called %s', async (ref, said) => {
    expect(await refusal(rest().git.createRef({ ...shop, ref, sha: head }))).toBe(said)
  })

  test('points at what is there, and a branch at a commit', async () => {
    const create = (sha: string) => rest().git.createRef({ ...shop, ref: 'refs/heads/new', sha })
    expect(await refusal(create(missing))).toBe('422 Object does not exist')
    expect(await refusal(create('main'))).toMatch(/^422 The sha parameter must be exactly 40 characters/)
    expect(await refusal(create(await treeOf(head)))).toBe('422 Reference update failed')
    const move = (sha: string) => rest().git.updateRef({ ...shop, ref: 'heads/main', sha, force: true })
    expect(await refusal(move(missing))).toBe('422 Object does not exist')
    expect(await refusal(move(await treeOf(head)))).toBe('422 Reference update failed')
  })

  test('is deleted, unless it is the default branch', async () => {
    await rest().git.createRef({ ...shop, ref: 'refs/heads/topic', sha: head })
    expect((await rest().git.deleteRef({ ...shop, ref: 'heads/topic' })).status).toBe(204)
    expect(await ofBranch('topic')).toBeUndefined()
    const main = rest().git.deleteRef({ ...shop, ref: 'heads/main' })
    expect(await refusal(main)).toBe('422 Cannot delete the default branch')
  })

  test('is listed with those that begin with the same letters', async () => {
    for (const name of ['feature', 'featureB', 'other'])
      await rest().git.createRef({ ...shop, ref: `refs/heads/${name}`, sha: head })
    const list = async (ref: string) =>
      (await rest().git.listMatchingRefs({ ...shop, ref })).data.map((each) => each.ref)
    expect(await list('heads/feature')).toEqual(['refs/heads/feature', 'refs/heads/featureB'])
    expect(await list('tags/')).toEqual([])
  })
})

describe('a commit', () => {
  test('is by the token’s account unless the request says otherwise', async () => {
    const tree = await treeOf(head)
    const { data: own } = await rest().git.createCommit({ ...shop, message: 'Mine', tree, parents: [head] })
    expect(own).toMatchObject({
      author: { name: 'github-actions[bot]', email: 'github-actions[bot]@users.noreply.github.com' },
      parents: [{ sha: head }],
      tree: { sha: tree },
      verification: { verified: true },
    })
    const { data: given } = await rest().git.createCommit({
      ...shop,
      message: 'Hers\n\nWith a body.\n',
      tree,
      author: { name: 'Ada', email: 'ada@example.com', date: '2026-11-24T03:00:00Z' },
    })
    expect(given).toMatchObject({
      author: { name: 'Ada', email: 'ada@example.com', date: '2026-11-24T03:00:00Z' },
      committer: { name: 'Ada' },
      message: 'Hers\n\nWith a body.',
      parents: [],
      verification: { verified: false },
    })
  })

  test('needs its tree and its parents to be there', async () => {
    const tree = await treeOf(head)
    const create = (given: { tree: string; parents: string[] }) =>
      refusal(rest().git.createCommit({ ...shop, message: 'x', ...given }))
    expect(await create({ tree: missing, parents: [] })).toBe('422 Object does not exist')
    expect(await create({ tree: head, parents: [] })).toBe('422 Tree SHA does not exist')
    expect(await create({ tree, parents: [missing] })).toBe('422 Object does not exist')
    expect(await create({ tree, parents: [tree] })).toBe(
      '422 Parent SHA does not exist or is not a commit object',
    )
  })

  test('that is not there is not found', async () => {
    expect(await refusal(rest().git.getCommit({ ...shop, commit_sha: missing }))).toBe('404 Not Found')
    const tree = await treeOf(head)
    expect(await refusal(rest().git.getCommit({ ...shop, commit_sha: tree }))).toBe('404 Not Found')
    expect(await refusal(rest().repos.getCommit({ ...shop, ref: 'none' }))).toBe(
      '422 No commit found for SHA: none',
    )
  })

  test('is found by a branch, a tag, or the beginning of its id', async () => {
    await rest().git.createRef({ ...shop, ref: 'refs/tags/v1', sha: first })
    const found = async (ref: string) => (await rest().repos.getCommit({ ...shop, ref })).data.sha
    expect(await found('main')).toBe(head)
    expect(await found('v1')).toBe(first)
    expect(await found(head.slice(0, 8))).toBe(head)
  })

  test('comes with its files, of which more than 300 come in pages', async () => {
    const many = Object.fromEntries(Array.from({ length: 302 }, (_, index) => [`f/${index}`, `${index}\n`]))
    const sha = await example.commit(many, { branch: 'many', parent: first })
    const { data, headers } = await rest().repos.getCommit({ ...shop, ref: sha })
    expect(data.files).toHaveLength(300)
    expect(headers.link).toContain('rel="next"')
    const second = await rest().repos.getCommit({ ...shop, ref: sha, page: 2 })
    // the 302 that are new, and the three that are gone
    expect(second.data.files).toHaveLength(5)
    expect(data.stats).toEqual({ additions: 302, deletions: 3, total: 305 })
  })

  test('of a branch are listed newest first, in pages that octokit follows', async () => {
    for (const message of ['three', 'four', 'five'])
      await example.commit({ 'README.md': message }, { message })
    const all = await example.octokit.paginate(rest().repos.listCommits, { ...shop, per_page: 2 })
    expect(all.map(({ commit }) => commit.message)).toEqual(['five', 'four', 'three', 'A change', 'A change'])
    const { data, headers } = await rest().repos.listCommits({ ...shop, sha: first, per_page: 1 })
    expect(data.map(({ sha }) => sha)).toEqual([first])
    expect(headers.link).toBeUndefined()
    expect(await refusal(rest().repos.listCommits({ ...shop, sha: 'none' }))).toBe('404 Not Found')
  })
})

describe('pages', () => {
  test('name the next, the last, the first and the one before', async () => {
    for (const title of ['one', 'two', 'three', 'four', 'five'])
      await rest().issues.create({ ...shop, title })
    const { headers } = await rest().issues.listForRepo({ ...shop, state: 'all', per_page: 2, page: 2 })
    const url = `${example.github.apiUrl}/repos/octo-org/shop/issues?state=all&per_page=2`
    expect(headers.link?.split(', ')).toEqual([
      `<${url}&page=1>; rel="prev"`,
      `<${url}&page=1>; rel="first"`,
      `<${url}&page=3>; rel="next"`,
      `<${url}&page=3>; rel="last"`,
    ])
  })

  test('hold no more than a hundred', async () => {
    for (let number = 0; number < 101; number += 1)
      hosted.labels.push({ id: number, name: `label ${number}`, color: 'ededed', description: null })
    const { data } = await rest().issues.listLabelsForRepo({ ...shop, per_page: 1000 })
    expect(data).toHaveLength(100)
    expect((await rest().issues.listLabelsForRepo(shop)).data).toHaveLength(30)
    expect(await example.octokit.paginate(rest().issues.listLabelsForRepo, shop)).toHaveLength(101)
  })
})

describe('a tree', () => {
  type Entries = NonNullable<Parameters<Example['octokit']['rest']['git']['createTree']>[0]>['tree']
  const create = async (tree: Entries, base?: string) =>
    (await rest().git.createTree({ ...shop, tree, ...(base && { base_tree: base }) })).data.sha
  const file = { mode: '100644', type: 'blob' } as const

  test('without a base holds what it is given, nested as deep as the paths say', async () => {
    const sha = await create([
      { ...file, path: 'a/b/c.txt', content: 'c' },
      { path: 'run', mode: '100755', type: 'blob', content: '#!/bin/sh\n' },
      { path: 'link', mode: '120000', type: 'blob', content: 'run' },
      { path: 'vendor', mode: '160000', type: 'commit', sha: missing },
    ])
    expect(await files(sha)).toEqual(['100644 a/b/c.txt', '120000 link', '100755 run', '160000 vendor'])
  })

  test('on a base changes, adds and takes away, and leaves the rest', async () => {
    const sha = await create(
      [
        { ...file, path: 'lib/a.mjs', content: 'changed\n' },
        { ...file, path: 'lib/b.mjs', sha: null },
        { ...file, path: 'lib/c/d.mjs', content: 'd\n' },
      ],
      await treeOf(head),
    )
    expect(await files(sha)).toEqual(['100644 README.md', '100644 lib/a.mjs', '100644 lib/c/d.mjs'])
    expect((await hosted.git.git(['show', `${sha}:lib/a.mjs`])).toString()).toBe('changed\n')
  })

  test('takes a whole folder away, or puts another in its place and changes that', async () => {
    const base = await treeOf(head)
    expect(
      await files(await create([{ path: 'lib', mode: '040000', type: 'tree', sha: null }], base)),
    ).toEqual(['100644 README.md'])
    const folder = await create([{ ...file, path: 'x', content: 'x' }])
    const replaced = await create(
      [
        { ...file, path: 'lib/y', content: 'y' },
        { path: 'lib', mode: '040000', type: 'tree', sha: folder },
      ],
      base,
    )
    expect(await files(replaced)).toEqual(['100644 README.md', '100644 lib/x', '100644 lib/y'])
  })

  test('puts a file where a folder was, and a folder where a file was', async () => {
    const base = await treeOf(head)
    const sha = await create(
      [
        { ...file, path: 'lib', content: 'one file' },
        { ...file, path: 'README.md/first', content: '1' },
      ],
      base,
    )
    expect(await files(sha)).toEqual(['100644 README.md/first', '100644 lib'])
  })

  test('takes a path that git would read as a pattern for what it is', async () => {
    const base = await create([':!other', 'other', 'third'].map((path) => ({ ...file, path, content: path })))
    const sha = await create([{ ...file, path: ':!other', sha: null }], base)
    expect(await files(sha)).toEqual(['100644 other', '100644 third'])
  })

  test('that is the same has the same id', async () => {
    const base = await treeOf(head)
    expect(await create([{ ...file, path: 'lib/a.mjs', content: 'a\n' }], base)).toBe(base)
  })

  test.each<[string, Entries, string]>([
    [
      'a file that is not in the base to be taken away',
      [{ ...file, path: 'none', sha: null }],
      'GitRPC::BadObjectState',
    ],
    ['a blob that is not there', [{ ...file, path: 'x', sha: missing }], 'GitRPC::BadObjectState'],
    [
      'neither content nor an id',
      [{ ...file, path: 'x' }],
      'Must supply either tree.sha or tree.content. Request will be rejected if both are present.',
    ],
    [
      'both content and an id',
      [{ ...file, path: 'x', sha: missing, content: '' }],
      'Must supply either tree.sha or tree.content. Request will be rejected if both are present.',
    ],
    [
      'a path that leads out',
      [{ ...file, path: '../x', content: '' }],
      'tree.path contains a malformed path component',
    ],
    [
      'a path into .git',
      [{ ...file, path: '.git/config', content: '' }],
      'tree.path contains a malformed path component',
    ],
  ])('cannot be made with %s', async (_, tree, said) => {
    const base_tree = await treeOf(head)
    expect(await refusal(rest().git.createTree({ ...shop, base_tree, tree }))).toBe(`422 ${said}`)
  })

  test('cannot be made on a base that is not there', async () => {
    const tree = [{ ...file, path: 'x', content: '' }]
    expect(await refusal(rest().git.createTree({ ...shop, base_tree: missing, tree }))).toBe(
      '422 base_tree is not a valid tree oid',
    )
  })

  test('is read by its own id, a commit, a branch or a tag, flat or with all that is below', async () => {
    const read = async (tree_sha: string) => (await rest().git.getTree({ ...shop, tree_sha })).data
    const tree = await treeOf(head)
    await rest().git.createRef({ ...shop, ref: 'refs/tags/v1', sha: head })
    for (const name of [tree, head, 'main', 'v1']) expect((await read(name)).sha).toBe(tree)
    expect((await read('main')).tree.map(({ path }) => path)).toEqual(['README.md', 'lib'])
    const all = await rest().git.getTree({ ...shop, tree_sha: 'main', recursive: 'true' })
    expect(all.data.tree.map(({ path }) => path)).toEqual(['README.md', 'lib', 'lib/a.mjs', 'lib/b.mjs'])
    expect(all.data.truncated).toBe(false)
    expect(await refusal(rest().git.getTree({ ...shop, tree_sha: missing }))).toBe('404 Not Found')
    expect(await refusal(rest().git.getTree({ ...shop, tree_sha: 'none' }))).toBe('404 Not Found')
  })
})

describe('a blob', () => {
  test('keeps its bytes, as text and as base64', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128])
    const { data: text } = await rest().git.createBlob({ ...shop, content: 'naïve\n' })
    const { data: binary } = await rest().git.createBlob({
      ...shop,
      content: bytes.toString('base64'),
      encoding: 'base64',
    })
    expect((await hosted.git.readBlob(text.sha)).toString('utf8')).toBe('naïve\n')
    const { data } = await rest().git.getBlob({ ...shop, file_sha: binary.sha })
    expect(data).toMatchObject({ encoding: 'base64', size: 5 })
    expect(Buffer.from(data.content, 'base64')).toEqual(bytes)
    expect(await refusal(rest().git.getBlob({ ...shop, file_sha: missing }))).toBe('404 Not Found')
  })
})

describe('an annotated tag', () => {
  test('is an object that a ref is made for', async () => {
    const { data: tag } = await rest().git.createTag({
      ...shop,
      tag: 'rollback/production/1',
      message: 'Rolled back\n\nBecause of 500s.',
      object: head,
      type: 'commit',
    })
    expect(tag).toMatchObject({
      tag: 'rollback/production/1',
      message: 'Rolled back\n\nBecause of 500s.',
      object: { sha: head, type: 'commit' },
      tagger: { name: 'github-actions[bot]' },
      verification: { verified: false },
    })
    const ref = `refs/tags/${tag.tag}`
    expect(await hosted.git.readRef(ref)).toBeUndefined()
    const { data: made } = await rest().git.createRef({ ...shop, ref, sha: tag.sha })
    expect(made.object).toMatchObject({ sha: tag.sha, type: 'tag' })
    expect((await rest().git.getTag({ ...shop, tag_sha: tag.sha })).data.message).toBe(tag.message)
    expect((await rest().repos.getCommit({ ...shop, ref: tag.tag })).data.sha).toBe(head)
  })

  test('needs its object to be what it says', async () => {
    const tag = { ...shop, tag: 'v1', message: '', object: head }
    expect(await refusal(rest().git.createTag({ ...tag, type: 'tree' }))).toBe('422 Validation Failed')
    expect(await refusal(rest().git.createTag({ ...tag, type: 'commit', object: missing }))).toBe(
      '422 Object does not exist',
    )
    expect(await refusal(rest().git.getTag({ ...shop, tag_sha: head }))).toBe('404 Not Found')
  })
})

describe('an empty repository', () => {
  test('says so to every question about its content, and to every write but a first file', async () => {
    const empty = await openExample()
    const { git, repos } = empty.octokit.rest
    const answers = await Promise.all(
      [
        git.getRef({ ...shop, ref: 'heads/main' }),
        git.listMatchingRefs({ ...shop, ref: 'heads/' }),
        git.getTree({ ...shop, tree_sha: 'main' }),
        git.getCommit({ ...shop, commit_sha: head }),
        git.createBlob({ ...shop, content: '' }),
        git.createTree({ ...shop, tree: [{ path: 'x', mode: '100644', type: 'blob', content: '' }] }),
        git.createCommit({ ...shop, message: 'x', tree: missing }),
        git.createRef({ ...shop, ref: 'refs/heads/main', sha: head }),
        repos.listCommits(shop),
        repos.getCommit({ ...shop, ref: 'main' }),
      ].map(refusal),
    )
    expect(new Set(answers)).toEqual(new Set(['409 Git Repository is empty.']))
    expect((await repos.get(shop)).data.default_branch).toBe('main')

    const put = { ...shop, path: 'README.md', message: 'First', content: '' }
    expect((await repos.createOrUpdateFileContents(put)).status).toBe(201)
    expect((await git.getRef({ ...shop, ref: 'heads/main' })).status).toBe(200)
    await empty.close()
  })
})
