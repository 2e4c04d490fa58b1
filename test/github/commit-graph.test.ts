import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { openRepository } from '../../src/github/client.ts'
import { type Commit, knownAncestry, knownLine, noteCommits } from '../../src/github/commit-graph.ts'

/** Commits of which each has up to two parents among those before it. */
const history = fc
  .array(fc.tuple(fc.nat(), fc.option(fc.nat(), { freq: 4, nil: undefined })), {
    minLength: 2,
    maxLength: 25,
  })
  .map((all) =>
    all.map(([first, second], n): Commit => {
      const parents = n === 0 ? [] : [first % n, ...(second === undefined ? [] : [second % n])]
      return {
        ...{ sha: String(n), tree: '', message: '', author: '', committedAt: new Date(0) },
        parents: [...new Set(parents)].map(String),
      }
    }),
  )

function ancestorsOf(sha: string, all: readonly Commit[]): ReadonlySet<string> {
  const found = new Set([sha])
  for (const each of all.toReversed())
    if (found.has(each.sha)) for (const parent of each.parents) found.add(parent)
  return found
}

const open = () =>
  openRepository({
    token: 't',
    owner: 'o',
    repo: 'r',
    apiUrl: 'http://127.0.0.1',
    userAgent: '',
    log: () => {},
  })

test('what is known of a history, of which a part was read, is so in all of it', () => {
  fc.assert(
    fc.property(history, fc.infiniteStream(fc.boolean()), fc.nat(), fc.nat(), (all, isRead, a, b) => {
      const repository = open()
      noteCommits(
        repository,
        all.filter(() => isRead.next().value),
      )
      const [older, newer] = [String(a % all.length), String(b % all.length)]
      const known = knownAncestry(repository, { older, newer })
      if (known !== undefined) expect(known).toBe(ancestorsOf(newer, all).has(older))
      const line = knownLine(repository, { base: older, head: newer })
      if (line === undefined) return
      const base = ancestorsOf(older, all)
      const range = all.filter(({ sha }) => ancestorsOf(newer, all).has(sha) && !base.has(sha))
      expect(line.map(({ sha }) => sha)).toEqual(range.map(({ sha }) => sha))
    }),
    { numRuns: 500 },
  )
})

test('of a history that was read as a whole everything is known', () => {
  fc.assert(
    fc.property(history, fc.nat(), fc.nat(), (all, a, b) => {
      const repository = open()
      noteCommits(repository, all)
      const [older, newer] = [String(a % all.length), String(b % all.length)]
      expect(knownAncestry(repository, { older, newer })).toBe(ancestorsOf(newer, all).has(older))
    }),
  )
})
