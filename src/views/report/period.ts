import { InputError, message, setting } from '../../errors.ts'
import { formatDuration } from '../../text/duration.ts'

export const dayMs = 86_400_000

/** The time that a report is about, in UTC: a day has 24 hours, and no clock is put forward or back. */
export interface Period {
  /** ms since the epoch, in it */
  readonly from: number
  /** ms since the epoch, no longer in it */
  readonly to: number
}

/** Part of a period, for a trend. */
export interface Bucket extends Period {
  /** counted from the newest, 0 */
  readonly index: number
}

/**
 * The period that ends now.
 * @param lengthMs how long it is
 * @throws InputError for less than a day: nothing can be said of it a day
 */
export function periodBefore(now: Date, lengthMs: number): Period {
  if (lengthMs < dayMs)
    throw new InputError(message`${setting('period')} is ${formatDuration(lengthMs)}; write at least 1d`)
  return { from: now.getTime() - lengthMs, to: now.getTime() }
}

export function isIn({ from, to }: Period, at: number): boolean {
  return at >= from && at < to
}

export function lengthOf({ from, to }: Period): number {
  return to - from
}

/** A day up to a month, a week up to 400 days, and 30 days beyond that: as many points as a trend needs, and as a chart shows. */
export function bucketLength(period: Period): number {
  const days = lengthOf(period) / dayMs
  return days <= 31 ? dayMs : days <= 400 ? 7 * dayMs : 30 * dayMs
}

/** The whole buckets of a period, oldest first: laid from its end, so that the newest is whole and what is left over is the oldest. */
export function bucketsOf(period: Period): readonly Bucket[] {
  const length = bucketLength(period)
  const count = Math.floor(lengthOf(period) / length)
  return Array.from({ length: count }, (_, n) => {
    const index = count - 1 - n
    return { index, from: period.to - (index + 1) * length, to: period.to - index * length }
  })
}

/** The calendar month in UTC, such as 2026-11. */
export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7)
}
