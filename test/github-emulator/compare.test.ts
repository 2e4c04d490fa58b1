/** How two revisions stand to each other, with GitHub's limits on how much of it is shown. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Example, openExample, refusal, shop } from './example.ts'

let example: Example
beforeEach(async () => {
  example = await openExample()
})
afterEach(() => example.close())

const compare = async (base: string, head: string, page: { page?: number; per_page?: number } = {}) =>
  (await example.octokit.rest.repos.compareCommits({ ...shop, base, head, ...page })).data

/** So many commits on a branch, one after the other. */
async function chain(
  length: number,
  { branch, parent }: { branch: string; parent: string },
): Promise<string> {
  const { git } = example.hosted
  const { tree, author, committer } = await git.readCommit(parent)
  let stream = ''
  const person = (name: string) => `${name} Ada <ada@example.com> ${author.date.getTime() / 1000} +0000\n`
  for (let number = 1; number <= length; number += 1) {
    const message = `commit ${number}`
    stream += `commit refs/heads/${branch}\n${person('author')}${person('committer')}data ${message.length}\n${message}\n`
    if (number === 1) stream += `from ${parent}\n`
    stream += '\n'
  }
  await git.git(['fast-import', '--quiet'], { input: Buffer.from(stream) })
  const sha = (await git.readRef(`refs/heads/${branch}`))?.sha ?? ''
  const last = await git.readCommit(sha)
  expect([last.tree, last.committer.name]).toEqual([tree, committer.name])
  return sha
}

describe('a comparison', () => {
  test('says ahead, behind, diverged or identical, counted from where they part', async () => {
    const base = await example.commit({ 'a.txt': 'a' })
    const one = await example.commit({ 'a.txt': 'b' })
    const two = await example.commit({ 'a.txt': 'c' })
    const other = await example.commit({ 'a.txt': 'd' }, { branch: 'other', parent: one })
    const stands = async (from: string, to: string) => {
      const { status, ahead_by, behind_by, total_commits, merge_base_commit } = await compare(from, to)
      return [status, ahead_by, behind_by, total_commits, merge_base_commit.sha]
    }
    expect(await stands(base, two)).toEqual(['ahead', 2, 0, 2, base])
    expect(await stands(two, base)).toEqual(['behind', 0, 2, 0, base])
    expect(await stands(two, other)).toEqual(['diverged', 1, 1, 1, one])
    expect(await stands(two, two)).toEqual(['identical', 0, 0, 0, two])
    expect(await stands('main', 'other')).toEqual(['diverged', 1, 1, 1, one])
  })

  test('has the commits of the head, oldest first, and what they change in all', async () => {
    const base = await example.commit({
      'keep.txt': 'k',
      'gone.txt': 'g',
      'old.txt': 'one\ntwo\nthree\n',
      'mod.txt': 'a\n',
    })
    const first = await example.commit({ 'keep.txt': 'k', 'old.txt': 'one\ntwo\nthree\n', 'mod.txt': 'b\n' })
    const second = await example.commit({
      'keep.txt': 'k',
      'dir/new name.txt': 'one\ntwo\nthree\n',
      'mod.txt': 'b\nc\n',
      'añadido.txt': '1\n2\n',
    })
    const { commits, files } = await compare(base, second)
    expect(commits.map(({ sha }) => sha)).toEqual([first, second])
    const changes = (files ?? []).map(
      ({ status, filename, previous_filename: from, additions, deletions }) => {
        return `${status} ${from ?? ''} ${filename} +${additions} -${deletions}`
      },
    )
    expect(changes.sort()).toEqual([
      'added  añadido.txt +2 -0',
      'modified  mod.txt +2 -1',
      'removed  gone.txt +0 -1',
      'renamed old.txt dir/new name.txt +0 -0',
    ])
  })

  test('of more than 250 commits shows the newest 250, and all of them in pages that octokit follows', async () => {
    const base = await example.commit({ 'a.txt': 'a' })
    const head = await chain(255, { branch: 'main', parent: base })
    const { total_commits, commits, ahead_by } = await compare(base, head)
    expect([total_commits, ahead_by, commits.length]).toEqual([255, 255, 250])
    expect(commits[0]?.commit.message).toBe('commit 6')
    expect(commits.at(-1)?.sha).toBe(head)

    const all = await example.octokit.paginate(
      example.octokit.rest.repos.compareCommits,
      { ...shop, base, head, per_page: 100 },
      // Octokit's types take every answer of many pages for a list
      (response) => (response as unknown as { data: Awaited<ReturnType<typeof compare>> }).data.commits,
    )
    expect(all.map(({ commit }) => commit.message)).toEqual(
      Array.from({ length: 255 }, (_, index) => `commit ${index + 1}`),
    )
  })

  test('of more than 300 files shows 300, and on the first page only', async () => {
    const base = await example.commit({ 'a.txt': 'a' })
    const many = Object.fromEntries(Array.from({ length: 301 }, (_, index) => [`f${index}`, 'x']))
    await example.commit({ 'a.txt': 'a', ...many })
    const head = await example.commit({ 'a.txt': 'b', ...many })
    expect((await compare(base, head)).files).toHaveLength(300)
    expect((await compare(base, head, { per_page: 1 })).files).toHaveLength(300)
    const second = await compare(base, head, { per_page: 1, page: 2 })
    expect([second.commits.map(({ sha }) => sha), second.files]).toEqual([[head], []])
  })

  test('of what is not there, or has no history in common, is not found', async () => {
    const base = await example.commit({ 'a.txt': 'a' })
    expect(await refusal(compare(base, 'none'))).toBe('404 Not Found')
    expect(await refusal(compare('f'.repeat(40), base))).toBe('404 Not Found')
    await example.hosted.git.moveRef('refs/heads/orphan', {
      from: '',
      to: await example.hosted.git.writeCommit({
        ...(await example.hosted.git.readCommit(base)),
        message: 'Other root',
      }),
    })
    expect(await refusal(compare('main', 'orphan'))).toMatch(/^404 No common ancestor between \w+ and \w+\.$/)
  })
})
