import { layerNames } from '../../history/event.ts'
import type { Notice } from '../notice.ts'
import {
  type Attribute,
  attributes,
  nanoseconds,
  resourceOf,
  scope,
  spanIdOf,
  traceIdOf,
} from './opentelemetry-attributes.ts'
import {
  detectionOf,
  type Interval,
  incidentUntil,
  type PhaseResult,
  phasesOf,
  type RollbackRun,
  rollbackOf,
} from './opentelemetry-phases.ts'

const kinds = { internal: 1, server: 2 } as const
/** of a span's status */
const codes = { success: 1, failure: 2 } as const

interface Span {
  readonly traceId: string
  readonly spanId: string
  /** absent for the incident itself */
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  readonly status: { readonly code?: number; readonly message?: string }
}

/**
 * The spans that ended with this event. The incident is the root; below it are detection, acknowledgement and each run of the rollback
 * with its phases, by the conventions for pipelines: https://opentelemetry.io/docs/specs/semconv/cicd/cicd-spans/
 * @returns undefined where none ended
 */
export function writeTrace(notice: Notice) {
  const spans = spansOf(notice)
  if (spans.length === 0) return undefined
  return { resourceSpans: [{ resource: resourceOf(notice), scopeSpans: [{ scope, spans }] }] }
}

function spansOf(notice: Notice): readonly Span[] {
  const { topic, incident, headline } = notice
  switch (topic) {
    case 'opened':
      return detectionSpan(notice)
    case 'acknowledged':
      return [
        span(notice, 'acknowledge', [], between(incident.openedAt, notice.at), {
          'rollback.acknowledged.by': incident.acknowledged?.by,
        }),
      ]
    case 'rollback-ended': {
      const run = rollbackOf(notice)
      return run === undefined ? [] : rollbackSpans(notice, run)
    }
    case 'resolved':
      return [
        {
          ...span(notice, 'incident', [], incidentUntil(notice), {
            'deployment.id': incident.incident,
            'deployment.status': 'failed',
            'vcs.ref.head.revision': incident.revision,
            'rollback.severity': incident.severity,
            'rollback.level': incident.level,
            'rollback.reported': incident.reported,
            'rollback.rehearsal': incident.rehearsal,
            'rollback.resolution': headline,
          }),
          spanId: rootOf(notice),
          status: { code: codes.success },
        },
      ].map(({ parentSpanId: _, ...root }) => root)
    default:
      return []
  }
}

function detectionSpan(notice: Notice): readonly Span[] {
  const detection = detectionOf(notice)
  if (detection === undefined) return []
  const values = {
    'rollback.checks': detection.checks.join(', '),
    'rollback.because': notice.incident.because,
  }
  return [span(notice, 'detect', [], detection, { ...task('detect', 'failure'), ...values })]
}

function rollbackSpans(notice: Notice, run: RollbackRun): readonly Span[] {
  const { event } = notice
  const { outcome } = run
  const result = resultOf(outcome)
  const phases = phasesOf(notice, run)
  const whole = {
    from: Math.min(...phases.map(({ from }) => from), run.at),
    to: Math.max(...phases.map(({ to }) => to), run.at),
  }
  const own = span(notice, 'RUN rollback', [event.id], whole, {
    'cicd.pipeline.name': 'rollback',
    'cicd.pipeline.action.name': 'RUN',
    'cicd.pipeline.result': result,
    'cicd.pipeline.run.id': event.run?.id ?? event.id,
    'cicd.pipeline.run.url.full': event.run?.url,
    'error.type': result === 'failure' ? outcome : undefined,
    'rollback.outcome': outcome,
    'rollback.rehearsal': notice.incident.rehearsal,
  })
  return [
    { ...own, kind: kinds.server, status: result === undefined ? {} : { code: codes[result] } },
    ...phases.map(({ phase, values, result: ofPhase, ...interval }) => ({
      ...span(notice, phase, [event.id, phase], interval, {
        ...task(phase, ofPhase),
        'cicd.pipeline.task.run.id': `${event.id}/${phase}`,
        ...values,
      }),
      parentSpanId: own.spanId,
      status: ofPhase === 'skip' ? {} : { code: codes[ofPhase] },
    })),
  ]
}

const deploying: readonly string[] = [...layerNames, 'deploy', 'take back']

/**
 * The result of a run. rolled-back ended as it was asked to: it is for something else to deploy and to verify. undefined for a
 * proposal: nothing has taken effect, and nothing has failed.
 */
function resultOf(outcome: RollbackRun['outcome']): 'success' | 'failure' | undefined {
  if (outcome === 'proposed') return undefined
  return outcome === 'complete' || outcome === 'rolled-back' ? 'success' : 'failure'
}

function task(phase: string, result: PhaseResult) {
  return {
    'cicd.pipeline.task.name': phase,
    'cicd.pipeline.task.type': deploying.includes(phase) ? 'deploy' : phase === 'plan' ? undefined : 'test',
    'cicd.pipeline.task.run.result': result,
  }
}

function rootOf(notice: Notice): string {
  return spanIdOf(notice, 'incident')
}

/** A span below the incident. @param about what makes it another one than those of the same name */
function span(
  notice: Notice,
  name: string,
  about: readonly string[],
  { from, to }: Interval,
  values: Parameters<typeof attributes>[0],
): Span {
  return {
    traceId: traceIdOf(notice),
    spanId: spanIdOf(notice, name, ...about),
    parentSpanId: rootOf(notice),
    name,
    kind: kinds.internal,
    startTimeUnixNano: nanoseconds(from),
    endTimeUnixNano: nanoseconds(Math.max(from, to)),
    attributes: attributes(values),
    status: {},
  }
}

function between(from: string, to: string): Interval {
  return { from: Date.parse(from), to: Date.parse(to) }
}
