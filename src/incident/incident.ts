import { breachedChecks, isDetection } from '../history/detection.ts'
import type { Event, EventOf } from '../history/event.ts'
import { onlyRehearsals, withoutRehearsals } from '../history/rehearsal.ts'
import { type Severity, severities } from '../text/severity.ts'
import type { Topic } from './topics.ts'

/** An incident as its events leave it. Times are ISO 8601, UTC. */
export interface Incident {
  readonly incident: string
  readonly environment: string
  /** the failed revision */
  readonly revision: string
  /** how often the incident was opened: a revision can fail again after it was resolved */
  readonly episode: number
  readonly openedAt: string
  /** why it was opened, one clause */
  readonly because: string
  /** true when a person reported it, by a manual rollback or by opening it */
  readonly reported: boolean
  readonly severity: Severity
  /** true once a person has set the severity: nothing else changes it then */
  readonly isSeveritySet: boolean
  readonly status: 'open' | 'acknowledged' | 'resolved'
  /** as a status page names it */
  readonly phase: Phase
  readonly acknowledged: { readonly by: string; readonly at: string } | undefined
  readonly resolved: { readonly by: string; readonly at: string; readonly because: string } | undefined
  /** the highest level that was notified, from 1 */
  readonly level: number
  /** true where nothing was failing, and a rollback is practised */
  readonly rehearsal?: true
  /** what deadlines count from: the level at a time */
  readonly base: { readonly at: string; readonly level: number }
}

export const phases = ['investigating', 'identified', 'rolling back', 'monitoring', 'resolved'] as const
export type Phase = (typeof phases)[number]

/** An event that changed an incident, and how it stood then. */
export interface Change {
  readonly event: Event
  readonly topic: Topic
  readonly after: Incident
}

/** How an incident stands; undefined when nothing in the history says that there is one. @param events of any incident, oldest first */
export function incidentOf(events: readonly Event[], incident: string): Incident | undefined {
  return fold(events, incident).incident
}

/** Everything that people may be notified of, oldest first. A pure function of the events: the same events, the same changes. */
export function changesOf(events: readonly Event[], incident: string): readonly Change[] {
  return fold(events, incident).changes
}

/**
 * The same of rehearsals, which are no incidents: for those who asked to hear of them. It has an id of its own, so that nobody takes
 * it for the incident of the same revision, is never severe, and is over when the rollback that is practised is.
 */
export function rehearsalChangesOf(events: readonly Event[], incident: string): readonly Change[] {
  const { changes } = foldAll(onlyRehearsals(events), incident)
  return changes.map(({ event, topic, after }) => {
    const { actor: by, at } = event
    const isOver = event.kind === 'rollback-ended' && after.status !== 'resolved'
    const known = isOver ? resolve(after, { actor: by, at }, 'the rehearsal ended') : after
    return {
      event,
      topic,
      after: { ...known, incident: `${incident}-rehearsal`, severity: 'low', rehearsal: true },
    }
  })
}

/** The ids of the incidents of an environment that are neither acknowledged nor resolved. */
export function openIncidents(events: readonly Event[], environment: string): readonly Incident[] {
  const ids = new Set(events.filter((each) => each.environment === environment).map((each) => each.incident))
  return [...ids].flatMap((id) => incidentOf(events, id) ?? []).filter(({ status }) => status === 'open')
}

function fold(events: readonly Event[], id: string) {
  return foldAll(withoutRehearsals(events), id)
}

function foldAll(events: readonly Event[], id: string) {
  let incident: Incident | undefined
  const changes: Change[] = []
  for (const event of events) {
    if (event.incident !== id) continue
    const next = advance(incident, event)
    if (next === undefined) continue
    incident = next.after
    if (next.topic !== undefined) changes.push({ event, topic: next.topic, after: incident })
  }
  return { incident, changes }
}

interface Advance {
  readonly after: Incident
  readonly topic: Topic | undefined
}

/** @returns undefined for an event that changes nothing */
function advance(before: Incident | undefined, event: Event): Advance | undefined {
  if (before === undefined || before.status === 'resolved') {
    const opened = open(before, event)
    if (opened !== undefined) return { after: opened, topic: 'opened' }
    // what belongs to an incident may be recorded after the look that resolved it
    const topic = topicsAfterwards[event.kind]
    return before && topic && { after: before, topic }
  }
  return change(before, event)
}

const topicsAfterwards: Readonly<Partial<Record<Event['kind'], Topic>>> = {
  'rollback-ended': 'rollback-ended',
  'revision-deployed': 'deployed',
  'incident-noted': 'note',
  'incident-published': 'published',
}

/** What an event begins where no incident is open. */
function open(before: Incident | undefined, event: Event): Incident | undefined {
  const beginning = beginningOf(event)
  if (beginning === undefined) return undefined
  const { incident, environment, revision, at } = event
  return {
    ...{ incident, environment, revision, ...beginning },
    episode: (before?.episode ?? 0) + 1,
    openedAt: at,
    status: 'open',
    acknowledged: undefined,
    resolved: undefined,
    level: 1,
    base: { at, level: 1 },
  }
}

type Beginning = Pick<Incident, 'severity' | 'isSeveritySet' | 'because' | 'reported' | 'phase'>

function beginningOf(event: Event): Beginning | undefined {
  if (event.kind === 'incident-opened') {
    const { severity, because } = event
    return { severity, because, isSeveritySet: true, reported: true, phase: 'investigating' }
  }
  if (isDetection(event))
    return {
      severity: severityOf(event),
      because: event.because,
      isSeveritySet: false,
      reported: false,
      phase: 'investigating',
    }
  if (event.kind === 'rollback-began' || event.kind === 'rollback-applied')
    return {
      severity: 'high',
      because: event.reason || 'a rollback began',
      isSeveritySet: false,
      reported: !event.automatic,
      phase: event.kind === 'rollback-began' ? 'rolling back' : 'monitoring',
    }
  return undefined
}

/** That of the worst check beyond its limit. */
function severityOf(detection: Pick<EventOf<'health-checked'>, 'checks'>): Severity {
  const breached = breachedChecks(detection).map(({ severity }) => severity)
  return severities.find((each) => breached.includes(each)) ?? 'high'
}

/** What an event changes in an open incident. */
function change(before: Incident, event: Event): Advance | undefined {
  const by = { by: event.actor, at: event.at }
  switch (event.kind) {
    case 'incident-severity-set':
      if (event.severity === before.severity && before.isSeveritySet) return undefined
      return { topic: 'severity', after: { ...withSeverity(before, event), isSeveritySet: true } }
    case 'incident-acknowledged':
      if (before.status === 'acknowledged') return undefined
      return { topic: 'acknowledged', after: { ...before, status: 'acknowledged', acknowledged: by } }
    case 'incident-escalated':
      if (event.level <= before.level) return undefined
      // written at the moment at which somebody acknowledged it
      if (before.status === 'acknowledged' && !event.requested) return undefined
      return {
        topic: 'escalated',
        after: {
          ...before,
          level: event.level,
          ...(event.requested && { base: { at: event.at, level: event.level } }),
        },
      }
    case 'incident-resolved':
      return { topic: 'resolved', after: resolve(before, event, event.because) }
    case 'incident-noted':
      return { topic: 'note', after: before }
    case 'incident-published':
      return { topic: 'published', after: before }
    case 'health-checked':
      // the same revision, looked at again
      return event.verdict === 'healthy'
        ? { topic: 'resolved', after: resolve(before, { ...event, actor: 'health-gate' }, event.because) }
        : undefined
    case 'rollback-planned':
    case 'rollback-requested':
      return { topic: undefined, after: { ...before, phase: 'identified' } }
    case 'rollback-proposed':
      return { topic: 'approval-required', after: { ...before, phase: 'identified' } }
    case 'rollback-began':
      return { topic: 'rollback-started', after: { ...before, phase: 'rolling back' } }
    case 'rollback-applied':
      // the first of several layers: the rollback goes on
      return {
        topic: 'layer-rolled-back',
        after: { ...before, phase: before.phase === 'rolling back' ? before.phase : 'monitoring' },
      }
    case 'revision-deployed':
      return { topic: 'deployed', after: { ...before, phase: 'monitoring' } }
    case 'recovery-verified':
      if (event.outcome === 'recovered')
        return {
          topic: 'resolved',
          after: resolve(before, { ...event, actor: 'verified recovery' }, event.because),
        }
      return event.outcome === 'unknown'
        ? undefined
        : { topic: 'not-recovered', after: worsen({ ...before, phase: 'investigating' }, event.at) }
    case 'rollback-ended': {
      const isBack = ['complete', 'rolled-back', 'not-verified'].includes(event.outcome)
      const after = { ...before, phase: isBack ? ('monitoring' as const) : ('identified' as const) }
      const isBroken = ['failed', 'partial', 'undone', 'not-recovered'].includes(event.outcome)
      return { topic: 'rollback-ended', after: isBroken ? worsen(after, event.at) : after }
    }
    default:
      return undefined
  }
}

/** @param event whoever caused the run in which a check found it healthy has resolved nothing: the check is named instead */
function resolve(
  before: Incident,
  { actor: by, at }: Pick<Event, 'actor' | 'at'>,
  because: string,
): Incident {
  return { ...before, status: 'resolved', phase: 'resolved', resolved: { by, at, because } }
}

/** A rollback that did not help leaves production failing: critical, unless a person said otherwise. */
function worsen(before: Incident, at: string): Incident {
  return before.isSeveritySet ? before : withSeverity(before, { severity: 'critical', at })
}

/** With another time to respond, deadlines count from now on: what is past by the new one was not missed. */
function withSeverity(before: Incident, { severity, at }: { severity: Severity; at: string }): Incident {
  if (severity === before.severity) return before
  return { ...before, severity, base: { at, level: before.level } }
}
