import type { Event } from '../history/event.ts'
import type { Change, Incident } from '../incident/incident.ts'
import { fillLinks, type TitledLink } from '../incident/links.ts'
import type { IncidentSettings } from '../incident/settings.ts'
import type { Topic } from '../incident/topics.ts'
import { sayDuration } from '../text/duration.ts'
import { shortRevision } from '../text/revision.ts'
import { type Fact, factsOf } from './facts.ts'

/** What a channel says. All texts are plain: each channel escapes them for its own format, as some come from commits and servers. */
export interface Notice {
  /** id of the event */
  readonly id: string
  readonly topic: Topic
  readonly at: string
  readonly event: Event
  readonly incident: Incident
  /** `octo-org/shop` */
  readonly repository: string
  readonly repositoryUrl: string
  /** the same for all of an incident: `production: failed deployment bbbbbbb` */
  readonly title: string
  /** what happened now, one sentence */
  readonly headline: string
  readonly facts: readonly Fact[]
  readonly links: readonly TitledLink[]
  /** every event of the incident up to this one, oldest first */
  readonly past: readonly Event[]
}

/** What notices are made with. */
export interface NoticeSettings {
  readonly repository: string
  /** e.g. https://github.com/octo-org/shop */
  readonly repositoryUrl: string
  readonly incident: IncidentSettings
}

/** Writes the notice of a change. A pure function: the same change, the same notice. @param events of the incident */
export function noticeOf(change: Change, events: readonly Event[], settings: NoticeSettings): Notice {
  const { event, topic, after } = change
  const own = events.filter((each) => each.incident === event.incident)
  const past = own.slice(0, own.findIndex((each) => each.id === event.id) + 1)
  const { environment, revision } = after
  const what = after.rehearsal ? 'rollback of' : 'failed deployment'
  return {
    ...{ id: event.id, topic, at: event.at, event, incident: after, past },
    ...{ repository: settings.repository, repositoryUrl: settings.repositoryUrl },
    title: `${after.rehearsal ? 'REHEARSAL: ' : ''}${environment}: ${what} ${shortRevision(revision)}`,
    headline: headlineOf(event, after),
    facts: factsOf(change, past, settings.incident),
    links: linksOf(event, past, after, settings),
  }
}

/** How an incident stands, in one word in capitals, as pagers write it. */
export function badge({ incident: { severity, status, rehearsal } }: Notice): string {
  if (status === 'resolved') return rehearsal ? 'DONE' : 'RESOLVED'
  return rehearsal ? 'TEST' : severity.toUpperCase()
}

/** The title, where nothing else says which repository it is about. */
export function subjectOf({ repository, title }: Notice): string {
  return `[${repository}] ${title}`
}

/** What happened now, beside the title, which names the environment. */
export function briefOf({ topic, incident, headline }: Notice): string {
  return topic === 'opened' ? incident.because : headline
}

/** What is wrong, or right, in one sentence. */
function headlineOf(event: Event, after: Incident): string {
  const { environment } = after
  switch (event.kind) {
    case 'health-checked':
      return event.verdict === 'healthy'
        ? `${environment} is healthy again: ${event.because}`
        : `${environment} is unhealthy: ${event.because}`
    case 'incident-opened':
      return `Incident opened by ${event.actor}: ${event.because}`
    case 'incident-severity-set':
      return `Severity set to ${event.severity} by ${event.actor}: ${event.because}`
    case 'incident-acknowledged':
      return `Acknowledged by ${event.actor}: ${event.because}`
    case 'incident-escalated': {
      const late =
        event.lateMs !== undefined && event.lateMs >= 60_000 ? `, ${sayDuration(event.lateMs)} late` : ''
      return `Escalated to level ${event.level}${late}: ${event.because}`
    }
    case 'incident-resolved':
      return `Resolved by ${event.actor}: ${event.because}`
    case 'incident-noted':
      return `Note of ${event.actor}: ${event.note}`
    case 'incident-published':
      return `Published for users by ${event.actor}: ${event.text}`
    case 'rollback-began':
      return `Rollback of ${event.layers.map(({ layer }) => layer).join(', ')} started: ${event.reason}`
    case 'rollback-proposed':
      return `Manual approval required: merge pull request #${event.pull} to roll back ${event.layer}`
    case 'rollback-applied':
      return `${event.layer} rolled back from ${shortRevision(event.from)} to ${shortRevision(event.to)}`
    case 'rollback-ended':
      return `${after.rehearsal ? 'Rehearsal: ' : ''}${endings[event.outcome]}`
    case 'revision-deployed':
      return `${shortRevision(event.deployed)} deployed by ${event.workflow}`
    case 'recovery-verified':
      return event.outcome === 'recovered'
        ? `${environment} has recovered: ${event.because}`
        : `${environment} is still failing after the rollback: ${event.because}`
    default:
      return `${environment}: ${event.kind}`
  }
}

const endings = {
  complete: 'Rollback complete',
  'rolled-back': 'Rolled back; production was not checked',
  proposed: 'Rollback proposed: it takes effect when its pull request is merged',
  'not-deployed': 'Rolled back, but the restored revision is not deployed',
  'not-recovered': 'Rolled back, but production is still failing',
  'not-verified': 'Rolled back, but recovery could not be verified',
  partial: 'Rollback incomplete: some layers are not back',
  failed: 'Rollback failed',
  undone: 'Rollback failed; the completed layers were undone',
} as const

function linksOf(
  event: Event,
  past: readonly Event[],
  after: Incident,
  { incident: { links }, repositoryUrl }: NoticeSettings,
): Notice['links'] {
  const opened = past.findLast((each) => each.kind === 'postmortem-opened')
  return [
    ...(event.kind === 'rollback-proposed' ? [{ label: 'Pull request', url: event.url }] : []),
    ...(opened?.kind === 'postmortem-opened' ? [{ label: `Issue #${opened.issue}`, url: opened.url }] : []),
    ...(event.run === undefined ? [] : [{ label: 'Workflow run', url: event.run.url }]),
    // some channels show only the first three
    ...fillLinks(links, after, past),
    {
      label: after.rehearsal ? 'Revision' : 'Failed revision',
      url: `${repositoryUrl}/commit/${after.revision}`,
    },
  ]
}
