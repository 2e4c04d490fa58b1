import type { HttpCheck } from '../../config/schema.ts'
import type { NoAnswer } from '../../http/no-answer.ts'
import { type Answer, request } from '../../http/request.ts'
import { formatDuration } from '../../text/duration.ts'
import { isWithin } from '../limit.ts'
import type { Counts, Reading } from '../reading.ts'
import { identity, resolveTarget } from '../target.ts'
import { quantile } from '../value.ts'
import type { Look, Surroundings } from './look.ts'

const maxBodyBytes = 1024 * 1024
const maxRedirects = 5

interface Probe {
  readonly at: number
  /** why it does not count as a good one; undefined for a good one */
  readonly failure: string | undefined
  /** until the whole right answer was there, ms; infinite when a right answer never came */
  readonly latencyMs: number
}

/**
 * Probes a URL once a round. A probe fails when the answer is not the expected one (status, text, latency) and also when
 * the service gave none: that production does not answer is evidence against it, not a hole in the evidence. Only what
 * may as well be our own fault, such as a host name that is not found, is an error.
 *
 * - metric error-rate: failed probes / probes (0..1) over the trailing `max(forMs, one interval)`. With the default `for`
 *   of two intervals these are the last two probes, so that one lost probe is forgotten in time and a recovery shows
 * - metric response-time: the p95 (nearest rank) of the time in ms to the right answer over the same stretch; a probe
 *   without a right answer (none, or wrong status or text) counts as infinitely slow
 *
 * A round whose own probe is within the limit is marked as recovering, so that it does not lengthen a breach. Counts in
 * the evidence are since the first round.
 * @throws InputError for a bad address or an unset secret
 */
export function prepareHttpCheck(check: HttpCheck, surroundings: Surroundings): Look {
  const { fetch, now, env, timeoutMs, intervalMs } = surroundings
  const target = resolveTarget(check, env)
  const measure = measures[check.metric]
  const stretchMs = Math.max(check.forMs, intervalMs)
  const failures = new Map<string, number>()
  let probes = 0
  let recent: readonly Probe[] = []

  return {
    at: target.shownUrl,
    look: async (at, signal): Promise<Reading> => {
      const outcome = await request({
        ...target,
        headers: { ...identity, ...target.headers },
        fetch,
        now,
        signal,
        timeoutMs,
        maxBytes: maxBodyBytes,
        maxRedirects,
        ...(check.expect.status && { wantedStatus: check.expect.status }),
      })
      if (outcome.kind === 'no-answer' && !outcome.isOutage) {
        return { kind: 'error', note: `${target.shownUrl} could not be probed: ${outcome.detail}` }
      }
      const probe = judgeOutcome(outcome, check.expect, at)
      probes += 1
      recent = [...recent.filter((earlier) => earlier.at > at - stretchMs), probe]
      if (probe.failure !== undefined) failures.set(probe.failure, (failures.get(probe.failure) ?? 0) + 1)
      return {
        kind: 'value',
        value: measure(recent),
        recovering: isWithin(measure([probe]), check.limit),
        ...describeCounts(failures, probes),
      }
    },
  }
}

const measures: Readonly<Record<HttpCheck['metric'], (probes: readonly Probe[]) => number>> = {
  'error-rate': (probes) => probes.filter(({ failure }) => failure !== undefined).length / probes.length,
  'response-time': (probes) => {
    const latencies = probes.map(({ latencyMs }) => latencyMs)
    return quantile(latencies, 0.95) ?? Number.POSITIVE_INFINITY
  },
}

/** The failure is one of few texts, so that they can be counted; none holds anything of the body. */
function judgeOutcome(outcome: Answer | NoAnswer, expect: HttpCheck['expect'], at: number): Probe {
  const never = Number.POSITIVE_INFINITY
  if (outcome.kind === 'no-answer') return { at, failure: outcome.detail, latencyMs: never }
  const { status, body, cut, latencyMs } = outcome
  const isExpected = expect.status?.includes(status) ?? (status >= 200 && status <= 299)
  if (!isExpected) return { at, failure: `status ${status}`, latencyMs: never }
  if (expect.body !== undefined && !body.includes(expect.body)) {
    const where = cut ? ' in the first 1 MiB' : ''
    return { at, failure: `the expected text was not there${where}`, latencyMs: never }
  }
  if (expect.maxLatencyMs !== undefined && latencyMs > expect.maxLatencyMs) {
    return { at, failure: `slower than ${formatDuration(expect.maxLatencyMs)}`, latencyMs }
  }
  return { at, failure: undefined, latencyMs }
}

function describeCounts(
  failures: ReadonlyMap<string, number>,
  probes: number,
): { readonly counts: Counts; readonly note: string } {
  const byCount = [...failures].sort(([, a], [, b]) => b - a)
  const bad = byCount.reduce((sum, [, count]) => sum + count, 0)
  const reasons = byCount.map(([failure, count]) => `${count} × ${failure}`).join(', ')
  const note = `${bad} of ${probes} probes failed${bad === 0 ? '' : `: ${reasons}`}`
  return { counts: { bad, of: probes }, note }
}
