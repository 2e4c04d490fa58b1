import type { Check } from '../config/schema.ts'
import { InputError } from '../errors.ts'
import { redact as redactKnown } from '../text/redact.ts'
import type { Look, Surroundings } from './checks/look.ts'
import { prepareCheck } from './checks/prepare.ts'
import { decide } from './decide.ts'
import { describeRound } from './live-line.ts'
import type { Reading } from './reading.ts'
import { type CheckRecord, evidenceOf, type GateReport, keptSamples, reportGate } from './report.ts'
import { addReading, emptyTally } from './tally.ts'

export type { ReasonCode, Verdict } from './decide.ts'
export type { CheckReport, GateReport, SampleReport } from './report.ts'

/** Times in ms. */
export interface WatchInput extends Surroundings {
  readonly checks: readonly Check[]
  readonly windowMs: number
  /** waits; rejects with the signal's reason when it is aborted */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** gets one line a round */
  readonly log: (line: string) => void
  /** takes secrets out of a text that a server wrote; those of the checks' own headers are taken out in any case */
  readonly redact: (text: string) => string
  readonly signal: AbortSignal
}

interface Watched extends CheckRecord {
  readonly look: Look['look']
}

/**
 * Watches production after a deployment and decides whether the deployment hurts it.
 *
 * All checks look at the same moment, every `intervalMs` from the start on; a round that takes longer makes the watch
 * skip the rounds it ran into, never overlap them. The watch ends as soon as it is unhealthy, or when every check has an
 * error that asking again cannot change; else with the last round that fits into `windowMs`, whose looks may still take
 * their time-out. The rule is in `decide`.
 * @throws InputError before the first round, when there is no check or one that can never look
 * @throws the signal's reason, when the caller aborted
 */
export async function watchHealth(input: WatchInput): Promise<GateReport> {
  const { windowMs, intervalMs, now, sleep, log, signal } = input
  const prepared = prepareChecks(input)
  const hide = hideSecrets(input.redact, prepared)
  let watched: readonly Watched[] = prepared.map(({ check, look }) => {
    return { check, look: look.look, looksAt: hide(look.at), tally: emptyTally, samples: [] }
  })

  const startedAt = now()
  for (let rounds = 1, at = startedAt; ; rounds += 1) {
    watched = await Promise.all(watched.map((each) => lookOnce({ watched: each, at, signal, hide })))
    log(describeRound({ records: watched, at }))
    const next = nextRound({ startedAt, intervalMs, after: at, now: now() })
    const isOver = next > startedAt + windowMs || watched.every(isStuck)
    if (decide({ checks: watched.map(evidenceOf), windowOver: isOver }).settled) {
      return reportGate({
        records: watched,
        startedAt,
        endedAt: now(),
        windowMs,
        intervalMs,
        rounds,
        windowOver: isOver,
      })
    }
    await sleep(Math.max(0, next - now()), signal)
    signal.throwIfAborted()
    at = next
  }
}

function prepareChecks(input: WatchInput): readonly { readonly check: Check; readonly look: Look }[] {
  if (input.checks.length === 0) {
    throw new InputError('there is no health check to decide from: add one under health.checks')
  }
  return input.checks.map((check) => ({ check, look: prepareCheck(check, input) }))
}

/** One line, without secrets, and short: an error of a server can be as long as the query. */
function hideSecrets(
  redact: (text: string) => string,
  prepared: readonly { readonly look: Look }[],
): (text: string) => string {
  const secrets = prepared.flatMap(({ look }) => look.secrets)
  return (text) => shorten(redactKnown(redact(text), secrets).replace(/[\s\p{Cc}]+/gu, ' '))
}

function shorten(text: string): string {
  const longest = 500
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}

async function lookOnce(input: {
  readonly watched: Watched
  readonly at: number
  readonly signal: AbortSignal
  readonly hide: (text: string) => string
}): Promise<Watched> {
  const { watched, at, signal, hide } = input
  const found = await watched.look(at, signal)
  const reading: Reading = { ...found, note: hide(found.note) }
  const tally = addReading({ tally: watched.tally, reading, at, limit: watched.check.limit })
  return { ...watched, tally, samples: [...watched.samples, { at, reading }].slice(-keptSamples) }
}

/**
 * The first moment of the grid that is not past. Rounds carry the time of the grid and not of the clock, so that a timer
 * that fires a few ms early or late makes no difference to how long something lasted.
 */
function nextRound(input: {
  readonly startedAt: number
  readonly intervalMs: number
  readonly after: number
  readonly now: number
}): number {
  const { startedAt, intervalMs, after, now } = input
  const steps = Math.max(1, Math.ceil((now - after) / intervalMs))
  return startedAt + (Math.round((after - startedAt) / intervalMs) + steps) * intervalMs
}

function isStuck({ tally }: CheckRecord): boolean {
  return tally.latest?.kind === 'error' && tally.latest.permanent === true
}
