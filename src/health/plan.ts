import { InputError, message, setting } from '../errors.ts'
import { parseChecks, parseUrlCheck } from '../settings/parse.ts'
import type { Check, Config } from '../settings/schema.ts'
import { formatDuration, parseDuration } from '../text/duration.ts'
import { parseMoment } from '../text/time.ts'

/** What is to be watched, and how. Times in ms. */
export interface WatchPlan {
  readonly checks: readonly Check[]
  readonly windowMs: number
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly alpha: number
  readonly healthyEarly: boolean
  readonly jitterMs: number
  readonly concurrency: number
  /** the window is shorter than was asked for, so that the verdict is out in time */
  readonly cut: boolean
}

/** What the caller asks for beside the settings; '' and undefined where it does not. */
export interface Wishes {
  /** an address that has to answer */
  readonly url: string
  /** checks in YAML, in the place of those of the settings */
  readonly checks: string
  readonly windowMs: number | undefined
  readonly intervalMs: number | undefined
  /** how long all of it may take, at most */
  readonly longestMs?: number | undefined
}

/**
 * When the deployment began, ms since the epoch; undefined where nobody says. The event's own word may be a little ahead
 * of this machine's clock.
 * @throws InputError for an input that is no time, has no zone, or is to come
 */
export function readDeployedAt(wish: string, event: string | undefined, now: number): number | undefined {
  if (wish === '') {
    const told = Date.parse(event ?? '')
    return Number.isFinite(told) ? Math.min(told, now) : undefined
  }
  const at = parseMoment(wish)
  if (at <= now) return at
  throw new InputError(
    message`${setting('deployed-at')} is "${wish}"; write a time in the past with its zone, such as 2026-11-24T12:00:00Z`,
  )
}

type Rounds = Pick<WatchPlan, 'windowMs' | 'intervalMs'>

/** What it takes to decide and report once the last look has ended. */
const reserveMs = 30_000

/** The bounds that the settings have, too. */
const shortestIntervalMs = 100
const longestWindowMs = parseDuration('6h')

/**
 * Puts the settings and the caller's wishes together.
 * @throws InputError when nothing is left to check, or the wishes cannot be read or do not fit together
 */
export function planWatch(settings: Config['health'], wishes: Wishes): WatchPlan {
  const asked = wishes.windowMs ?? settings.windowMs
  const windowMs = fitWindow(asked, settings.timeoutMs, wishes.longestMs)
  const intervalMs = wishes.intervalMs ?? settings.intervalMs
  refuseBadRounds({ windowMs, intervalMs })
  const rounds = { windowMs, intervalMs }
  const listed =
    wishes.checks === ''
      ? settings.checks
      : parseChecks({ text: wishes.checks, file: setting('health.checks'), ...rounds })
  const checks = [
    ...listed,
    ...(wishes.url === '' ? [] : parseUrlCheck({ url: wishes.url, setting: setting('url'), ...rounds })),
  ]
  if (checks.length === 0) {
    throw new InputError(
      message`there is nothing to check: set ${setting('url')} to an address that has to answer, such as https://example.com/, or add checks under ${setting('health.checks')}`,
    )
  }
  if (new Set(checks.map(({ name }) => name)).size < checks.length) {
    throw new InputError(
      message`a check is named "url", which is the name of the check of ${setting('url')}; rename it, or remove ${setting('url')}`,
    )
  }
  const { alpha, healthyEarly, jitterMs, concurrency } = settings
  return {
    checks,
    windowMs,
    intervalMs,
    timeoutMs: Math.min(settings.timeoutMs, windowMs),
    alpha,
    healthyEarly,
    jitterMs: Math.min(jitterMs, intervalMs),
    concurrency,
    cut: windowMs < asked,
  }
}

/** The last round may take its time-out, and what comes after it takes a while, too. */
function fitWindow(windowMs: number, timeoutMs: number, longestMs: number | undefined): number {
  if (longestMs === undefined) return windowMs
  const leftMs = longestMs - timeoutMs - reserveMs
  if (leftMs > 0) return Math.min(windowMs, leftMs)
  throw new InputError(
    message`${setting('max-duration')} leaves ${formatDuration(longestMs)}, and one round of checks and the report take up to ${formatDuration(timeoutMs + reserveMs)}; write more`,
  )
}

function refuseBadRounds({ windowMs, intervalMs }: Rounds): void {
  if (intervalMs < shortestIntervalMs) {
    throw new InputError(
      message`${setting('health.interval')} is ${formatDuration(intervalMs)}; write at least ${formatDuration(shortestIntervalMs)}`,
    )
  }
  if (windowMs > longestWindowMs) {
    throw new InputError(
      message`${setting('health.window')} is ${formatDuration(windowMs)}; write at most ${formatDuration(longestWindowMs)}`,
    )
  }
  if (intervalMs > windowMs) {
    throw new InputError(
      message`${setting('health.interval')} is ${formatDuration(intervalMs)}, which is longer than the window of ${formatDuration(windowMs)}; write a shorter interval, or a longer ${setting('health.window')}`,
    )
  }
}
