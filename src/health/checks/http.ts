import type { HttpCheck } from '../../config/schema.ts'
import { formatDuration } from '../../text/duration.ts'
import { isWithin } from '../limit.ts'
import type { Reading } from '../reading.ts'
import { type Answer, type NoAnswer, request } from '../request.ts'
import { resolveTarget } from '../target.ts'
import { formatTime, quantile } from '../value.ts'
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
 * there is none: that production does not answer is evidence against it, not a hole in the evidence. So this check
 * always has a value:
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
  const measure = measureOf(check)
  const stretchMs = Math.max(check.forMs, intervalMs)
  const failures = new Map<string, number>()
  let startedAt: number | undefined
  let total = 0
  let recent: readonly Probe[] = []

  return {
    at: target.shownUrl,
    secrets: target.secrets,
    look: async (at, signal) => {
      const outcome = await request({
        ...target,
        fetch,
        now,
        signal,
        timeoutMs,
        maxBytes: maxBodyBytes,
        maxRedirects,
        ...(check.expect.status && { wantedStatus: check.expect.status }),
      })
      const probe = judgeOutcome(outcome, check.expect, at)
      startedAt ??= at
      total += 1
      recent = [...recent.filter((earlier) => earlier.at > at - stretchMs), probe]
      if (probe.failure !== undefined) failures.set(probe.failure, (failures.get(probe.failure) ?? 0) + 1)
      const bad = [...failures.values()].reduce((sum, count) => sum + count, 0)
      return {
        kind: 'value',
        value: measure(recent),
        recovering: isWithin(measure([probe]), check.limit),
        counts: { bad, of: total },
        note: `${bad} of ${total} probes since ${formatTime(startedAt)} failed${listOf(failures)}`,
      } satisfies Reading
    },
  }
}

function measureOf({ metric }: HttpCheck): (probes: readonly Probe[]) => number {
  switch (metric) {
    case 'error-rate':
      return (probes) => probes.filter(({ failure }) => failure !== undefined).length / probes.length
    case 'response-time':
      return (probes) =>
        quantile(
          probes.map(({ latencyMs }) => latencyMs),
          0.95,
        ) ?? Number.POSITIVE_INFINITY
  }
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

function listOf(failures: ReadonlyMap<string, number>): string {
  if (failures.size === 0) return ''
  const counted = [...failures]
    .sort(([, a], [, b]) => b - a)
    .map(([failure, count]) => `${count} x ${failure}`)
  return ` (${counted.join(', ')})`
}
