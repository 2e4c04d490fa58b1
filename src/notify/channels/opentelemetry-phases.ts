import { breachedChecks, firstBadAnswer } from '../../history/detection.ts'
import type { EventOf } from '../../history/event.ts'
import type { Notice } from '../notice.ts'

/** ms since 1970 */
export interface Interval {
  readonly from: number
  readonly to: number
}

/** From the first bad answer that is known of to the verdict; undefined where no check found it. */
export function detectionOf({
  event,
}: Pick<Notice, 'event'>): (Interval & { readonly checks: readonly string[] }) | undefined {
  if (event.kind !== 'health-checked') return undefined
  const to = Date.parse(event.at)
  const from = firstBadAnswer(event) ?? Date.parse(event.startedAt)
  return { from: Math.min(from, to), to, checks: breachedChecks(event).map(({ name }) => name) }
}

/** From the first bad answer, or the opening where no check found it, to this event. */
export function incidentUntil({ past, incident, at }: Notice): Interval {
  const opening = past.findLast((event) => event.at === incident.openedAt)
  const from = opening && detectionOf({ event: opening })?.from
  return { from: from ?? Date.parse(incident.openedAt), to: Date.parse(at) }
}

/** A run of the rollback that ended. */
export interface RollbackRun {
  readonly outcome: EventOf<'rollback-ended'>['outcome']
  /** when it ended, ms */
  readonly at: number
  readonly ended: EventOf<'rollback-ended'>
}

export function rollbackOf({ event }: Notice): RollbackRun | undefined {
  return event.kind === 'rollback-ended'
    ? { outcome: event.outcome, at: Date.parse(event.at), ended: event }
    : undefined
}

/** skip: nothing was done or looked at, as something else has to do it */
export type PhaseResult = 'success' | 'failure' | 'skip'

interface Phase extends Interval {
  readonly phase: string
  readonly result: PhaseResult
  readonly values: Readonly<Record<string, string | undefined>>
}

const back: readonly string[] = ['rolled-back', 'already-rolled-back', 'stopped']

/**
 * The phases of a run, each as long as the history, and so the job summary, says. Where it began is what its own event says; a phase
 * without one begins where the one before it ended.
 */
export function phasesOf({ past }: Notice, { ended, outcome }: RollbackRun): readonly Phase[] {
  const before = past.findLastIndex((event) => event.kind === 'rollback-ended' && event.id !== ended.id)
  const own = past.slice(before + 1)
  const layers = new Map<string, EventOf<'rollback-applied'>>()
  // what an earlier run did took no time in this one
  for (const event of own)
    if (event.kind === 'rollback-applied' && ended.phases[event.layer]) layers.set(event.layer, event)
  const verified = own.findLast((event) => event.kind === 'recovery-verified')
  const deployed = own.findLast((event) => event.kind === 'revision-deployed')
  const outcomes = new Map<string, string>(ended.layers.map(({ layer, outcome: each }) => [layer, each]))
  const starts: Readonly<Record<string, (ms: number) => number | undefined>> = {
    // it has no event of its own: it ends when the first layer begins
    plan: (ms) => firstStart(ended, layers) - ms,
    deploy: (ms) => (deployed === undefined ? undefined : Date.parse(deployed.at) - ms),
    verify: () => (verified?.kind === 'recovery-verified' ? Date.parse(verified.startedAt) : undefined),
  }
  const phases: Phase[] = []
  for (const [phase, ms] of Object.entries(ended.phases)) {
    const applied = layers.get(phase)
    const begun = applied?.startedAt === undefined ? starts[phase]?.(ms) : Date.parse(applied.startedAt)
    const from = begun ?? phases.at(-1)?.to ?? Date.parse(ended.at) - ms
    const result = resultOf(phase, outcomes.get(phase), {
      outcome,
      recovery: verified?.kind === 'recovery-verified' ? verified.outcome : undefined,
      isDeployed: deployed !== undefined,
    })
    phases.push({
      ...{ phase, from, to: from + ms },
      result,
      values: {
        ...(outcomes.has(phase) && {
          'rollback.layer': phase,
          'rollback.layer.outcome': outcomes.get(phase),
        }),
        ...(applied && { 'rollback.from': applied.from, 'rollback.to': applied.to }),
        ...(phase === 'deploy' && {
          'deployment.status':
            result === 'skip' ? undefined : outcome === 'not-deployed' ? 'failed' : 'succeeded',
          'deployment.id': deployed?.kind === 'revision-deployed' ? deployed.deployed : undefined,
        }),
      },
    })
  }
  return phases
}

function firstStart(
  ended: EventOf<'rollback-ended'>,
  layers: ReadonlyMap<string, EventOf<'rollback-applied'>>,
): number {
  const own = ended.layers.flatMap(({ layer }) => layers.get(layer)?.startedAt ?? [])
  const total = Object.entries(ended.phases).reduce(
    (sum, [phase, ms]) => sum + (phase === 'plan' ? 0 : ms),
    0,
  )
  return own.length > 0
    ? Math.min(...own.map((startedAt) => Date.parse(startedAt)))
    : Date.parse(ended.at) - total
}

/** @param layer what became of the layer that the phase is of; undefined for another phase */
function resultOf(
  phase: string,
  layer: string | undefined,
  {
    outcome,
    recovery,
    isDeployed,
  }: {
    readonly outcome: RollbackRun['outcome']
    readonly recovery: EventOf<'recovery-verified'>['outcome'] | undefined
    readonly isDeployed: boolean
  },
): PhaseResult {
  if (layer === 'proposed') return 'skip'
  if (layer !== undefined) return back.includes(layer) ? 'success' : 'failure'
  if (phase === 'deploy') {
    if (outcome === 'not-deployed') return 'failure'
    return isDeployed ? 'success' : 'skip'
  }
  if (phase !== 'verify') return 'success'
  if (outcome === 'not-recovered') return 'failure'
  return recovery === 'recovered' ? 'success' : 'skip'
}
