import { isDetection } from '../history/detection.ts'
import type { Event, EventOf } from '../history/event.ts'
import { shortRevision } from '../text/revision.ts'
import { isInForce } from './in-force.ts'
import type { Incident } from './incident.ts'

/** One thing to do in an emergency. */
export interface ChecklistItem {
  readonly task: string
  /** what shows that it was done; undefined for what is left to people */
  readonly evidence: string | undefined
}

export interface Checklist {
  readonly before: readonly ChecklistItem[]
  readonly during: readonly ChecklistItem[]
  readonly after: readonly ChecklistItem[]
}

/**
 * The emergency checklist of an incident: what the history shows to be done, with its evidence, and what is left to people. What was
 * done and does not hold any more is not done. @param events of the incident, oldest first
 */
export function checklistOf(events: readonly Event[], incident: Incident): Checklist {
  const own = sinceOpened(events, incident)
  return { before: before(own, incident), during: during(own), after: after(own, incident) }
}

/** A revision can fail again: what was done the last time is not done now. The watch that found it began earlier. */
function sinceOpened(events: readonly Event[], { openedAt, incident }: Incident): readonly Event[] {
  return events.filter((event) => event.incident === incident && event.at >= openedAt)
}

function before(events: readonly Event[], incident: Incident): readonly ChecklistItem[] {
  const found = events.find(isDetection)
  const target = events.find((event) => event.kind === 'rollback-began' || event.kind === 'rollback-planned')
  const hold = events.findLast((event) => event.kind === 'hold-set' || event.kind === 'hold-lifted')
  const { acknowledged, reported, because } = incident
  return [
    item('Confirm that production is failing', found && because),
    item(
      'Acknowledge the incident, so that one person leads the response (comment `/ack`)',
      acknowledged && `${acknowledged.by}, ${clock(acknowledged.at)}`,
    ),
    item(
      'Decide what to roll back, and to where',
      target?.kind === 'rollback-began' || target?.kind === 'rollback-planned'
        ? target.layers.map(({ layer, to }) => `${layer} to ${shortRevision(to)}`).join(', ')
        : undefined,
    ),
    item(
      'Stop other deployments; comment `/hold` to stop automatic rollbacks, too',
      hold?.kind === 'hold-set' ? `automatic rollbacks on hold since ${clock(hold.at)}` : undefined,
    ),
    informed('Inform the users that something is wrong (comment `/publish`)', events, 0),
    ...(reported ? [] : [item('Check that the failing checks show what users see', undefined)]),
  ]
}

function during(events: readonly Event[]): readonly ChecklistItem[] {
  const began = events.findLast((event) => event.kind === 'rollback-began')
  const applied = new Map<string, EventOf<'rollback-applied'>>()
  for (const event of events)
    if (event.kind === 'rollback-applied' && isInForce(events, event)) applied.set(event.layer, event)
  const planned = began?.kind === 'rollback-began' ? began.layers.map(({ layer }) => layer) : []
  const layers = [...new Set([...planned, ...applied.keys()])]
  const copies = [...applied.values()].filter(({ kept }) => kept !== undefined)
  const deploys = [...applied.values()].some((event) => event.deploys !== undefined)
  const deployed = events.findLast((event) => event.kind === 'revision-deployed')
  return [
    ...(layers.length === 0 ? [item('Roll back', undefined)] : []),
    ...layers.map((layer) => {
      const done = applied.get(layer)
      return item(`Roll back ${layer}`, done && `at ${shortRevision(done.now)} since ${clock(done.at)}`)
    }),
    ...(copies.length === 0
      ? []
      : [
          item(
            'Keep what was replaced, so that the rollback can be undone',
            copies.map(({ layer }) => layer).join(', '),
          ),
        ]),
    ...(deploys
      ? [
          item(
            'Deploy the restored revision',
            deployed?.kind === 'revision-deployed'
              ? `${shortRevision(deployed.deployed)} by ${deployed.workflow}, ${clock(deployed.at)}`
              : undefined,
          ),
        ]
      : []),
  ]
}

function after(events: readonly Event[], { status, resolved }: Incident): readonly ChecklistItem[] {
  const looked = events.findLast(
    (event) => event.kind === 'recovery-verified' || event.kind === 'health-checked',
  )
  const isWell =
    (looked?.kind === 'recovery-verified' && looked.outcome === 'recovered') ||
    (looked?.kind === 'health-checked' && looked.verdict === 'healthy')
  const lost = events.some((event) => event.kind === 'rollback-applied' && event.layer === 'database')
  return [
    item('Verify that production is healthy', isWell ? `${looked.because}, ${clock(looked.at)}` : undefined),
    item(
      'Resolve the incident (comment `/resolve`)',
      status === 'resolved' && resolved ? `${resolved.by}, ${clock(resolved.at)}` : undefined,
    ),
    ...(lost ? [item('Check the data that was written since the deployment', undefined)] : []),
    informed('Inform the users that it is over (comment `/publish`)', events, resolved?.at ?? ''),
    item('Allow deployments again; comment `/unhold` if automatic rollbacks are on hold', undefined),
    item('Fix the cause, and bring the undone work back', undefined),
    item('Fill in the post-mortem below, and assign its action items', undefined),
  ]
}

/** @param since only what was published then or later counts; '' while that is still to come */
function informed(task: string, events: readonly Event[], since: string | 0): ChecklistItem {
  const told = events.findLast(
    (event) => event.kind === 'incident-published' && (since === 0 || (since !== '' && event.at >= since)),
  )
  return item(task, told && `${told.actor}, ${clock(told.at)}`)
}

function item(task: string, evidence: string | undefined): ChecklistItem {
  return { task, evidence }
}

function clock(at: string): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`
}
