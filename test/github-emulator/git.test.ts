/** Clone, fetch and push by the real git over HTTP, on the same repository that the API shows. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Example, openExample, shop } from './example.ts'
import { addressFor, cloneOf, git } from './git-client.ts'

let example: Example
let head: string
beforeEach(async () => {
  example = await openExample()
  head = await example.commit({ 'README.md': '# Shop\n' })
})
afterEach(() => example.close())

const readOnly = { permissions: { contents: 'read' } } as const

async function clone(token: string | undefined, path?: string) {
  const directory = await mkdtemp(join(example.directory, 'clone-'))
  return { directory, said: await git(directory, 'clone', addressFor(example, token, path), '.') }
}

describe('a clone', () => {
  test('holds what the repository holds', async () => {
    const { directory, said } = await clone(example.token(readOnly))
    expect(said.code).toBe(0)
    expect((await git(directory, 'rev-parse', 'HEAD')).out).toBe(head)
    expect(await readFile(join(directory, 'README.md'), 'utf8')).toBe('# Shop\n')
  })

  test('comes from the address without .git too, and whatever the case', async () => {
    expect((await clone(example.token(), 'octo-org/shop')).said.code).toBe(0)
    expect((await clone(example.token(), 'Octo-Org/Shop')).said.code).toBe(0)
  })

  test('may be shallow, without blobs, or of one commit by its id', async () => {
    await example.commit({ 'README.md': '# The shop\n' })
    const directory = await mkdtemp(join(example.directory, 'clone-'))
    const address = addressFor(example, example.token())
    const said = await git(directory, 'clone', '--bare', '--depth=1', '--filter=tree:0', address, '.')
    expect(said.code).toBe(0)
    const objects = await git(directory, 'rev-list', '--objects', '--all', '--missing=allow-any', '--count')
    expect(objects.out).toBe('1')
    expect((await git(directory, 'fetch', '--depth=1', address, head)).code).toBe(0)
    expect((await git(directory, 'rev-parse', 'FETCH_HEAD')).out).toBe(head)
  })

  test('of an empty repository is empty', async () => {
    await example.github.createRepository({ owner: 'octo-org', name: 'new' })
    const { said } = await clone(example.token(), 'octo-org/new.git')
    expect(said).toMatchObject({ code: 0, error: expect.stringContaining('cloned an empty repository') })
  })
})

describe('access', () => {
  test('without a token is asked for one', async () => {
    const response = await fetch(
      addressFor(example, undefined, 'octo-org/shop.git/info/refs?service=git-upload-pack'),
    )
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="GitHub"')
    const { said } = await clone(undefined)
    expect(said.code).toBe(128)
    expect(said.error).toMatch(/could not read Username .* terminal prompts disabled/)
  })

  test('with a token that is none is refused', async () => {
    const { said } = await clone('ghs_none')
    expect(said.error).toContain('remote: Invalid username or token.')
    expect(said.error).toContain('fatal: Authentication failed for')
  })

  test('to a repository that is not there ends with its not being found', async () => {
    const { said } = await clone(example.token(), 'octo-org/none.git')
    expect(said.error).toContain('remote: Repository not found.')
    expect(said.error).toMatch(/fatal: repository '.*octo-org\/none.git\/' not found/)
  })

  test('with a token that may not read contents is refused', async () => {
    const { said } = await clone(example.token({ permissions: { issues: 'write' } }))
    expect(said.error).toContain('remote: Write access to repository not granted.')
    expect(said.error).toContain('The requested URL returned error: 403')
  })

  test('with a read-only token does not push', async () => {
    const copy = await cloneOf(example, example.token(readOnly))
    await copy.commit('README.md', 'no')
    const said = await copy.git('push')
    expect(said.code).toBe(128)
    expect(said.error).toContain('remote: Permission to octo-org/shop.git denied to github-actions[bot].')
    expect(said.error).toContain('The requested URL returned error: 403')
    expect((await example.hosted.git.readRef('refs/heads/main'))?.sha).toBe(head)
  })

  test('to an archived repository reads and does not push', async () => {
    const archived = await openExample({ archived: true })
    await archived.commit({ 'README.md': '# Shop\n' })
    const copy = await cloneOf(archived)
    await copy.commit('README.md', 'no')
    expect((await copy.git('push')).error).toContain(
      'remote: This repository was archived so it is read-only.',
    )
    await archived.close()
  })

  test('by the old protocol, which GitHub does not speak, is refused', async () => {
    const response = await example.ask('GET', '/../../octo-org/shop.git/info/refs')
    expect(response.status).toBe(403)
  })
})

describe('a push', () => {
  test('is seen by the API', async () => {
    const { octokit } = example
    const copy = await cloneOf(example)
    await mkdir(join(copy.directory, 'bin'))
    await writeFile(join(copy.directory, 'bin', 'run'), '#!/bin/sh\n')
    await chmod(join(copy.directory, 'bin', 'run'), 0o755)
    await symlink('bin/run', join(copy.directory, 'start'))
    const pushed = await copy.commit('README.md', '# The shop\n', 'Say more\n\nAnd why.')
    await copy.git('tag', '--annotate', 'v1', '--message', 'The first')
    expect((await copy.git('push', 'origin', 'main', 'v1')).code).toBe(0)

    expect((await octokit.rest.git.getRef({ ...shop, ref: 'heads/main' })).data.object.sha).toBe(pushed)
    const { data: commit } = await octokit.rest.git.getCommit({ ...shop, commit_sha: pushed })
    expect(commit).toMatchObject({
      message: 'Say more\n\nAnd why.',
      parents: [{ sha: head }],
      author: { name: 'Ada', email: 'ada@example.com' },
      verification: { verified: false, reason: 'unsigned' },
    })
    const tree = await octokit.rest.git.getTree({ ...shop, tree_sha: 'main', recursive: '1' })
    expect(tree.data.tree.map(({ path, mode, type }) => `${mode} ${type} ${path}`)).toEqual([
      '100644 blob README.md',
      '040000 tree bin',
      '100755 blob bin/run',
      '120000 blob start',
    ])
    const { data: ref } = await octokit.rest.git.getRef({ ...shop, ref: 'tags/v1' })
    expect(ref.object.type).toBe('tag')
    const { data: tag } = await octokit.rest.git.getTag({ ...shop, tag_sha: ref.object.sha })
    expect(tag).toMatchObject({ tag: 'v1', message: 'The first', object: { sha: pushed, type: 'commit' } })
  })

  test('of more than a megabyte, which git sends in chunks, arrives whole', async () => {
    const copy = await cloneOf(example)
    const content = randomBytes(1_500_000).toString('hex')
    await copy.commit('large.txt', content)
    expect((await copy.git('push')).code).toBe(0)
    const entries = await example.hosted.git.readTree('main', { recursive: true })
    expect(entries.find(({ path }) => path === 'large.txt')?.size).toBe(content.length)
  })

  test('on top of a branch that moved meanwhile is refused by git', async () => {
    const copy = await cloneOf(example)
    await copy.commit('README.md', 'mine')
    const theirs = await example.commit({ 'README.md': 'theirs' })
    const said = await copy.git('push')
    expect(said.code).toBe(1)
    expect(said.error).toMatch(/! \[rejected\] +main -> main \(fetch first\)/)
    expect((await example.hosted.git.readRef('refs/heads/main'))?.sha).toBe(theirs)
  })

  test('may rewind a branch that nothing protects, and delete one', async () => {
    const copy = await cloneOf(example)
    await copy.commit('README.md', 'second')
    await copy.git('push', 'origin', 'main', 'main:topic')
    await copy.git('reset', '--hard', head)
    expect((await copy.git('push', '--force')).code).toBe(0)
    expect((await copy.git('push', 'origin', '--delete', 'topic')).code).toBe(0)
    expect((await example.hosted.git.listRefs('refs/')).map(({ name, sha }) => [name, sha])).toEqual([
      ['refs/heads/main', head],
    ])
  })
})

describe('a write by the API', () => {
  test('is fetched by git', async () => {
    const { octokit } = example
    const copy = await cloneOf(example)
    const { data: blob } = await octokit.rest.git.createBlob({ ...shop, content: 'serve()\n' })
    const { data: base } = await octokit.rest.git.getCommit({ ...shop, commit_sha: head })
    const { data: tree } = await octokit.rest.git.createTree({
      ...shop,
      base_tree: base.tree.sha,
      tree: [{ path: 'bin/serve', mode: '100755', type: 'blob', sha: blob.sha }],
    })
    const { data: commit } = await octokit.rest.git.createCommit({
      ...shop,
      message: 'Serve',
      tree: tree.sha,
      parents: [head],
    })
    await octokit.rest.git.updateRef({ ...shop, ref: 'heads/main', sha: commit.sha })
    await octokit.rest.git.createRef({ ...shop, ref: 'refs/tags/good', sha: head })

    expect((await copy.git('pull', '--quiet', '--tags')).code).toBe(0)
    expect((await copy.git('rev-parse', 'HEAD', 'good')).out.split('\n')).toEqual([commit.sha, head])
    expect((await copy.git('ls-tree', '-r', 'HEAD')).out.split('\n')).toEqual([
      expect.stringMatching(/^100644 blob \w+\tREADME.md$/),
      `100755 blob ${blob.sha}\tbin/serve`,
    ])
    expect((await copy.git('show', '--no-patch', '--format=%an <%ae> %s')).out).toBe(
      'github-actions[bot] <github-actions[bot]@users.noreply.github.com> Serve',
    )
    expect((await copy.git('fsck', '--strict', '--no-dangling')).code).toBe(0)
  })
})
