import type { NoAnswer } from '../../../http/no-answer.ts'
import { type Answer, request } from '../../../http/request.ts'
import { openSocketFetch } from '../../../http/socket-fetch.ts'
import type { HttpCheck } from '../../../settings/schema.ts'
import { isWithin } from '../../limit.ts'
import type { Counts, Reading, Refusal, Serves } from '../../reading.ts'
import { findRefusal } from '../../refusal.ts'
import type { Subject } from '../../subject.ts'
import { identity, resolveTarget } from '../../target.ts'
import { quantile } from '../../value.ts'
import type { Look, Surroundings } from '../look.ts'
import { findFault } from './expectation.ts'
import { describeCache, findServed, type Served } from './served-revision.ts'

const maxBodyBytes = 1024 * 1024

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
  let answered: readonly Served[] = []
  let certificateEndsAt: number | undefined
  const { ip, expect } = check
  // the platform's own fetch says nothing of the connection
  const ask =
    ip === undefined && expect.certificateValidForMs === undefined
      ? fetch
      : openSocketFetch({
          ...(ip !== undefined && { family: ip }),
          onCertificate: (endsAt) => {
            certificateEndsAt = Math.min(endsAt, certificateEndsAt ?? endsAt)
          },
        })

  return {
    at: target.shownUrl,
    look: async (at, signal): Promise<Reading> => {
      certificateEndsAt = undefined
      const outcome = await request({
        ...target,
        headers: { ...identity, ...target.headers },
        fetch: ask,
        ...(check.method !== undefined && { method: check.method }),
        ...(check.body !== undefined && { body: check.body }),
        now,
        signal,
        timeoutMs,
        maxBytes: maxBodyBytes,
        maxRedirects: check.redirects,
        ...(expect.status && { wantedStatus: expect.status }),
      })
      if (outcome.kind === 'no-answer' && !outcome.isOutage) {
        return { kind: 'error', note: `${target.shownUrl} could not be probed: ${outcome.detail}` }
      }
      const served = servedBy(outcome, check, surroundings.subject)
      if (served !== undefined && served.kind !== 'unknown')
        answered = [...answered, served].slice(-remembered)
      const others = answered.filter((each): each is Served & { kind: 'other' } => each.kind === 'other')
      const serves = others.length === 0 ? undefined : others.length === answered.length ? 'other' : 'mixed'
      const cached = outcome.kind === 'answer' ? describeCache(outcome) : undefined
      const remarks = [
        ...(serves === undefined
          ? []
          : [describeServes(serves, others.at(-1)?.revision ?? '', surroundings)]),
        ...(cached === undefined ? [] : [cached]),
      ]
      if (served?.kind === 'other' && recent.length === 0 && serves !== undefined)
        return { kind: 'no-data', note: remarks.join(', '), serves }
      const refusal = refusalOf(outcome, check)
      // what another revision answers says nothing of the deployed one
      const probe =
        served?.kind === 'other' ? undefined : judgeOutcome(outcome, expect, { at, certificateEndsAt })
      if (probe === undefined) {
        return {
          kind: 'value',
          value: measure(recent),
          recovering: true,
          ...(serves !== undefined && { serves }),
          ...describeCounts(failures, probes, remarks),
        }
      }
      if (served?.kind === 'unknown' && probe.failure === undefined)
        return {
          kind: 'no-data',
          note: 'a good answer does not name the revision that `expect.revision` looks for',
        }
      probes += 1
      recent = [...recent.filter((earlier) => earlier.at > at - stretchMs), probe]
      if (probe.failure !== undefined) failures.set(probe.failure, (failures.get(probe.failure) ?? 0) + 1)
      return {
        kind: 'value',
        value: measure(recent),
        recovering: isWithin(measure([probe]), check.limit),
        ...(refusal !== undefined && probe.failure !== undefined && { refusal }),
        ...(serves !== undefined && { serves }),
        ...describeCounts(failures, probes, remarks),
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

/** so many of the last answers show whether a rollout is still in progress */
const remembered = 4

function servedBy(
  outcome: Answer | NoAnswer,
  { expect }: HttpCheck,
  subject: Subject | undefined,
): Served | undefined {
  if (expect.revision === undefined || subject === undefined || outcome.kind !== 'answer') return undefined
  return findServed(outcome, expect.revision, subject)
}

function describeServes(serves: Serves, other: string, { subject }: Surroundings): string {
  const wanted = subject?.revisions[0]?.slice(0, 7)
  const which = wanted === undefined ? `${other}, which was rolled back` : `${other} and not ${wanted}`
  return serves === 'other' ? `it serves ${which}` : `some answers are of ${which}`
}

function refusalOf(outcome: Answer | NoAnswer, { method, expect }: HttpCheck): Refusal | undefined {
  if (outcome.kind === 'answer') return findRefusal(outcome, { method, wanted: expect.status })
  return outcome.isRefused === true ? { how: outcome.detail, isOnlyOfRunner: false } : undefined
}

function judgeOutcome(
  outcome: Answer | NoAnswer,
  expect: HttpCheck['expect'],
  seen: { readonly at: number; readonly certificateEndsAt: number | undefined },
): Probe {
  const { at } = seen
  const never = Number.POSITIVE_INFINITY
  if (outcome.kind === 'no-answer') return { at, failure: outcome.detail, latencyMs: never }
  const fault = findFault(outcome, expect, seen)
  const isRight = fault === undefined || fault.isLate === true
  return { at, failure: fault?.failure, latencyMs: isRight ? outcome.latencyMs : never }
}

function describeCounts(
  failures: ReadonlyMap<string, number>,
  probes: number,
  remarks: readonly string[],
): { readonly counts: Counts; readonly note: string } {
  const byCount = [...failures].sort(([, a], [, b]) => b - a)
  const bad = byCount.reduce((sum, [, count]) => sum + count, 0)
  const reasons = byCount.map(([failure, count]) => `${count} × ${failure}`).join(', ')
  const failed = `${bad} of ${probes} probes failed${bad === 0 ? '' : `: ${reasons}`}`
  return { counts: { bad, of: probes }, note: [failed, ...remarks].join(', ') }
}
