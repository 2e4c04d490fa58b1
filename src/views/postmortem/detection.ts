import type { PhrasingContent, RootContent } from 'mdast'
import type { CheckOutcome } from '../../history/check-outcome.ts'
import type { Event } from '../../history/event.ts'
import { count } from '../../text/count.ts'
import { sayDuration } from '../../text/duration.ts'
import { code, codeBlock, heading, paragraph, strong, table, text } from '../../text/markdown.ts'
import { shortRevision } from '../../text/revision.ts'
import { drawSeries } from '../../text/xychart.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { utc } from './links.ts'

const listedChecks = 50

/** What the checks showed when one of them called it, with the chart of those that did. */
export function checks({ detection }: IncidentFacts): readonly RootContent[] {
  if (detection === undefined) return []
  // those that are well are left out first
  const sorted = detection.checks.toSorted((a, b) => Number(a.state === 'ok') - Number(b.state === 'ok'))
  const more = sorted.length - listedChecks
  return [
    heading(2, 'Check results'),
    ...sorted.flatMap((check) => chartOf(check, Date.parse(detection.at))),
    table(
      ['check', 'severity', 'state', 'evidence'],
      sorted
        .slice(0, listedChecks)
        .map(({ name, severity, state, evidence }) => [code(name), text(severity), state, text(evidence)]),
    ),
    ...(more > 0 ? [paragraph(`… and ${more} more.`)] : []),
  ]
}

function chartOf(
  { name, state, unit, limit, samples }: CheckOutcome,
  endedAt: number,
): readonly RootContent[] {
  if (state !== 'breached' || unit === undefined || samples === undefined) return []
  const points = samples.map(({ at, value }) => ({ at: Date.parse(at), value }))
  const drawn = drawSeries({ name, unit, limit: limit ?? {}, points, endedAt })
  return drawn === undefined ? [] : [codeBlock(drawn, 'mermaid')]
}

interface Decision {
  /** ms since the epoch */
  readonly at: number
  readonly what: readonly PhrasingContent[]
  readonly why: string
}

const listedDecisions = 40

/** Why not sooner: what each round of the gate came to, and what guards and people decided. */
export function decisionLog({ detection, events }: IncidentFacts): readonly RootContent[] {
  const rounds = (detection?.checks ?? []).flatMap(decisionsOfRounds)
  const all = [...rounds, ...events.flatMap(decisionOf)].toSorted((a, b) => a.at - b.at)
  if (all.length === 0) return []
  const more = all.length - listedDecisions
  return [
    heading(2, 'Decision log'),
    ...(more > 0 ? [paragraph(`Earlier decisions that are not listed: ${more}.`)] : []),
    table(
      ['time (UTC)', 'decision', 'why'],
      all.slice(-listedDecisions).map(({ at, what, why }) => [utc(at), what, text(why)]),
    ),
  ]
}

/** Rounds of the same state in a row are one line. */
function decisionsOfRounds({
  name,
  samples = [],
  forMs = 0,
  limit,
  failingSince,
}: CheckOutcome): readonly Decision[] {
  const since = failingSince === undefined ? Number.POSITIVE_INFINITY : Date.parse(failingSince)
  const said = samples.map(({ at, state }) => {
    const time = Date.parse(at)
    return { time, why: whyOfRound({ state, forMs, since, limit: limit?.text, time }) }
  })
  const groups: { readonly from: number; rounds: number; readonly why: string }[] = []
  for (const { time, why } of said) {
    const last = groups.at(-1)
    if (last?.why === why) last.rounds += 1
    else groups.push({ from: time, rounds: 1, why })
  }
  return groups.map(({ from, rounds, why }) => ({
    at: from,
    what: [
      code(name),
      text(`: ${count(rounds, 'round')}, ${why === called ? 'an issue' : 'not an issue yet'}`),
    ],
    why,
  }))
}

const called = 'it was beyond its limit for long enough'

function whyOfRound({
  state,
  forMs,
  since,
  limit,
  time,
}: {
  state: CheckOutcome['state']
  forMs: number
  since: number
  limit: string | undefined
  time: number
}): string {
  switch (state) {
    case 'ok':
      return `it was within its limit${limit === undefined ? '' : ` (${limit})`}`
    case 'undecided':
      return 'there were too few answers to rule out chance'
    case 'no-data':
      return 'there was no value'
    case 'error':
      return 'the check could not run'
    case 'breached':
      return forMs > 0 && time - since < forMs
        ? `it was beyond its limit, but for less than ${sayDuration(forMs)}`
        : called
  }
}

function decisionOf(event: Event): readonly Decision[] {
  const at = Date.parse(event.at)
  switch (event.kind) {
    case 'health-checked':
      return [
        {
          at,
          what: [text('health gate: '), strong(event.verdict), text(`, ${decisionWords[event.decision]}`)],
          why: event.because,
        },
      ]
    case 'rollback-began': {
      const layers = event.layers
        .map(({ layer, to }) => `${layer} to ${shortRevision(to).slice(0, 60)}`)
        .join(', ')
      const approved = event.approver === undefined ? '' : `, approved by ${event.approver}`
      const how = event.automatic ? 'no approval required' : 'requested by a person'
      return [{ at, what: [text(`roll back ${layers}`)], why: `${event.reason} (${how}${approved})` }]
    }
    case 'rollback-failed':
      return [
        { at, what: [text(`${event.layer}: not rolled back (${event.reasonCode})`)], why: event.because },
      ]
    case 'rollback-requested':
      return [{ at, what: [text(`start ${event.workflow}: ${event.outcome}`)], why: event.because }]
    case 'hold-set':
      return [{ at, what: [text('automatic rollbacks on hold')], why: event.because }]
    case 'hold-lifted':
      return [{ at, what: [text('hold lifted')], why: event.because }]
    case 'recovery-verified':
      return [{ at, what: [text('production: '), strong(event.outcome)], why: event.because }]
    default:
      return []
  }
}

const decisionWords = {
  'roll-back': 'roll back',
  keep: 'no rollback',
  hold: 'manual approval required',
} as const
