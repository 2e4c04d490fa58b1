import type { CheckOf } from '../../settings/schema.ts'
import { type CountJudge, startJudging } from '../count-judge.ts'
import type { Reading } from '../reading.ts'
import type { Before } from '../statistics/before.ts'
import type { PollCounts } from '../statistics/one-arm.ts'
import type { CheckSurroundings } from './look.ts'

type Judged = Pick<CheckOf<'sentry'>, 'limit' | 'method'>

/** Turns totals, which only grow, into readings. */
export type CountSince = (totals: PollCounts, before?: Before, timesBefore?: number) => Reading

/**
 * Judges what was added to the totals since the last look. Totals that went down were cleared: they start anew.
 * @param fromZero whether the first totals count, too, because they are all of the new release
 */
export function countSince(
  { limit, method }: Judged,
  { alpha, plannedPolls }: CheckSurroundings,
  words: { readonly noun: string; readonly earlier?: string; readonly fromZero: boolean },
): CountSince {
  const { noun, earlier, fromZero } = words
  let last: PollCounts | undefined = fromZero ? { bad: 0, of: 0 } : undefined
  let judge: CountJudge | undefined
  return (totals, before, timesBefore) => {
    const isPossible = totals.bad >= 0 && Number.isFinite(totals.of) && totals.bad <= totals.of
    if (!isPossible) {
      return {
        kind: 'error',
        note: `${totals.bad} bad ones of ${totals.of} ${noun} is impossible: check that "bad" counts a part of "total"`,
      }
    }
    judge ??= startJudging(
      {
        limit,
        method,
        alpha,
        plannedPolls,
        noun,
        ...(earlier !== undefined && { earlier }),
        ...(timesBefore !== undefined && { timesBefore }),
      },
      before,
    )
    const wasCleared = last === undefined || totals.of < last.of || totals.bad < last.bad
    const of = wasCleared || last === undefined ? 0 : totals.of - last.of
    const bad = wasCleared || last === undefined ? 0 : totals.bad - last.bad
    if (bad > of) {
      // the bad ones were counted before the rest was: the next look has both
      return judge.judge({ bad: 0, of: 0 })
    }
    last = totals
    return judge.judge({ bad, of })
  }
}
