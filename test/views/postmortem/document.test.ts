import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { clockOf, measuresOf } from '../../../src/views/postmortem/clock.ts'
import { writeFactsSection } from '../../../src/views/postmortem/document.ts'
import { noEvidence } from '../../../src/views/postmortem/evidence.ts'
import { gatherFacts } from '../../../src/views/postmortem/incident-facts.ts'
import { writePeopleSection } from '../../../src/views/postmortem/people.ts'
import { writeTitle } from '../../../src/views/postmortem/title.ts'
import {
  bad,
  ended,
  factsOf,
  good,
  healthChecked,
  incident,
  opened,
  recoveryVerified,
  rollback,
  rollbackFailed,
  rolledBack,
  undone,
} from './example.ts'

const links = { repositoryUrl: 'https://github.com/octo-org/shop' }
const write = (...events: Parameters<typeof factsOf>[0]) => writeFactsSection(factsOf(events), links)

describe('the post-mortem', () => {
  test('of a rollback tells it from the first check to the way back', () => {
    expect(write(healthChecked(), rolledBack(), opened(5))).toMatchInlineSnapshot(`
"## Summary

\`production\` had an incident with \`bbbbbbb\`. \`homepage\` detected it. Rolled back: code. No recovery was verified.

| | |
| - | - |
| Environment | \`production\` |
| Status | **rolled back** |
| Severity | **critical**, by the failing checks |
| Failed revision | [\`bbbbbbb\`](https://github.com/octo-org/shop/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb) |
| Restored | [\`aaaaaaa\`](https://github.com/octo-org/shop/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa): the newest successful deployment of production before that of bbbbbbb |
| Detected | 2026-11-24 03:10:11 UTC: a critical check is beyond its limit: homepage |
| Reason given | the homepage answers 500 |

<!-- root cause: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb -->

## How long it took

| measure | time | from | to |
| - | - | - | - |
| Time to roll back | **3 min 20 s** | the detection | the rollback of the last layer |

GitHub has no deployment of this revision that could be read, so nothing is counted from it.

## Impact

| on | what is known |
| - | - |
| users | Failing since 2026-11-24 03:10:11 UTC; no recovery was verified. |
| business | Not measured. The questions below ask for it. |
| systems | Environment \`production\`. Beyond the limit: \`homepage\`. Within the limit: \`latency\`. Rolled back: code. |

## Timeline

| time (UTC) | T+ | what happened | by |
| - | - | - | - |
| 2026-11-24 03:10:11 | 0 | health gate: **unhealthy**, a critical check is beyond its limit: homepage | [\`health-gate\`](https://github.com/octo-org/shop/actions/runs/7) |
| 2026-11-24 03:13:31 | +3 min 20 s | code rolled back: \`bbbbbbb\` → \`aaaaaaa\`, now at \`ddddddd\`, tag \`rollback_20261124_031330\` | [\`rollback (automatic)\`](https://github.com/octo-org/shop/actions/runs/7) |
| 2026-11-24 03:14:00 | +3 min 49 s | this post-mortem was opened | \`postmortem-issue\` |

## Check results

| check | severity | state | evidence |
| - | - | - | - |
| \`homepage\` | critical | breached | 100 %, limit 5 % |
| \`latency\` | medium | ok | 120 ms, limit 5 s |

## Decision log

| time (UTC) | decision | why |
| - | - | - |
| 2026-11-24 03:10:11 | health gate: **unhealthy**, roll back | a critical check is beyond its limit: homepage |

## Rollback analysis

| layer | from | to | method | outcome | duration | safety copy | problems |
| - | - | - | - | - | - | - | - |
| code | \`bbbbbbb\` | \`aaaaaaa\` | rollback commit | **rolled back** | not known | none | none |

## What was undone

| commit | title | author |
| - | - | - |
| [\`ccccccc\`](https://github.com/octo-org/shop/commit/cccccccccccccccccccccccccccccccccccccccc) | \`Raise the price\` | \`Linus\` |
| [\`bbbbbbb\`](https://github.com/octo-org/shop/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb) | \`Tidy up\` | \`Grace\` |

## Restore the undone work

Merging the same branch again does nothing, because its commits are in the history already. Revert the rollback on a branch, fix the fault there, and open a pull request:

\`\`\`sh
git fetch origin
git switch -c reapply-ddddddd origin/main
git revert dddddddddddddddddddddddddddddddddddddddd
\`\`\`

Or run git-rollback with the target "reapply": it opens a draft pull request that does the same.

The rollback undid all that came after aaaaaaa up to bbbbbbb; reverting the rollback restores all of that, including the fault.
"
`)
  })

  test('asks people what only people know', () => {
    expect(writePeopleSection(factsOf([healthChecked(), rolledBack()]))).toMatchInlineSnapshot(`
"## Impact in words

### Users

Who noticed what, for how long? Numbers if there are any.

### Business

What did it cost: orders, revenue, support requests, promises to customers?

### Systems

Which other systems and teams were affected? Is any data wrong or lost?

## Root causes and trigger

What made this possible, and what set it off? There is rarely only one cause.

## Lessons

### What went well

- A check detected it. Would it have noticed a smaller fault, too?
- The rollback started automatically. Was everyone notified who needed to know?
- What worked as it should?

### What went wrong

- Why did latency not notice it?
- What took longer than it should have?

### Where we were lucky

- It happened at 03:10 UTC. What if it had been your busiest hour?
- What could have made it worse?

## Action items

One line each, with kind (prevent, mitigate or process), owner and due date in parentheses at the end. To create a sub-issue for each, run postmortem-issue with the operation sub-issues.

- [ ] Add a test that fails with this fault (kind: prevent, owner: ?, due: 2026-12-01)
- [ ] Verify that production is healthy (kind: mitigate, owner: ?, due: 2026-12-01)
- [ ] Bring the undone work back, without the fault (kind: process, owner: ?, due: 2026-12-01)

## Prevention

Short term: what keeps this fault from coming back this week?

Long term: what keeps this kind of fault from reaching production?

## Process

What worked in the response? What needs to improve? What do you recommend?

## Follow-ups

What is left to find out, to tell customers, or to clean up?

## Sign-off

Who reviewed this, and when?
"
`)
  })

  test('of a rollback that was refused says why, and offers no way back', () => {
    const text = write(healthChecked(), rollbackFailed())
    expect(text).toContain(
      '| Why it was not rolled back | could not move main: a rule of the branch forbids it |',
    )
    expect(text).toContain('code not rolled back (refused): could not move main')
    expect(text).toContain('**rollback failed**')
    expect(text).not.toContain('Restore the undone work')
  })

  test('of a rollback that was refused first and done later is that of a rollback', () => {
    const text = write(healthChecked(), rollbackFailed({ at: '2026-11-24T03:11:00.000Z' }), rolledBack())
    expect(text).toContain('**rolled back**')
    expect(text).not.toContain('Why it was not rolled back')
  })

  test('of a rollback by hand, which no check asked for, says nothing of a detection', () => {
    const text = write(rolledBack({ automatic: false }))
    expect(text).not.toContain('Detected')
    expect(text).not.toContain('Time to')
    expect(text).not.toContain('Check results')
  })

  test('of a rollback that was taken back says so, and not how its work comes back', () => {
    const text = write(healthChecked(), rolledBack(), undone())
    expect(text).toContain('**rollback undone**')
    expect(text).not.toContain('Restore the undone work')
    expect(writeTitle(factsOf([rolledBack(), undone()]))).toContain('whose rollback was undone')
    const again = rolledBack({ now: 'e'.repeat(40), at: '2026-11-24T05:00:00.000Z' })
    expect(write(rolledBack(), undone(), again)).toContain('**rolled back**')
  })

  test('of a reset merges what the branch was at; of a deployment alone there is nothing to bring back', () => {
    const reset = { steps: ['Merge what it was at:'], commands: [`git merge ${bad}`] }
    const text = write(rolledBack({ now: good, kept: { reset: 'main' }, wayBack: reset }))
    expect(text).toContain(`git merge ${bad}`)
    expect(text).not.toContain('git revert')
    expect(write(rolledBack({ now: good, wayBack: undefined }))).not.toContain('Restore the undone work')
  })

  test.each([
    ['not-deployed', ', and is not deployed'],
    ['not-verified', ', and is not verified'],
  ] as const)(
    'says in title and status that a rollback ended %s, until production is seen well',
    (outcome, said) => {
      const events = [
        healthChecked(),
        rolledBack(),
        recoveryVerified({ outcome: 'unknown' }),
        ended({ outcome }),
      ]
      expect(writeTitle(factsOf(events))).toMatch(new RegExp(`rolled back from bbbbbbb to aaaaaaa${said}$`))
      expect(write(...events)).toContain(`| Status | **rolled back${said}** |`)
      const well = [...events, recoveryVerified({ outcome: 'recovered', at: '2026-11-24T03:25:00.000Z' })]
      expect(writeTitle(factsOf(well))).toMatch(/to aaaaaaa$/)
      expect(write(...well)).not.toContain(said)
    },
  )

  test('says first that production is still failing after a rollback, until a later look finds it recovered', () => {
    const failing = [healthChecked(), rolledBack(), recoveryVerified()]
    expect(writeTitle(factsOf(failing))).toMatch(/rolled back from bbbbbbb to aaaaaaa, and is still failing$/)
    expect(write(...failing)).toContain('| Production | **not-recovered**: it is not up after 3 tries |')
    const recovered = [
      ...failing,
      recoveryVerified({ outcome: 'recovered', because: 'it is up', at: '2026-11-24T03:25:00.000Z' }),
    ]
    expect(writeTitle(factsOf(recovered))).toMatch(/rolled back from bbbbbbb to aaaaaaa$/)
    expect(write(...recovered)).toContain('| Production | **recovered**: it is up |')
  })

  test('lists the migrations that were undone beside the commits, though they are of one of them', () => {
    const text = write(
      rolledBack({
        layer: 'database',
        from: '2_amount',
        to: '1_products',
        now: '1_products',
        undone: [{ revision: bad, title: '2_amount', author: '' }],
        wayBack: undefined,
        deploys: undefined,
      }),
      rolledBack(),
    )
    const section = text.slice(text.indexOf('## What was undone'))
    expect(section).toMatch(/\| `2_amount` \| \[`bbbbbbb`\]/)
    expect(section).toMatch(/`Raise the price`[\s\S]*`Tidy up`/)
  })

  test('prints the way back of every layer as its receipt has it, and no commands where it has none', () => {
    const database = { steps: ['The database that was replaced is kept as shop_old.'], commands: [] }
    const text = write(
      rolledBack(),
      rolledBack({
        layer: 'database',
        from: 'shop',
        to: 'b1',
        now: 'b1',
        wayBack: database,
        deploys: undefined,
      }),
    )
    expect(text.match(/## Restore the undone work/g)).toHaveLength(1)
    expect(text).toContain(`git revert ${rollback}`)
    expect(text).toContain('The database that was replaced is kept as shop_old.')
    expect(text.match(/```sh/g)).toHaveLength(1)
  })

  test('of an older history, whose events have no way back, still says where things stand', () => {
    const text = write(healthChecked(), rolledBack({ wayBack: undefined }))
    expect(text).toMatch(
      /Restore the undone work\n\ncode went from `bbbbbbb` to `aaaaaaa`, and was at `ddddddd` then/,
    )
    expect(text).not.toContain('```sh')
  })

  test('of another layer than the code names what was gone back to in full, and links no commit for it', () => {
    const ota = rolledBack({
      layer: 'ota',
      deploys: undefined,
      from: 'Shop-ios/Production v2',
      to: 'Shop-ios/Production v1',
      now: 'Shop-ios/Production v3',
      undone: [],
    })
    const events = [healthChecked(), ota]
    expect(write(...events)).toContain('| Restored | `Shop-ios/Production v1`: ')
    expect(write(...events)).toContain(
      'ota rolled back: `Shop-ios/Production v2` → `Shop-ios/Production v1`, now at `Shop-ios/Production v3`',
    )
    expect(writeTitle(factsOf(events))).toBe(
      'Post-mortem: production at bbbbbbb, Shop-ios/Production v2 rolled back to Shop-ios/Production v1',
    )
    // the code's rollback is what the title is of, whichever layer was last
    expect(writeTitle(factsOf([...events.slice(0, 1), rolledBack(), ota]))).toBe(
      'Post-mortem: production rolled back from bbbbbbb to aaaaaaa',
    )
  })

  test('is the same text for the same facts', () => {
    const events = [healthChecked(), rolledBack(), opened(5)]
    expect(write(...events)).toBe(write(...events))
  })

  test('lets Four Keys join it with its deployment, by its own pattern, and does not tell people what is not known', () => {
    const text = write(healthChecked(), rolledBack())
    expect(/root cause: ([0-9A-Za-z]*)/.exec(text)?.[1]).toBe(bad)
    expect(text.replace(/<!--.*?-->/gs, '')).not.toMatch(/root cause/i)
  })

  test('tells once what was undone twice, and the newest twenty of many', () => {
    const undone = Array.from({ length: 25 }, (_, n) => ({
      revision: String(n).padStart(40, '0'),
      title: `Change ${n}`,
      author: 'Ada',
    }))
    const text = write(rolledBack({ undone }), rolledBack({ undone, at: '2026-11-24T04:00:00.000Z' }))
    expect(text.match(/`Change \d+`/g)).toHaveLength(20)
    expect(text).toContain('`Change 24`')
    expect(text).toContain('… and 5 more.')
  })

  test('tells the newest hundred events, and that there are more', () => {
    const events = Array.from({ length: 120 }, (_, n) =>
      healthChecked({ at: new Date(Date.UTC(2026, 10, 24, 3, n)).toISOString(), because: `look ${n}` }),
    )
    const text = write(...events)
    expect(text).toContain('Earlier events that are only in the history: 20.')
    expect(text.match(/health gate: \*\*unhealthy\*\*, look \d+ \|/g)).toHaveLength(100)
    expect(text).toContain('look 119 |')
  })
})

describe('its title', () => {
  test.each([
    [
      'of a rollback',
      [healthChecked(), rolledBack()],
      'Post-mortem: production rolled back from bbbbbbb to aaaaaaa',
    ],
    [
      'of a failed one',
      [healthChecked(), rollbackFailed()],
      'Post-mortem: production is unhealthy at bbbbbbb and could not be rolled back',
    ],
    ['of none', [healthChecked()], 'Post-mortem: production is unhealthy at bbbbbbb'],
  ])('%s says how things stand', (_, events, title) => {
    expect(writeTitle(factsOf(events))).toBe(title)
  })

  test('has room for the longest name of an environment, on one line', () => {
    const environment = `${'x'.repeat(120)}\n${'y'.repeat(134)}`
    const title = writeTitle({ ...factsOf([healthChecked()]), environment })
    expect(title.length).toBeLessThanOrEqual(256)
    expect(title).not.toContain('\n')
  })
})

describe('text from outside', () => {
  const hostile = [
    'a | b',
    '`code` and ``more``',
    '@grace and @octo-org/all',
    '#12 and octo-org/shop#7',
    '<!-- rollback-suite: yours from here -->',
    `\n<!-- rollback-suite: yours from here -->\n`,
    `\n<!-- rollback-incident: ${incident} -->\n`,
    '--> <img src=x>',
    '## heading',
    '\n## heading\n',
    '[a](javascript:1)',
    '</table>',
    '```\nend',
    '\\',
    '**bold**',
    '\u2028',
  ]
  const nasty = fc
    .array(fc.oneof(fc.constantFrom(...hostile), fc.string()), { maxLength: 5 })
    .map((parts) => parts.join(''))

  const innocent = write(
    healthChecked({ because: 'x', checks: [{ name: 'x', severity: 'x', state: 'breached', evidence: 'x' }] }),
    rolledBack({ reason: 'x', targetFoundBy: 'x', undone: [{ revision: bad, title: 'x', author: 'x' }] }),
    rollbackFailed({ because: 'x' }),
  )
  /** What a line is, whatever it says: a heading, a row of so many cells, a marker. */
  const shapes = (text: string) =>
    text.split('\n').map((line) => {
      if (line.startsWith('|')) return `row of ${line.replace(/\\./g, '').match(/\|/g)?.length}`
      return /^(#+ |<!--|```|- )/.exec(line)?.[0] ?? ''
    })

  test('makes no line, no cell, no mention and no marker of its own, wherever it stands', () => {
    fc.assert(
      fc.property(nasty, (value) => {
        const text = write(
          healthChecked({
            because: value,
            checks: [{ name: value, severity: value, state: 'breached', evidence: value }],
          }),
          rolledBack({
            reason: value,
            targetFoundBy: value,
            undone: [{ revision: bad, title: value, author: value }],
          }),
          rollbackFailed({ because: value }),
        )
        expect(shapes(text)).toEqual(shapes(innocent))
        expect(text).not.toMatch(/^<!-- rollback/m)
        // in a code span GitHub makes nothing of either
        const prose = text.replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '')
        expect(prose).not.toMatch(/@\w|#\d/)
        expect(prose).not.toMatch(/(?<!\\)<(?!!-- root cause)[a-z!/]/i)
      }),
      { numRuns: 300 },
    )
  })
})

const msOf = (facts: ReturnType<typeof factsOf>, name: string) =>
  measuresOf(clockOf(facts, noEvidence)).find((each) => each.name === name)?.ms

describe('what is known of an incident', () => {
  test('is nothing when nothing failed and nothing was rolled back', () => {
    const healthy = healthChecked({ verdict: 'healthy', decision: 'keep' })
    expect(gatherFacts([healthy], incident)).toBeUndefined()
    expect(gatherFacts([], incident)).toBeUndefined()
    expect(gatherFacts([healthChecked()], 'another')).toBeUndefined()
  })

  test('is of its own events alone', () => {
    const other = rolledBack({ incident: 'staging-abc', environment: 'staging' })
    expect(factsOf([healthChecked(), other])).toMatchObject({ rollbacks: [], status: 'unhealthy' })
  })

  test('counts from the first check that failed to the last rollback', () => {
    const late = healthChecked({ at: '2026-11-24T03:20:00.000Z' })
    const flag = rolledBack({
      layer: 'flags',
      deploys: undefined,
      at: '2026-11-24T03:15:11.168Z',
      from: 'on',
      to: 'off',
      now: 'off',
    })
    const facts = factsOf([healthChecked(), rolledBack(), flag, late])
    expect(msOf(facts, 'Time to roll back')).toBe(5 * 60_000)
  })

  test('says no negative time when a person was faster than the check', () => {
    const facts = factsOf([rolledBack({ at: '2026-11-24T03:00:00.000Z' }), healthChecked()])
    expect(msOf(facts, 'Time to roll back')).toBe(0)
    expect([facts.environment, facts.revision]).toEqual(['production', bad])
    expect([good, rollback]).toEqual([facts.rollbacks[0]?.to, facts.rollbacks[0]?.now])
  })
})
