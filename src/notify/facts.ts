import { breachedChecks } from '../history/detection.ts'
import type { Event, EventOf } from '../history/event.ts'
import { nextDeadline } from '../incident/escalation.ts'
import type { Change, Incident } from '../incident/incident.ts'
import type { IncidentSettings } from '../incident/settings.ts'
import { sayDuration } from '../text/duration.ts'
import { shortRevision } from '../text/revision.ts'
import { formatMoment } from '../text/time.ts'

export interface Fact {
  readonly label: string
  readonly value: string
}

/**
 * What people want to know beside what happened, the most urgent first. Values may come from commits and checks.
 * @param past events of the incident up to this one, oldest first
 */
export function factsOf(
  { event, after }: Change,
  past: readonly Event[],
  settings: IncidentSettings,
): readonly Fact[] {
  const { acknowledged, resolved, openedAt } = after
  const fact = (label: string, value: string | undefined) => (value ? [{ label, value }] : [])
  return [
    ...fact('Environment', after.environment),
    ...(after.rehearsal ? [] : fact('Severity', after.severity)),
    ...fact('Status', after.status === 'acknowledged' ? `acknowledged, ${after.phase}` : after.phase),
    // the headline of the first message says it
    ...(event.at === openedAt ? [] : fact('Problem', after.because)),
    ...layerFacts(event, past),
    ...(event.kind === 'health-checked' ? fact('Decision', decisions[event.decision]) : []),
    ...fact('Undone', undoneOf(event, past)),
    ...fact('Failed revision', after.rehearsal ? undefined : shortRevision(after.revision)),
    ...fact('Opened', formatMoment(Date.parse(openedAt))),
    ...fact(
      'Acknowledged',
      acknowledged && `${acknowledged.by}, ${formatMoment(Date.parse(acknowledged.at))}`,
    ),
    ...fact('Acknowledge by', deadlineOf(after, settings)),
    ...fact(
      'Resolved',
      resolved && `${resolved.by}, after ${sayDuration(Date.parse(resolved.at) - Date.parse(openedAt))}`,
    ),
    ...checkFacts(event),
  ]
}

const decisions = {
  'roll-back': 'roll back',
  keep: undefined,
  hold: 'no automatic rollback; manual decision required',
} as const

function deadlineOf(after: Incident, { respondMs, levels }: IncidentSettings): string | undefined {
  if (after.rehearsal) return undefined
  const deadline = nextDeadline(after, { respondMs, levels: levels.length })
  return deadline && `${formatMoment(deadline.getTime())}, or level ${after.level + 1} is notified`
}

/** What each layer goes back to, or went. */
function layerFacts(event: Event, past: readonly Event[]): readonly Fact[] {
  if (event.kind === 'rollback-began')
    return event.layers.map(({ layer, from, to }) => ({ label: layerLabels[layer], value: fromTo(from, to) }))
  if (event.kind !== 'rollback-ended') return []
  const run = ofLastRollback(past)
  return event.layers.map(({ layer, outcome }) => {
    const applied = run.findLast((each) => each.kind === 'rollback-applied' && each.layer === layer)
    const failed = run.findLast((each) => each.kind === 'rollback-failed' && each.layer === layer)
    const words = outcomeWords[outcome] ?? outcome
    const isBack = outcome === 'rolled-back' || outcome === 'already-rolled-back'
    if (isBack && applied?.kind === 'rollback-applied')
      return { label: layerLabels[layer], value: `${words}, ${fromTo(applied.from, applied.to)}` }
    const why = outcome === 'failed' && failed?.kind === 'rollback-failed' ? `: ${failed.because}` : ''
    return { label: layerLabels[layer], value: `${words}${why}` }
  })
}

const layerLabels = {
  code: 'Code',
  ota: 'Update',
  database: 'Database',
  config: 'Configuration',
  flags: 'Flags',
} as const

const outcomeWords: Readonly<Record<string, string>> = {
  'rolled-back': 'rolled back',
  'already-rolled-back': 'rolled back before',
  proposed: 'pull request waits for approval',
  stopped: 'halted',
  partial: 'rolled back in part',
  failed: 'failed',
  'not-tried': 'not tried',
  undone: 'undone',
}

/** Which commits are gone from production, and whose they are: at most three by name. */
function undoneOf(event: Event, past: readonly Event[]): string | undefined {
  const applied =
    event.kind === 'rollback-ended'
      ? ofLastRollback(past).findLast((each) => each.kind === 'rollback-applied' && each.layer === 'code')
      : event
  if (applied?.kind !== 'rollback-applied') return undefined
  const named = applied.undone.slice(0, 3).map(({ title, author }) => `${shorten(title)} (${author})`)
  const more = applied.undone.length - named.length
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ')
}

/** Checks beyond their limits of which the headline does not speak. */
function checkFacts(event: Event): readonly Fact[] {
  if (event.kind !== 'health-checked') return []
  return breachedChecks(event)
    .filter(({ evidence }) => !event.because.includes(evidence))
    .slice(0, 3)
    .map(({ name, evidence }) => ({ label: `Check ${name}`, value: evidence }))
}

/** The events from the beginning of the last rollback on. */
function ofLastRollback(past: readonly Event[]): readonly Event[] {
  return past.slice(Math.max(0, past.findLastIndex(isBeginning)))
}

function isBeginning(event: Event): event is EventOf<'rollback-began'> {
  return event.kind === 'rollback-began'
}

function fromTo(from: string, to: string): string {
  return `${shortRevision(from) || 'nothing'} → ${shortRevision(to) || 'nothing'}`
}

function shorten(title: string): string {
  return title.length > 80 ? `${title.slice(0, 79)}…` : title
}
