/** Files by the contents API: each write names the blob it replaces, which is its compare-and-swap. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Example, openExample, refusal, shop } from './example.ts'

let example: Example
let head: string
beforeEach(async () => {
  example = await openExample()
  head = await example.commit({ 'README.md': '# Shop\n', 'lib/a.mjs': 'a\n', 'lib/sub/b.mjs': 'b\n' })
})
afterEach(() => example.close())

const repos = () => example.octokit.rest.repos
const base64 = (text: string) => Buffer.from(text).toString('base64')
const put = (path: string, text: string, options: { sha?: string; branch?: string } = {}) =>
  repos().createOrUpdateFileContents({
    ...shop,
    path,
    message: `Write ${path}`,
    content: base64(text),
    ...options,
  })
const main = async () => (await example.hosted.git.readRef('refs/heads/main'))?.sha ?? ''

async function read(path: string, ref?: string): Promise<{ sha: string; text: string; size: number }> {
  const { data } = await repos().getContent({ ...shop, path, ...(ref && { ref }) })
  if (Array.isArray(data) || data.type !== 'file') throw new Error(`${path} is no file`)
  return { sha: data.sha, text: Buffer.from(data.content, 'base64').toString('utf8'), size: data.size }
}

describe('a file', () => {
  test('is read from the default branch, or from a branch, a tag or a commit', async () => {
    await example.commit({ 'README.md': '# The shop\n' })
    await example.octokit.rest.git.createRef({ ...shop, ref: 'refs/tags/v1', sha: head })
    expect((await read('README.md')).text).toBe('# The shop\n')
    expect((await read('README.md', 'main')).text).toBe('# The shop\n')
    expect((await read('README.md', 'v1')).text).toBe('# Shop\n')
    expect((await read('lib/sub/b.mjs', head)).text).toBe('b\n')
  })

  test('that is not there is not found, and so is one of a branch that is not', async () => {
    expect(await refusal(read('none.md'))).toBe('404 Not Found')
    expect(await refusal(read('README.md', 'none'))).toBe('404 No commit found for the ref none')
  })

  test('comes as its bytes when the raw media type is asked for', async () => {
    const { data, headers } = await repos().getContent({
      ...shop,
      path: 'README.md',
      mediaType: { format: 'raw' },
    })
    expect(data).toBe('# Shop\n')
    expect(headers['content-type']).toBe('application/vnd.github.raw+json; charset=utf-8')
    const raw = { headers: { accept: 'application/vnd.github.raw+json' } }
    const response = await example.ask('GET', '/repos/octo-org/shop/contents/lib/a.mjs', raw)
    expect(await response.text()).toBe('a\n')
  })

  test('comes in lines of 60 characters of base64', async () => {
    const text = 'x'.repeat(100)
    await put('long.txt', text)
    const { data } = await repos().getContent({ ...shop, path: 'long.txt' })
    const { content } = data as { content: string }
    expect(content.split('\n').map(({ length }) => length)).toEqual([60, 60, 16, 0])
    expect((await read('long.txt')).text).toBe(text)
  })

  test('of more than a megabyte has no content but in raw', async () => {
    const text = 'x'.repeat(1024 * 1024 + 1)
    await put('large.txt', text)
    const { data } = await repos().getContent({ ...shop, path: 'large.txt' })
    expect(data).toMatchObject({ size: text.length, encoding: 'none', content: '' })
    const raw = await repos().getContent({ ...shop, path: 'large.txt', mediaType: { format: 'raw' } })
    expect(raw.data).toHaveLength(text.length)
  })

  test('of a folder is listed, and the folders in it', async () => {
    const { data } = await repos().getContent({ ...shop, path: 'lib' })
    expect(Array.isArray(data) && data.map(({ type, path }) => `${type} ${path}`)).toEqual([
      'file lib/a.mjs',
      'dir lib/sub',
    ])
  })
})

describe('a write', () => {
  test('makes a new file by a commit on the branch', async () => {
    const { status, data } = await put('new.txt', 'new\n')
    expect(status).toBe(201)
    expect(data.content).toMatchObject({ path: 'new.txt', size: 4 })
    expect(data.commit).toMatchObject({
      sha: await main(),
      message: 'Write new.txt',
      parents: [{ sha: head }],
    })
    expect(data.commit.verification?.verified).toBe(true)
    expect(await read('new.txt')).toMatchObject({ text: 'new\n', sha: data.content?.sha })
    expect((await read('README.md')).text).toBe('# Shop\n')
  })

  test('replaces the file whose blob it names', async () => {
    const { sha } = await read('README.md')
    const { status } = await put('README.md', '# The shop\n', { sha })
    expect(status).toBe(200)
    expect((await read('README.md')).text).toBe('# The shop\n')
  })

  test('that names a blob which is not there any more is a conflict', async () => {
    const { sha } = await read('README.md')
    await put('README.md', 'theirs', { sha })
    expect(await refusal(put('README.md', 'mine', { sha }))).toBe(`409 README.md does not match ${sha}`)
    expect((await read('README.md')).text).toBe('theirs')
  })

  test('of a file that is not there passes over the blob that it names', async () => {
    const { sha } = await read('README.md')
    expect((await put('new.txt', 'mine', { sha })).status).toBe(201)
    expect((await read('new.txt')).text).toBe('mine')
  })

  test('that does not say it replaces a file is refused', async () => {
    expect(await refusal(put('README.md', 'mine'))).toBe('422 Invalid request.\n\n"sha" wasn\'t supplied.')
    expect(await main()).toBe(head)
  })

  test('to a branch that is not there is not found', async () => {
    expect(await refusal(put('new.txt', 'x', { branch: 'none' }))).toBe('404 Branch none not found')
  })

  test('of what is not base64 is refused', async () => {
    const content = { ...shop, path: 'new.txt', message: 'x', content: '{"not": "base64"}' }
    expect(await refusal(repos().createOrUpdateFileContents(content))).toBe('422 content is not valid Base64')
  })

  test('by many at once is done by some, and a conflict for the others: nothing is lost', async () => {
    const results = await Promise.allSettled(['1', '2', '3', '4'].map((name) => put(`n/${name}`, name)))
    const done = ['1', '2', '3', '4'].filter((_, index) => results[index]?.status === 'fulfilled')
    const said = results.flatMap((each) =>
      each.status === 'rejected' ? refusal(Promise.reject(each.reason)) : [],
    )
    for (const each of await Promise.all(said)) expect(each).toMatch(/^409 is at \w{40} but expected \w{40}$/)
    expect(done.length).toBeGreaterThan(0)
    const entries = await example.hosted.git.readTree('main', { recursive: true })
    expect(entries.flatMap(({ path }) => (path.startsWith('n/') ? path.slice(2) : []))).toEqual(done)
  })

  test('takes a file away that it names, and no other', async () => {
    const { sha } = await read('lib/a.mjs')
    const remove = (path: string, blob: string) =>
      repos().deleteFile({ ...shop, path, message: 'Remove', sha: blob })
    expect(await refusal(remove('lib/a.mjs', head))).toBe(`409 lib/a.mjs does not match ${head}`)
    expect(await refusal(remove('none.txt', sha))).toBe('404 Not Found')
    const { data } = await remove('lib/a.mjs', sha)
    expect(data.content).toBeNull()
    expect(await refusal(read('lib/a.mjs'))).toBe('404 Not Found')
    expect((await read('lib/sub/b.mjs')).text).toBe('b\n')
  })
})
