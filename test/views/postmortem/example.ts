import { type Event, type EventDraft, type EventOf, newEvent } from '../../../src/history/event.ts'
import { gatherFacts, type IncidentFacts } from '../../../src/views/postmortem/incident-facts.ts'

/** The revisions of the example: the failed one, the good one, and the rollback. */
export const [bad, good, rollback] = ['b', 'a', 'd'].map((letter) => letter.repeat(40)) as [
  string,
  string,
  string,
]

export const incident = `production-${bad.slice(0, 12)}`

const about = { incident, environment: 'production', revision: bad, actor: 'grace' }
const run = { id: '7', attempt: 1, url: 'https://github.com/octo-org/shop/actions/runs/7' }

type About<K extends Event['kind']> = Partial<Omit<EventOf<K>, 'kind' | 'id' | 'schema'>>

export function healthChecked(changes: About<'health-checked'> = {}): Event {
  return event({
    kind: 'health-checked',
    ...about,
    run,
    at: '2026-11-24T03:10:11.168Z',
    startedAt: '2026-11-24T03:10:10.000Z',
    verdict: 'unhealthy',
    decision: 'roll-back',
    reasonCode: 'critical-check',
    because: 'a critical check is beyond its limit: homepage',
    checks: [
      {
        name: 'homepage',
        severity: 'critical',
        state: 'breached',
        evidence: '100 %, limit 5 %',
        value: 1,
      },
      { name: 'latency', severity: 'medium', state: 'ok', evidence: '120 ms, limit 5 s' },
    ],
    ...changes,
  })
}

/** As the code layer writes it, for the example. */
export const wayBack = {
  steps: [
    'Merging the same branch again does nothing, because its commits are in the history already. Revert the rollback on a branch, fix the fault there, and open a pull request:',
    'Or run git-rollback with the target "reapply": it opens a draft pull request that does the same.',
    'The rollback undid all that came after aaaaaaa up to bbbbbbb; reverting the rollback restores all of that, including the fault.',
  ],
  commands: ['git fetch origin', 'git switch -c reapply-ddddddd origin/main', `git revert ${'d'.repeat(40)}`],
}

export function rolledBack(changes: About<'rollback-applied'> = {}): Event {
  return event({
    kind: 'rollback-applied',
    ...about,
    run,
    at: '2026-11-24T03:13:31.000Z',
    startedAt: '2026-11-24T03:13:29.000Z',
    layer: 'code',
    from: bad,
    to: good,
    now: rollback,
    tag: 'rollback_20261124_031330',
    branch: 'main',
    deploys: [rollback, good],
    reason: 'the homepage answers 500',
    targetFoundBy: 'the newest successful deployment of production before that of bbbbbbb',
    automatic: true,
    undone: [
      { revision: 'c'.repeat(40), title: 'Raise the price', author: 'Linus' },
      { revision: bad, title: 'Tidy up', author: 'Grace' },
    ],
    wayBack,
    ...changes,
  })
}

export function began(changes: About<'rollback-began'> = {}): Event {
  return event({
    kind: 'rollback-began',
    ...about,
    run,
    at: '2026-11-24T03:13:10.000Z',
    startedAt: '2026-11-24T03:13:00.000Z',
    layers: [{ layer: 'code', from: bad, to: good }],
    reason: 'the homepage answers 500',
    automatic: true,
    ...changes,
  })
}

export function ended(changes: About<'rollback-ended'> = {}): Event {
  return event({
    kind: 'rollback-ended',
    ...about,
    run,
    at: '2026-11-24T03:18:00.000Z',
    outcome: 'complete',
    layers: [
      { layer: 'code', outcome: 'rolled-back' },
      { layer: 'database', outcome: 'rolled-back' },
    ],
    phases: { plan: 3_000, database: 2_000, code: 4_000, deploy: 60_000 },
    ...changes,
  })
}

export function rollbackFailed(changes: About<'rollback-failed'> = {}): Event {
  return event({
    kind: 'rollback-failed',
    ...about,
    at: '2026-11-24T03:13:31.000Z',
    layer: 'code',
    from: bad,
    to: good,
    reasonCode: 'refused',
    because: 'could not move main: a rule of the branch forbids it',
    ...changes,
  })
}

export function recoveryVerified(changes: About<'recovery-verified'> = {}): Event {
  return event({
    kind: 'recovery-verified',
    ...about,
    at: '2026-11-24T03:15:00.000Z',
    startedAt: '2026-11-24T03:14:30.000Z',
    outcome: 'not-recovered',
    because: 'it is not up after 3 tries',
    ...changes,
  })
}

export function undone(changes: About<'rollback-undone'> = {}): Event {
  return event({
    kind: 'rollback-undone',
    ...about,
    at: '2026-11-24T04:00:00.000Z',
    layer: 'code',
    from: rollback,
    now: 'f'.repeat(40),
    because: 'it was the cache',
    ...changes,
  })
}

export function opened(issue: number, changes: About<'postmortem-opened'> = {}): Event {
  const url = `https://github.com/octo-org/shop/issues/${issue}`
  return event({
    kind: 'postmortem-opened',
    ...about,
    at: '2026-11-24T03:14:00.000Z',
    issue,
    url,
    ...changes,
  })
}

export function event(draft: EventDraft): Event {
  return newEvent(draft, [JSON.stringify(draft)])
}

/** @throws Error when the events are of no incident */
export function factsOf(events: readonly Event[]): IncidentFacts {
  const facts = gatherFacts(events, incident)
  if (facts === undefined) throw new Error('these events are of no incident')
  return facts
}
