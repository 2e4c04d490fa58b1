import { InputError } from '../errors.ts'
import type { Check } from '../settings/schema.ts'
import { redact } from '../text/redact.ts'
import type { Look, Surroundings } from './checks/look.ts'
import { prepareCheck } from './checks/prepare.ts'
import { decide } from './decide.ts'
import { describeRound } from './live-line.ts'
import { type Reading, stateOf, type ValueReading } from './reading.ts'
import { type CheckRecord, keptSamples } from './record.ts'
import { probes, withoutFirstPass } from './refusal.ts'
import { type GateReport, reportGate } from './report.ts'
import { splitAlpha } from './statistics/alpha.ts'
import { addReading, emptyTally } from './tally.ts'
import { secretsOf } from './target.ts'

/** Times in ms. */
export interface WatchInput extends Omit<Surroundings, 'plannedPolls'> {
  readonly checks: readonly Check[]
  /** how long to watch; 0 for one round */
  readonly windowMs: number
  /** chance that a healthy deployment is called bad from counts, whatever the number of looks (0..1) */
  readonly alpha: number
  /** whether to end as soon as all checks count and all are seen to be well */
  readonly healthyEarly: boolean
  /** ends, too, once every check that is not low was within its limit for so long, ms, and those that count are good */
  readonly settledAfterMs?: number
  /**
   * how long before the call the watch begins, of `windowMs`: rounds that are past are looked at now, by those checks whose
   * server remembers them
   */
  readonly lookBackMs?: number
  /** how many checks look at the same moment, at most */
  readonly concurrency?: number
  /** each look of a round begins up to so many ms late, so that many gates do not ask at the same moment */
  readonly jitterMs?: number
  /** from 0 to 1, for the jitter */
  readonly random?: () => number
  /** waits; rejects with the signal's reason when it is aborted */
  readonly sleep: (ms: number) => Promise<void>
  /** gets one line a round */
  readonly log: (line: string) => void
  /** takes secrets out of a text that a server wrote; those of the checks' own headers are taken out in any case */
  readonly redact: (text: string) => string
  readonly signal: AbortSignal
}

const nothing: ReadonlySet<string> = new Set()

interface Watched extends CheckRecord, Pick<Look, 'look' | 'remembers'> {
  /** a look of its own for the `initial-delay`, whose readings are not judged; undefined for what needs no warming up */
  readonly warmUp: Look['look'] | undefined
  /** in this watch, or in this environment before */
  readonly hasPassed: boolean
}

/**
 * Watches production after a deployment and decides whether the deployment hurts it. The rule is in `decide`.
 *
 * All checks look at the same moment, every `intervalMs` from the start on; a round that takes longer makes the watch
 * skip the rounds it ran into, never overlap them. The watch ends as soon as the verdict can no longer change: when it is
 * unhealthy, or no check will ever have a value; else with the last round that fits into `windowMs`, whose looks may
 * still take their time-out.
 * @throws InputError before the first round, when there is no check or one that can never look
 * @throws the signal's reason, when the caller aborted
 */
export async function watchHealth(input: WatchInput): Promise<GateReport> {
  const { checks, windowMs, intervalMs, env, now, sleep, log, signal } = input
  const secrets = secretsOf(checks, env)
  const hide = (text: string) => toShortLine(redact(input.redact(text), secrets))
  let watched = prepareChecks(input, hide)

  // read before the first round, so that no round waits for it
  const passed = (checks.some(({ type }) => probes.has(type)) && (await input.passedBefore?.())) || nothing
  watched = watched.map((each) => ({ ...each, hasPassed: passed.has(each.check.name) }))
  const calledAt = now()
  const startedAt = calledAt - (input.lookBackMs ?? 0)
  const look = async (each: Watched, at: number) => {
    if (at < calledAt && each.remembers !== true) return each
    if (at - startedAt < each.check.initialDelayMs) return warmUp({ watched: each, at, signal, hide })
    return lookOnce({ watched: each, at, signal, hide, needsPass: input.needsPass ?? false })
  }
  for (let rounds = 1, at = startedAt; ; rounds += 1) {
    watched = await lookTogether(watched, (each) => look(each, at), input)
    log(describeRound(watched, at))
    const next = at < calledAt ? at + intervalMs : nextRound({ after: at, intervalMs, now: now() })
    const windowOver =
      next > startedAt + windowMs ||
      watched.every(isHopeless) ||
      (input.healthyEarly && watched.every(isGood)) ||
      watched.every((each) => isSettled(each, input.settledAfterMs))
    const decision = decide({ checks: watched, windowOver })
    if (windowOver || decision.verdict === 'unhealthy') {
      return reportGate({
        records: watched,
        decision,
        startedAt,
        endedAt: now(),
        windowMs,
        intervalMs,
        rounds,
      })
    }
    if (next > now()) await sleep(next - now())
    at = next
  }
}

function prepareChecks(input: WatchInput, hide: (text: string) => string): readonly Watched[] {
  const { checks, windowMs, intervalMs } = input
  if (checks.length === 0) throw new InputError('there is no health check to decide from: add one')
  // a breach can be seen to last until the last round, which is before the window's end where the interval does not divide it
  const longestMs = Math.floor(windowMs / intervalMs) * intervalMs
  const plannedPolls = longestMs / intervalMs + 1
  const alphas = shareAlpha(checks, input.alpha)
  return checks.map((given, index) => {
    // one round alone is no deployment's first: before one, and of production as it is at this moment
    const agreed = windowMs === 0 ? { ...given, initialDelayMs: 0 } : given
    const watchedMs = Math.max(0, longestMs - agreed.initialDelayMs)
    const check = { ...agreed, forMs: Math.min(agreed.forMs, watchedMs), ...persistenceOf(agreed, input) }
    const surroundings = { ...input, plannedPolls, alpha: alphas[index] ?? input.alpha }
    const { at, look, remembers = false } = prepareCheck(check, surroundings)
    const isWarmedUp = check.initialDelayMs > 0 && probes.has(check.type)
    // one that sees no more than the end of the window cannot say that it was beyond its limit for all of it
    const seesEnd = input.lookBackMs !== undefined && input.lookBackMs > 0 && !remembers
    return {
      check: { ...check, ...(seesEnd && { sustainMs: windowMs }) },
      look,
      warmUp: isWarmedUp ? prepareCheck(check, surroundings).look : undefined,
      remembers,
      looksAt: hide(at),
      hasPassed: false,
      tally: emptyTally,
      samples: [],
    }
  })
}

/** Checks that count, and may decide, share the gate's chance of a false alarm; one that is low decides nothing. */
function shareAlpha(checks: readonly Check[], alpha: number): readonly number[] {
  const isSharing = (check: Check) =>
    'method' in check && check.method === 'sequential' && check.severity !== 'low'
  const wanted = checks.filter(isSharing).map((check) => ('alpha' in check ? check.alpha : undefined))
  try {
    const shares = [...splitAlpha(alpha, wanted)]
    return checks.map((check) => (isSharing(check) ? (shares.shift() ?? alpha) : alpha))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InputError(
      `the checks' own alpha leave nothing of the gate's ${alpha} for the others; write smaller ones, or a greater alpha of the gate`,
    )
  }
}

/** Evidence from counts needs no whole window: a high check has to stay two intervals, a medium one half of the window. */
function persistenceOf(check: Check, { intervalMs, windowMs }: WatchInput): { readonly persistMs?: number } {
  if (!('method' in check) || check.method !== 'sequential' || check.severity === 'low') return {}
  return { persistMs: check.severity === 'high' ? 2 * intervalMs : windowMs / 2 }
}

/** All looks of a round, a bounded number of them at a time, in the order of the checks. */
async function lookTogether(
  watched: readonly Watched[],
  look: (each: Watched) => Promise<Watched>,
  { concurrency = watched.length, jitterMs = 0, random = () => 0, sleep }: WatchInput,
): Promise<readonly Watched[]> {
  const looked = [...watched]
  const waiting = watched.entries()
  const lookOneByOne = async () => {
    for (const [index, each] of waiting) {
      if (jitterMs > 0) await sleep(Math.floor(random() * jitterMs))
      looked[index] = await look(each)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, lookOneByOne))
  return looked
}

async function lookOnce(input: {
  readonly watched: Watched
  readonly at: number
  readonly signal: AbortSignal
  readonly hide: (text: string) => string
  readonly needsPass: boolean
}): Promise<Watched> {
  const { watched, at, signal, hide } = input
  const found = applyGapRules(
    evidenceOf(await watched.look(at, signal), watched, input.needsPass),
    watched.check,
  )
  const reading: Reading = found.note === undefined ? found : { ...found, note: hide(found.note) }
  const tally = addReading({ tally: watched.tally, reading, at, limit: watched.check.limit })
  const hasPassed = watched.hasPassed || stateOf(reading, watched.check.limit) === 'ok'
  return { ...watched, hasPassed, tally, samples: [...watched.samples, { at, reading }].slice(-keptSamples) }
}

/**
 * A look during the `initial-delay`: the service gets the same requests as later, so that what is slow or fails only at first does so
 * now. The log shows it; it is not judged, but a probe that passes has passed.
 */
async function warmUp({
  watched,
  at,
  signal,
  hide,
}: {
  readonly watched: Watched
  readonly at: number
  readonly signal: AbortSignal
  readonly hide: (text: string) => string
}): Promise<Watched> {
  const found = await watched.warmUp?.(at, signal)
  if (found === undefined) return watched
  const reading: Reading = found.note === undefined ? found : { ...found, note: hide(found.note) }
  const hasPassed = watched.hasPassed || stateOf(reading, watched.check.limit) === 'ok'
  return { ...watched, hasPassed, warming: reading }
}

/** A failed probe is evidence only of what has been seen to pass: in this watch, or before in this environment. */
function evidenceOf(reading: Reading, { check, hasPassed: passed }: Watched, needsPass: boolean): Reading {
  const isFailedProbe =
    probes.has(check.type) && reading.kind === 'value' && stateOf(reading, check.limit) === 'breached'
  return isFailedProbe ? withoutFirstPass(reading, { passed, needsPass }) : reading
}

/**
 * The first moment of the grid that is not past. Rounds carry the time of the grid and not of the clock, so that a timer
 * that fires a few ms early or late makes no difference to how long something lasted.
 */
function nextRound({
  after,
  intervalMs,
  now,
}: {
  readonly after: number
  readonly intervalMs: number
  readonly now: number
}): number {
  return after + Math.max(1, Math.ceil((now - after) / intervalMs)) * intervalMs
}

/** What the check's own rules make of a round without a value. */
function applyGapRules(found: Reading, { onError, onNoData }: Check): Reading {
  let reading = found
  if (reading.kind === 'error' && onError === 'fail') return asFailure(reading.note)
  if (reading.kind === 'error' && onError === 'ignore') reading = { kind: 'no-data', note: reading.note }
  if (reading.kind !== 'no-data' && !(reading.kind === 'value' && isNoNumber(reading))) return reading
  const note = reading.note ?? 'the value is not a number'
  if (onNoData === 'fail') return asFailure(note)
  return onNoData === 'pass'
    ? { kind: 'value', value: Number.NaN, call: 'good', note: `no data, which is fine here: ${note}` }
    : reading
}

function isNoNumber({ value, call }: ValueReading): boolean {
  return Number.isNaN(value) && call === undefined
}

function asFailure(note: string): ValueReading {
  return {
    kind: 'value',
    value: Number.NaN,
    call: 'bad',
    note: `no value, which counts as a failure here: ${note}`,
  }
}

/** True for a check that counts, and whose counts say that all is well. */
function isGood({ check, tally }: CheckRecord): boolean {
  return 'method' in check && check.method === 'sequential' && tally.lastValue?.call === 'good'
}

/** True for a check that was within its limit for so long without a break, up to now; one that counts has to be good. */
function isSettled({ check, tally, samples }: CheckRecord, afterMs: number | undefined): boolean {
  if (afterMs === undefined) return false
  if (check.severity === 'low') return true
  if (tally.serves !== undefined) return false
  const isCounting = tally.lastValue?.call !== undefined
  if (isCounting && tally.lastValue?.call !== 'good') return false
  const broken = samples.findLastIndex(({ reading }) => stateOf(reading, check.limit) !== 'ok')
  const [first, last] = [samples[broken + 1], samples.at(-1)]
  return first !== undefined && last !== undefined && last.at - first.at >= afterMs
}

/** True for a check that never had a value and has an error that asking again will not change. */
function isHopeless({ tally: { withValue, lastGap } }: CheckRecord): boolean {
  return withValue === 0 && lastGap?.kind === 'error' && lastGap.permanent === true
}

/** One line, and short: an error of a server can be as long as the query. */
function toShortLine(text: string): string {
  const longest = 500
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ')
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`
}
