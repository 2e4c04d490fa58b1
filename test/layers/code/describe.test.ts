import { describe, expect, test } from '@jest/globals'
import type { Commit } from '../../../src/github/commits.ts'
import {
  describePlan,
  describeStanding,
  summarizePlan,
  summarizeStanding,
} from '../../../src/layers/code/describe.ts'
import type { RestorePlan } from '../../../src/layers/code/plan.ts'
import { wordsOf } from '../../../src/layers/code/words.ts'
import type { LayerStanding } from '../../../src/layers/layer.ts'
import { renderMarkdown } from '../../../src/text/markdown.ts'

const sha = (letter: string) => letter.repeat(40)

function commit(letter: string, message: string, author = 'Ada'): Commit {
  const committedAt = new Date('2026-11-24T03:04:05Z')
  return { sha: sha(letter), tree: sha('9'), parents: [], message, author, committedAt }
}

const plan: RestorePlan = {
  mode: 'restore',
  paths: [],
  content: { kind: 'tree', tree: sha('9') },
  branch: 'main',
  head: sha('b'),
  target: {
    commit: commit('a', 'Serve products'),
    foundBy:
      'the newest successful deployment of production before that of bbbbbbb, made 2026-11-24T03:00:00.000Z',
    vouchedBy: undefined,
  },
  undone: [commit('c', 'Raise the price\n\nBy half.', 'Linus'), commit('b', 'Tidy up', 'Grace')],
  undoneCount: 2,
  collateral: [],
  files: [
    { path: 'lib/price.mjs', additions: 1, deletions: 1 },
    { path: 'server.mjs', additions: 1, deletions: 0 },
  ],
  done: undefined,
  since: [],
  takenBackBy: undefined,
  sameContent: false,
  pulls: [],
  warnings: [],
  way: { way: 'direct', because: 'no rule of the branch forbids it' },
  badIsRollback: false,
}

const receipt: LayerStanding = { from: sha('b'), now: sha('d'), tag: 'rollback_20261124_030405' }

const where = { owner: 'octo-org', repo: 'shop' }
const summary = (of: RestorePlan) => renderMarkdown(summarizePlan(of, where))

describe('the plan', () => {
  test('reads in the log as what will happen, and why to there', () => {
    expect(describePlan(plan).join('\n')).toMatchInlineSnapshot(`
"main: bbbbbbb → content of aaaaaaa (the newest successful deployment of production before that of bbbbbbb, made 2026-11-24T03:00:00.000Z)
undoes 2 commits in 2 files (+2 −1 lines):
  ccccccc Raise the price (Linus)
  bbbbbbb Tidy up (Grace)
delivery: direct, because no rule of the branch forbids it"
`)
  })

  test('reads in the summary as a table of what is undone', () => {
    expect(summary(plan)).toMatchInlineSnapshot(`
"### What is undone

- branch \`main\` of \`octo-org/shop\`
- from \`bbbbbbb\` to the content of \`aaaaaaa\`: the newest successful deployment of production before that of bbbbbbb, made 2026-11-24T03:00:00.000Z
- 2 commits in 2 files (+2 −1 lines)

| commit | title | author |
| - | - | - |
| \`ccccccc\` | \`Raise the price\` | \`Linus\` |
| \`bbbbbbb\` | \`Tidy up\` | \`Grace\` |
"
`)
  })

  test('of what was done before is told in the past', () => {
    const done = { ...plan, done: commit('d', 'Roll back'), since: [commit('e', 'Fix it properly', 'Linus')] }
    expect(describePlan(done)[1]).toBe('undid 2 commits in 2 files (+2 −1 lines):')
    expect(summary(done)).toContain('### What was undone')
    expect(summary(done)).toMatch(/Commits since then, which stay[\s\S]*`Fix it properly`/)
  })

  test('of what was taken back says by which commit', () => {
    const again = { ...plan, takenBackBy: commit('e', 'Try it once more') }
    const said =
      'an earlier rollback of this incident was undone by eeeeeee (Try it once more): this run rolls back again'
    expect(describePlan(again)[0]).toBe(said)
    expect(summary(again)).toMatch(/^An earlier rollback of this incident was undone by eeeeeee/)
  })

  test('of many commits lists the newest twenty and counts the others', () => {
    const undone = Array.from({ length: 25 }, (_, n) => commit('c', `Change ${n}`))
    const many = { ...plan, undone, undoneCount: 300 }
    const log = describePlan(many)
    expect(log).toHaveLength(2 + 20 + 1 + 1)
    expect(log[2]).toBe('  … 280 older commits, and')
    expect(log.at(-2)).toContain('Change 24')
    expect(summary(many)).toContain('280 older commits, and the newest 20:')
    expect(summary(many)).not.toContain('`Change 4`')
  })

  test('of one commit in one file has no plural', () => {
    const one = { ...plan, undone: plan.undone.slice(1), undoneCount: 1, files: plan.files.slice(1) }
    expect(describePlan(one)[1]).toBe('undoes 1 commit in 1 file (+1 −0 lines):')
  })

  test('cannot be broken by a title or an author: one row, one cell, nobody mentioned', () => {
    const title = 'a | b `c` @grace <!-- x --> #12 **bold**'
    const nasty = { ...plan, undone: [commit('b', `${title}\nsecond line`, 'E|ve`')], undoneCount: 1 }
    const row = summary(nasty)
      .split('\n')
      .find((line) => line.includes('bold'))
    expect(row).toBe('| `bbbbbbb` | ``a \\| b `c` @grace <!-- x --> #12 **bold**`` | `` E\\|ve` `` |')
  })
})

describe('what was done', () => {
  test('says where the branch is, and what is to be deployed', () => {
    expect(describeStanding(plan, receipt)).toBe(
      `main is at ddddddd, tagged rollback_20261124_030405: deploy ${sha('d')}`,
    )
    expect(renderMarkdown(summarizeStanding(plan, receipt))).toBe(
      '`main` is at `ddddddd`, tagged `rollback_20261124_030405`. This deploys nothing: deploy this revision now.\n',
    )
  })

  test('and deployed by a workflow: asks for no deployment', () => {
    expect(describeStanding(plan, receipt, true)).toBe(
      'main is at ddddddd, tagged rollback_20261124_030405, and is deployed',
    )
    expect(renderMarkdown(summarizeStanding(plan, receipt, true))).toBe(
      '`main` is at `ddddddd`, tagged `rollback_20261124_030405`, and is deployed.\n',
    )
    const reset: RestorePlan = { ...plan, mode: 'reset' }
    expect(describeStanding(reset, receipt, true)).toMatch(
      /is tagged rollback_20261124_030405, and is deployed$/,
    )
    expect(renderMarkdown(summarizeStanding(reset, receipt, true))).toMatch(/That revision is deployed\.\n$/)
  })

  test('by a deployment alone: says whether it succeeded', () => {
    const only: RestorePlan = { ...plan, mode: 'deploy-only' }
    expect(describeStanding(only, receipt, true)).toBe(`main is unchanged: ${sha('d')} is deployed`)
    expect(describeStanding(only, receipt)).toBe(`main is unchanged: ${sha('d')} is not deployed`)
    expect(renderMarkdown(summarizeStanding(only, receipt))).toBe(
      '`main` is unchanged, and `ddddddd` is not deployed.\n',
    )
  })

  test('by a reset: the branch was moved back, and the tag is on its old head', () => {
    const reset: RestorePlan = { ...plan, mode: 'reset' }
    const moved = { ...receipt, now: sha('a') }
    expect(describeStanding(reset, moved)).toBe(
      `main was moved back to aaaaaaa; what it was at, bbbbbbb, is tagged rollback_20261124_030405: deploy ${sha('a')}`,
    )
    const markdown = renderMarkdown(summarizeStanding(reset, moved))
    expect(markdown).toContain('what it was at, `bbbbbbb`, is tagged `rollback_20261124_030405`')
    expect(wordsOf(reset, where).done.headline).toBe('Branch moved back')
  })

  test('before, and the branch has moved on: says so, and asks for no deployment', () => {
    const moved = { ...plan, since: [commit('e', 'Fix it properly'), commit('f', 'And more')] }
    expect(describeStanding(moved, receipt)).toBe(
      'main was rolled back by ddddddd, tagged rollback_20261124_030405 before, and has moved on to fffffff since (2 newer commits): nothing was changed; to roll that back, too, run this for that revision',
    )
    const markdown = renderMarkdown(summarizeStanding(moved, receipt))
    expect(markdown).toContain('has moved on to `fffffff` since: nothing was changed')
    expect(markdown).not.toContain('deploy')
  })

  test('without a tag says why', () => {
    const untagged = {
      from: receipt.from,
      now: receipt.now,
      warnings: ['the rollback has no tag: could not create refs/tags/x: a rule forbids it'],
    }
    expect(describeStanding(plan, untagged)).toBe(`main is at ddddddd: deploy ${sha('d')}`)
    expect(renderMarkdown(summarizeStanding(plan, untagged))).toContain(
      'The rollback has no tag: could not create refs/tags/x: a rule forbids it.',
    )
  })
})
