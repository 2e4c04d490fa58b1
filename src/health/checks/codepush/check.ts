import { z } from 'zod'
import { request } from '../../../http/request.ts'
import type { CheckOf } from '../../../settings/schema.ts'
import type { GapReading, Reading } from '../../reading.ts'
import { describeBefore } from '../../statistics/before.ts'
import type { PollCounts } from '../../statistics/one-arm.ts'
import { identity, resolveTarget, type Target } from '../../target.ts'
import { type Answered, askJson } from '../ask-json.ts'
import { type CountSince, countSince } from '../count-since.ts'
import type { CheckSurroundings, Look } from '../look.ts'

const count = z.number().int().min(0).default(0)
/** null is what one server says of an app or deployment that it does not have */
const metricsSchema = z.object({
  metrics: z.record(z.string(), z.object({ installed: count, failed: count })).nullable(),
})
const historySchema = z.object({
  history: z.array(
    z.object({ label: z.string().regex(/^v\d+$/), appVersion: z.string(), packageHash: z.string() }),
  ),
})
/** How lisong's server answers a request without a key; with status 200. */
const lisongSchema = z.object({ name: z.literal('UnauthorizedError') })

/** How many times as often as the label before the new one may fail. */
const timesBefore = 1.25

interface Labels {
  readonly label: string
  /** the one before it; undefined where there is none to compare with */
  readonly before: string | undefined
}

/** What is found out once. */
interface Known {
  readonly labels: Labels
  readonly isFailedInstalled: boolean
  readonly judge: CountSince
}

/**
 * Counts the failed of all installs of a label. They are totals of the label, without a time: the first look has all.
 * A server whose store of metrics is off has none, which is no data and not health. A failed install is an update that
 * the device took back, and no crash.
 * @throws InputError for a bad address or an unset secret
 */
export function prepareCodePushCheck(check: CheckOf<'codepush'>, surroundings: CheckSurroundings): Look {
  const target = resolveTarget(check, surroundings.env)
  const { app, deployment } = check
  const path = `/apps/${encodeURIComponent(app)}/deployments/${encodeURIComponent(deployment)}`
  let known: Known | undefined
  const find = async (signal: AbortSignal): Promise<Answered<Known> | GapReading> => {
    const labels = await findLabels(check, { target, surroundings, signal, path })
    if (labels.kind !== 'answered') return labels
    const counted = await countsFailedAsInstalled(target, surroundings, signal)
    if (counted.kind !== 'answered') return counted
    const { label, before } = labels.value
    const words = { noun: `installs of ${label}`, ...(before !== undefined && { earlier: before }) }
    const judge = countSince(check, surroundings, { ...words, fromZero: true })
    return { kind: 'answered', value: { labels: labels.value, isFailedInstalled: counted.value, judge } }
  }
  return {
    at: `${check.label ?? 'the newest release'} of ${app}/${deployment} at ${target.shownUrl}`,
    look: async (_at, signal): Promise<Reading> => {
      const answer = await askJson({
        target,
        surroundings,
        signal,
        path: `${path}/metrics`,
        schema: metricsSchema,
        service: 'the CodePush server',
      })
      if (answer.kind !== 'answered') return answer
      const { metrics } = answer.value
      if (metrics === null) {
        const note = `the CodePush server has no deployment ${deployment} of an app ${app} that the token may see`
        return { kind: 'error', note, permanent: true }
      }
      if (Object.keys(metrics).length === 0)
        return {
          kind: 'no-data',
          note: 'the CodePush server has no metrics at all: check that its Redis is running',
        }
      if (known === undefined) {
        const found = await find(signal)
        if (found.kind !== 'answered') return found
        known = found.value
      }
      const { labels, isFailedInstalled, judge } = known
      const countsOf = (label: string | undefined): PollCounts | undefined => {
        const counts = label !== undefined && Object.hasOwn(metrics, label) ? metrics[label] : undefined
        if (counts === undefined) return undefined
        const { installed, failed } = counts
        return { bad: failed, of: isFailedInstalled ? installed : installed + failed }
      }
      const now = countsOf(labels.label)
      if (now === undefined)
        return { kind: 'no-data', note: `the CodePush server has no metrics of ${labels.label}` }
      const earlier = countsOf(labels.before)
      return earlier === undefined ? judge(now) : judge(now, describeBefore([earlier]), timesBefore)
    },
  }
}

/** Those that are named, else the newest release and the one before it for the same binaries. */
async function findLabels(
  { label, labelBefore }: CheckOf<'codepush'>,
  { path, ...asked }: { target: Target; surroundings: CheckSurroundings; signal: AbortSignal; path: string },
): Promise<Answered<Labels> | GapReading> {
  if (label !== undefined) return { kind: 'answered', value: { label, before: labelBefore } }
  const answer = await askJson({
    ...asked,
    path: `${path}/history`,
    schema: historySchema,
    service: 'the CodePush server',
  })
  if (answer.kind !== 'answered') return answer
  // one server lists the newest first, the other last
  const releases = answer.value.history.toSorted((a, b) => numberOf(b.label) - numberOf(a.label))
  const [newest] = releases
  if (newest === undefined) return { kind: 'no-data', note: 'the CodePush server has no release yet' }
  const before = releases.find(
    ({ appVersion, packageHash }) => appVersion === newest.appVersion && packageHash !== newest.packageHash,
  )
  return { kind: 'answered', value: { label: newest.label, before: labelBefore ?? before?.label } }
}

function numberOf(label: string): number {
  return Number(label.slice(1))
}

/** lisong's server counts an update that failed as installed, too; Microsoft's as one or the other. */
async function countsFailedAsInstalled(
  { url, shownUrl, secretHeaders }: Target,
  { fetch, now, timeoutMs }: CheckSurroundings,
  signal: AbortSignal,
): Promise<Answered<boolean> | GapReading> {
  const address = new URL(url)
  address.pathname = `${address.pathname.replace(/\/+$/, '')}/authenticated`
  const outcome = await request({
    fetch,
    now,
    signal,
    timeoutMs,
    url: address,
    headers: { ...identity, accept: 'application/json' },
    secretHeaders,
    maxBytes: 10_000,
    maxRedirects: 0,
  })
  if (outcome.kind === 'no-answer')
    return { kind: 'error', note: `${shownUrl} could not be queried: ${outcome.detail}` }
  return { kind: 'answered', value: isLisong(outcome.body) }
}

function isLisong(body: string): boolean {
  try {
    return lisongSchema.safeParse(JSON.parse(body)).success
  } catch {
    return false
  }
}
