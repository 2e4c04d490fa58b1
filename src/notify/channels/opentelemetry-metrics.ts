import type { Notice } from '../notice.ts'
import { type Attribute, attributes, nanoseconds, resourceOf, scope } from './opentelemetry-attributes.ts'
import { detectionOf, type Interval, incidentUntil, phasesOf, rollbackOf } from './opentelemetry-phases.ts'

/** Each run says only what is new: no process lives long enough for a cumulative count. */
const delta = 1

/** Upper bounds, s: from a second to a day. */
const explicitBounds = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400]

/**
 * What an event adds to the counts and durations of a fleet, as delta sums and histograms.
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/
 */
export function writeMetrics(notice: Notice) {
  return {
    resourceMetrics: [
      { resource: resourceOf(notice), scopeMetrics: [{ scope, metrics: metricsOf(notice) }] },
    ],
  }
}

function metricsOf(notice: Notice) {
  const { topic, incident, at } = notice
  const about = {
    'deployment.environment.name': incident.environment,
    'rollback.severity': incident.severity,
    'rollback.rehearsal': incident.rehearsal,
  }
  const now = Date.parse(at)
  const since = (text: string): Interval => ({ from: Date.parse(text), to: now })
  switch (topic) {
    case 'opened': {
      const detection = detectionOf(notice)
      return [
        count('rollback.incidents', '{incident}', now, { ...about, 'rollback.reported': incident.reported }),
        ...(detection ? [duration('rollback.detection.duration', [[detection, attributes(about)]])] : []),
      ]
    }
    case 'acknowledged':
      return [duration('rollback.acknowledgement.duration', [[since(incident.openedAt), attributes(about)]])]
    case 'resolved':
      return [duration('rollback.recovery.duration', [[incidentUntil(notice), attributes(about)]])]
    case 'rollback-ended': {
      const run = rollbackOf(notice)
      if (run === undefined) return []
      const phases = phasesOf(notice, run)
      const outcome = { ...about, 'rollback.outcome': run.outcome }
      return [
        count('rollback.runs', '{run}', now, outcome),
        duration(
          'rollback.phase.duration',
          phases.map(({ phase, ...interval }) => [
            interval,
            attributes({ ...outcome, 'rollback.phase': phase }),
          ]),
        ),
      ]
    }
    default:
      return []
  }
}

function count(name: string, unit: string, at: number, values: Parameters<typeof attributes>[0]) {
  const point = {
    attributes: attributes(values),
    startTimeUnixNano: nanoseconds(at - 1),
    timeUnixNano: nanoseconds(at),
    asInt: '1',
  }
  return { name, unit, sum: { aggregationTemporality: delta, isMonotonic: true, dataPoints: [point] } }
}

function duration(name: string, measured: readonly (readonly [Interval, readonly Attribute[]])[]) {
  const dataPoints = measured.map(([{ from, to }, own]) => {
    const seconds = Math.max(0, to - from) / 1000
    const at = explicitBounds.findIndex((bound) => seconds <= bound)
    const bucket = at === -1 ? explicitBounds.length : at
    return {
      attributes: own,
      startTimeUnixNano: nanoseconds(Math.min(from, to)),
      timeUnixNano: nanoseconds(to),
      ...{ count: '1', sum: seconds, min: seconds, max: seconds },
      bucketCounts: [...explicitBounds, 0].map((_, index) => (index === bucket ? '1' : '0')),
      explicitBounds,
    }
  })
  return { name, unit: 's', histogram: { aggregationTemporality: delta, dataPoints } }
}
