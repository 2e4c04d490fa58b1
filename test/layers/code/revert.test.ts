import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ConflictError, InputError } from '../../../src/errors.ts'
import { type Git, openGit } from '../../../src/layers/code/command.ts'
import { revertTree } from '../../../src/layers/code/revert.ts'
import { carryOut, step } from '../../support/random-history.ts'
import { openWorkRepository, type WorkRepository } from '../../support/work-repository.ts'

let work: WorkRepository
let git: Git
beforeEach(async () => {
  work = await openWorkRepository()
  git = openGit({ gitDir: join(work.directory, '.git'), path: process.env['PATH'] ?? '' })
})
afterEach(() => work.remove())

const lines = (...each: string[]) => `${each.join('\n')}\n`
const revert = (commits: readonly string[], mainline?: number) =>
  work.git('rev-parse', 'HEAD').then((head) => revertTree(git, { head, commits, mainline }))

/** What git itself leaves: the tree of `git revert --no-commit`, undefined when it runs into a conflict. */
async function oracle(commits: readonly string[], mainline?: number): Promise<string | undefined> {
  try {
    await work.git(
      'revert',
      '--no-commit',
      ...(mainline === undefined ? [] : ['-m', String(mainline)]),
      ...commits,
    )
    return await work.git('write-tree')
  } catch {
    return undefined
  } finally {
    await work.git('reset', '--quiet', '--hard')
    await work.git('clean', '--quiet', '-fd')
  }
}

describe('a revert', () => {
  test('undoes the named commit and keeps later work', async () => {
    await work.write('a', lines('1', '2', '3', '4', '5', '6', '7', '8', '9'))
    await work.commit('base')
    await work.write('a', lines('1', 'bad', '3', '4', '5', '6', '7', '8', '9'))
    const bad = await work.commit('bad')
    await work.write('a', lines('1', 'bad', '3', '4', '5', '6', '7', '8', 'later'))
    await work.commit('later')
    const { tree, edits } = await revert([bad])
    expect(await work.git('show', `${tree}:a`)).toBe(
      lines('1', '2', '3', '4', '5', '6', '7', '8', 'later').trimEnd(),
    )
    expect(edits).toEqual([{ path: 'a', mode: '100644', blob: expect.stringMatching(/^[0-9a-f]{40}$/) }])
  })

  test('brings back what was deleted, renamed, made a link or executable, and odd names', async () => {
    await work.write('gone', 'x\n')
    await work.write('dir/old name', lines('a', 'b', 'c', 'd'))
    await work.write('tool', '#!/bin/sh\n')
    await work.write('übung\t"1"\n', 'unicode\n')
    await work.write('was-file', 'file\n')
    const good = await work.commit('good')
    await work.git('rm', '--quiet', 'gone')
    await work.git('mv', 'dir/old name', 'dir/new name')
    await work.executable('tool', true)
    await work.write('übung\t"1"\n', 'changed\n')
    await work.link('was-file', 'tool')
    const bad = await work.commit('bad')
    await work.write('later', 'kept\n')
    await work.commit('later')
    const { tree, edits } = await revert([bad])
    expect(tree).toBe(await oracle([bad]))
    const left = await work.git('diff', '--name-only', good, tree)
    expect(left).toBe('later')
    expect(edits.filter(({ blob }) => blob === null).map(({ path }) => path)).toEqual(['dir/new name'])
  })

  test('of a merge takes a mainline, and says so', async () => {
    await work.write('a', lines('1', '2'))
    await work.commit('base')
    await work.git('switch', '--quiet', '-c', 'side')
    await work.write('b', 'side\n')
    await work.commit('side')
    await work.git('switch', '--quiet', 'main')
    await work.write('c', 'main\n')
    await work.commit('main')
    await work.git('merge', '--quiet', '--no-ff', '--message', 'merge', 'side')
    const merge = await work.git('rev-parse', 'HEAD')
    await expect(revert([merge])).rejects.toThrow(InputError)
    await expect(revert([merge])).rejects.toThrow('`mainline`')
    await expect(revert([merge], 3)).rejects.toThrow('has 2 parents')
    expect((await revert([merge], 1)).tree).toBe(await oracle([merge], 1))
    expect((await revert([merge], 2)).tree).toBe(await oracle([merge], 2))
  })

  test('of a revert brings the work back', async () => {
    await work.write('a', '1\n')
    await work.commit('base')
    await work.write('a', '2\n')
    const change = await work.commit('change')
    await work.git('revert', '--no-edit', change)
    const undo = await work.git('rev-parse', 'HEAD')
    const { tree } = await revert([undo])
    expect(tree).toBe(await work.git('rev-parse', `${change}^{tree}`))
  })

  test('that later work stands in the way of names the files, and makes nothing', async () => {
    await work.write('a', lines('1'))
    await work.write('dir/b', lines('1'))
    await work.commit('base')
    await work.write('a', lines('2'))
    await work.write('dir/b', lines('2'))
    const bad = await work.commit('bad')
    await work.write('a', lines('3'))
    await work.write('dir/b', lines('3'))
    await work.commit('later')
    const error = await revert([bad]).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ConflictError)
    expect(String(error)).toContain('Files in conflict:\n  a\n  dir/b\n')
  })

  test('of the first commit is refused', async () => {
    await work.write('a', '1\n')
    const first = await work.commit('first')
    await expect(revert([first])).rejects.toThrow('the first of its history')
  })
})

/** One thing that somebody does to a file before they commit. */
test('over any history, the tree is the one that git revert leaves, or both see a conflict', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 3, maxLength: 7 }),
      fc.nat(),
      fc.integer({ min: 1, max: 3 }),
      async (history, start, count) => {
        const repository = await openWorkRepository()
        try {
          for (const file of ['a', 'b', 'dir/c'])
            await repository.write(
              file,
              Array.from({ length: 8 }, (_, index) => `${file} ${index}\n`).join(''),
            )
          await repository.commit('base')
          const commits: string[] = []
          for (const steps of history) {
            for (const each of steps) await carryOut(repository, each)
            commits.push(await repository.commit('step'))
          }
          const newestFirst = [...commits].reverse()
          const from = start % newestFirst.length
          const chosen = newestFirst.slice(from, from + count)
          const [previous, previousWork] = [git, work]
          git = openGit({ gitDir: join(repository.directory, '.git'), path: process.env['PATH'] ?? '' })
          work = repository
          try {
            const expected = await oracle(chosen)
            const actual = await revert(chosen).catch((error: unknown) => {
              if (error instanceof ConflictError) return undefined
              throw error
            })
            expect(actual?.tree).toBe(expected)
          } finally {
            ;[git, work] = [previous, previousWork]
          }
        } finally {
          await repository.remove()
        }
      },
    ),
    { numRuns: 30 },
  )
})
