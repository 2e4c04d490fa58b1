import { sayDuration } from '../../text/duration.ts'
import type { Incidents } from './incidents.ts'
import type { Mark } from './marks.ts'
import type { RecentRollback } from './model.ts'
import { type Rollback, runOf, timelineOf } from './rollbacks.ts'

/** A rollback with its timeline. */
export function describeRecent(incidents: Incidents, rollback: Rollback): RecentRollback {
  const { repository, environment, outcome, standing, trigger, reason } = rollback
  const marks = timelineOf(incidents, rollback)
  return {
    ...{ repository, environment, outcome, standing, trigger, reason },
    incident: incidents.idOf(rollback.incident),
    revision: incidents.revisionOf(rollback.incident),
    at: timeOf(rollback.at),
    endedAt: rollback.endedAt === undefined ? null : timeOf(rollback.endedAt),
    detectedBy: [...rollback.detectedBy],
    durationMs: rollback.durationMs ?? null,
    layers: rollback.layers.map(({ layer, outcome: became, method, tookMs }) => {
      return { layer, outcome: became, method, tookMs: tookMs ?? null }
    }),
    timeline: marks.map((mark) => ({ at: timeOf(mark.at), what: sayMark(mark) })),
    url: addressOf(runOf(marks)),
    issue: addressOf(incidents.issueOf(rollback.incident)),
  }
}

/** Of a page of the web: a history is text that anybody with write access can write, and a link of it is clicked on. */
function addressOf(url: string | undefined): string | null {
  return url !== undefined && /^https?:\/\/[^\s<>"']+$/.test(url) ? url : null
}

function timeOf(at: number): string {
  return new Date(at).toISOString()
}

function sayMark(mark: Mark): string {
  switch (mark.kind) {
    case 'began':
      return `rollback began (${mark.automatic ? 'automatic' : 'manual'})`
    case 'applied':
      return `${mark.layer} rolled back (${mark.method})`
    case 'proposed':
      return `rollback of ${mark.layer} proposed by pull request`
    case 'failed':
      return `${mark.layer} not rolled back: ${mark.reason}`
    case 'undone':
      return `rollback of ${mark.layer} undone`
    case 'ended':
      return `rollback ended: ${mark.outcome}${sayPhases(mark.phases)}`
    case 'recovery':
      return `production checked: ${mark.outcome}`
  }
}

function sayPhases(phases: Readonly<Record<string, number>>): string {
  const said = Object.entries(phases).map(([phase, took]) => `${phase} ${sayDuration(took)}`)
  return said.length === 0 ? '' : ` (${said.join(', ')})`
}
