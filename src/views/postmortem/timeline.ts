import type { PhrasingContent, RootContent } from 'mdast'
import { timelineOf } from '../../incident/timeline.ts'
import { sayDuration } from '../../text/duration.ts'
import { code, heading, link, paragraph, revision, table, text } from '../../text/markdown.ts'
import { type Clock, startOf } from './clock.ts'
import { describeEvent } from './describe-event.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { utc } from './links.ts'
import { pullLinks } from './suspects.ts'
import { whoActed } from './who.ts'

const listedEvents = 100

interface Row {
  /** ms since the epoch */
  readonly at: number
  readonly what: readonly PhrasingContent[]
  readonly by: PhrasingContent
}

/** What happened, from the deployment on, with the time since then. */
export function timeline(facts: IncidentFacts, clock: Clock, evidence: Evidence): readonly RootContent[] {
  const { events } = facts
  const entries = timelineOf(events)
  const shown = entries.slice(-listedEvents)
  const left = entries.length - shown.length
  const rows = [
    ...deploymentRow(facts, clock, evidence),
    ...firstBadRow(clock),
    ...shown.map(
      ({ at, event }): Row => ({
        at: Date.parse(at),
        what: describeEvent(event),
        by: whoActed(event, events),
      }),
    ),
  ].toSorted((a, b) => a.at - b.at)
  const start = startOf(clock, events)
  return [
    heading(2, 'Timeline'),
    ...(left > 0 ? [paragraph(`Earlier events that are only in the history: ${left}.`)] : []),
    table(
      ['time (UTC)', 'T+', 'what happened', 'by'],
      rows.map(({ at, what, by }) => [utc(at), offset(at - start), what, by]),
    ),
  ]
}

function offset(ms: number): string {
  if (ms === 0) return '0'
  return ms < 0 ? `−${sayDuration(-ms)}` : `+${sayDuration(ms)}`
}

function deploymentRow(
  { revision: failed, environment }: IncidentFacts,
  { deployedAt }: Clock,
  { deployment, commits }: Evidence,
): readonly Row[] {
  if (deployment === undefined || deployedAt === undefined) return []
  const pulls = pullLinks(commits.flatMap((each) => each.pulls))
  const what = [
    revision(failed),
    text(' was deployed to '),
    code(environment),
    ...(deployment.url === undefined ? [] : [text(' '), link(deployment.url, text('(log)'))]),
    ...(pulls.length === 0 ? [] : [text(', with '), ...pulls]),
  ]
  const login = deployment.by?.login
  return [{ at: deployedAt, what, by: login === undefined ? text('unknown') : code(`deployment (${login})`) }]
}

function firstBadRow({ firstBadAt }: Clock): readonly Row[] {
  if (firstBadAt === undefined) return []
  const what = [text('first bad answer')]
  return [{ at: firstBadAt, what, by: code('health-gate') }]
}
