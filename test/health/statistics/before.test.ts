import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type CountJudge, startJudging } from '../../../src/health/count-judge.ts'
import { describeBefore } from '../../../src/health/statistics/before.ts'
import type { PollCounts } from '../../../src/health/statistics/one-arm.ts'
import { binomial, poisson, randomOf } from '../../support/random.ts'

const pollsInWindow = 121
const settings = {
  limit: { max: 0.05 },
  method: 'sequential',
  alpha: 0.01,
  plannedPolls: pollsInWindow,
  noun: 'requests',
} as const

/** Sixty minutes of 50 requests a second and 0.1 % of errors, but for what is named by minute. */
function hourOf(at: (minute: number) => PollCounts | number | undefined, seed = 1): readonly PollCounts[] {
  const random = randomOf(seed)
  return Array.from({ length: 60 }, (_, minute) => {
    const named = at(minute)
    if (typeof named === 'object') return named
    return { bad: binomial(random, 3000, named ?? 0.001), of: 3000 }
  })
}

const between = (from: number, to: number, what: PollCounts | number) => (minute: number) =>
  minute >= from && minute < to ? what : undefined

const clean = hourOf(() => undefined)
const outage = 1

/** What was said last, and after how many minutes it was first called bad. */
function watch(before: readonly PollCounts[], share: number, { traffic = 50, more = {} } = {}) {
  const random = randomOf(7)
  const { judge }: CountJudge = startJudging({ ...settings, ...more }, describeBefore(before))
  let called: number | undefined
  let last = judge({ bad: 0, of: 0 })
  for (let poll = 1; poll < pollsInWindow; poll += 1) {
    const of = poisson(random, traffic * 15)
    last = judge({ bad: binomial(random, of, share), of })
    if (last.call === 'bad') called ??= poll / 4
  }
  return { called, last }
}

describe('an hour with an incident does not blind the gate', () => {
  test.each([
    // three polls; what is less than twenty times the limit takes four
    ['clean', clean, outage, 0.75],
    ['one minute with 2 of 2 failed', hourOf(between(30, 31, { bad: 2, of: 2 })), outage, 0.75],
    ['3 minutes of 6 of 8 failed', hourOf(between(30, 33, { bad: 6, of: 8 })), outage, 1],
    ['5 minutes of total outage', hourOf(between(30, 35, outage)), outage, 0.75],
    ['5 minutes of total outage', hourOf(between(30, 35, outage)), 0.15, 1.25],
    ['5 minutes of total outage, over for 3', hourOf(between(52, 57, outage)), outage, 1],
    ['22 minutes of total outage', hourOf(between(20, 42, outage)), outage, 0.75],
    ['50 minutes of total outage', hourOf(between(2, 52, outage)), outage, 1],
    [
      'two restarts',
      hourOf((m) => between(10, 11, { bad: 40, of: 50 })(m) ?? between(40, 41, { bad: 30, of: 40 })(m)),
      outage,
      1,
    ],
    ['flapping: a minute of outage in ten', hourOf((m) => (m % 10 === 3 ? outage : undefined)), outage, 1.25],
  ] as const)('%s, then the deployment: %#', (_, before, share, within) => {
    const { called, last } = watch(before, share)
    expect(called).toBeLessThanOrEqual(within)
    expect(last.before).toBeUndefined()
    expect(watch(before, share, { more: { timesBefore: 1.25 } }).called).toBeLessThanOrEqual(1.25)
  })

  test.each([
    ['5 minutes of total outage', hourOf(between(30, 35, outage))],
    ['22 minutes of total outage', hourOf(between(20, 42, outage))],
    ['a total outage up to the deployment, which mends it', hourOf(between(50, 60, outage))],
    ['a total outage of all of the hour', hourOf(() => outage)],
    ['flapping', hourOf((m) => (m % 10 === 3 ? outage : undefined))],
  ])('%s, then none of 90,000 fails: healthy', (_, before) => {
    expect(watch(before, 0).last).toMatchObject({ call: 'good' })
  })

  test('a fix is healthy after one poll of 750 good ones, whatever the hour was', () => {
    const { judge } = startJudging(settings, describeBefore(hourOf(between(30, 35, outage))))
    expect(judge({ bad: 0, of: 750 })).toMatchObject({ call: 'good' })
  })
})

describe('an outage that began before the deployment is not its doing', () => {
  test.each([1, 2, 3, 5, 8, 10, 11, 15, 30])('total, since %d minutes before', (minutes) => {
    const { called, last } = watch(hourOf(between(60 - minutes, 60, outage)), outage)
    expect(called).toBeDefined()
    expect(last).toMatchObject({ call: 'bad', before: true })
  })

  test.each([1, 3, 10, 11, 20])('20 %%, since %d minutes before', (minutes) => {
    const { last } = watch(hourOf(between(60 - minutes, 60, 0.2)), 0.2)
    expect(last).toMatchObject({ call: 'bad', before: true })
  })

  test('but one of 20 % that becomes total is', () => {
    const { called, last } = watch(hourOf(between(50, 60, 0.2)), outage)
    expect(called).toBeLessThanOrEqual(1)
    expect(last.before).toBeUndefined()
  })

  test('an incident that ended four minutes before is over, and an outage after it is new', () => {
    const { last } = watch(hourOf(between(46, 56, 0.2)), 0.2)
    expect(last).toMatchObject({ call: 'bad' })
    expect(last.before).toBeUndefined()
  })

  test('one minute of good in an outage does not end it', () => {
    const { last } = watch(
      hourOf((m) => (m === 57 ? undefined : between(50, 60, outage)(m))),
      outage,
    )
    expect(last).toMatchObject({ call: 'bad', before: true })
  })
})

/** Hours of all kinds: quiet, with bursts, flapping, with outages, with little traffic or none. */
const anyHour = fc
  .array(
    fc.record({
      minutes: fc.integer({ min: 1, max: 30 }),
      of: fc.constantFrom(0, 1, 4, 60, 3000, 60_000),
      share: fc.constantFrom(0, 0.001, 0.005, 0.02, 0.3, 1),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((stretches) =>
    stretches
      .flatMap(({ minutes, of, share }) =>
        new Array<PollCounts>(minutes).fill({ bad: Math.round(of * share), of }),
      )
      .slice(-60),
  )

describe('whatever the hour was', () => {
  test('ten times the limit over 200 requests is called within five polls, by its share or as worse than before', () => {
    fc.assert(
      fc.property(anyHour, fc.constantFrom(0.01, 0.02, 0.05, 0.08), (hour, max) => {
        const { judge } = startJudging({ ...settings, limit: { max } }, describeBefore(hour))
        const polls = Array.from({ length: 5 }, () => judge({ bad: Math.round(40 * max * 10), of: 40 }))
        expect(polls.at(-1)?.call).toBe('bad')
      }),
      { seed: 3, numRuns: 2000 },
    )
  })

  test('a total outage takes three polls, where a share under twenty times the limit, or a limit near certainty, takes four', () => {
    // too few errors to show that they do not come in bursts
    const quiet = Array.from({ length: 60 }, (_, minute) => ({ bad: minute % 3 === 0 ? 1 : 0, of: 3000 }))
    const pollsUntil = (max: number, share: number) => {
      const { judge } = startJudging({ ...settings, limit: { max } }, describeBefore(quiet))
      const polls = Array.from({ length: 6 }, () => judge({ bad: Math.round(750 * share), of: 750 }))
      return 1 + polls.findIndex(({ call }) => call === 'bad')
    }
    expect(pollsUntil(0.02, 1)).toBe(3)
    expect(pollsUntil(0.02, 0.1)).toBe(4)
    expect(pollsUntil(0.4, 1)).toBe(4)
  })

  test('bursts of five minutes are no outage, though the first minutes of the hour had none', () => {
    const bursts = [0.2, 0.2, 1.1, 0.7, 3.7, 0.4, 0.6, 0.9, 0.3, 2, 0.7, 0.5]
    const hour = Array.from({ length: 60 }, (_, minute) => ({
      bad: Math.round(6 * (bursts[Math.floor(minute / 5)] ?? 0)),
      of: 6000,
    }))
    const { judge } = startJudging({ ...settings, timesBefore: 1.1 }, describeBefore(hour))
    const after = [0.4, 3.1, 3.8, 1, 2.2, 0.7]
    const polls = after.flatMap((times) =>
      Array.from({ length: 20 }, () => judge({ bad: Math.round(1.5 * times), of: 1500 })),
    )
    expect(polls.some(({ call, before }) => call === 'bad' && before !== true)).toBe(false)
  })

  test('a clean window is healthy once its own interval lies under the limit', () => {
    fc.assert(
      fc.property(anyHour, fc.constantFrom(0.01, 0.05), (hour, max) => {
        const { judge } = startJudging({ ...settings, limit: { max } }, describeBefore(hour))
        // 2.71 / n is the upper end of Wilson's interval of none of n at 95 %
        const of = Math.ceil(2.71 / max)
        expect(judge({ bad: 0, of })).toMatchObject({ call: 'good' })
      }),
      { seed: 4, numRuns: 2000 },
    )
  })

  test('the divisor of evidence and what was left out are finite, and never negative', () => {
    fc.assert(
      fc.property(anyHour, (hour) => {
        const { dispersion, total, outage: ongoing, ended } = describeBefore(hour)
        expect(dispersion).toBeGreaterThanOrEqual(1)
        // an outage says by its own minutes how bursts go only where it is more of the hour than what is usual
        const left = [...ended, ...(ongoing ? [ongoing] : [])].reduce((sum, { minutes }) => sum + minutes, 0)
        const isMostOfHour = ongoing !== undefined && ongoing.minutes > hour.length - left
        const counted = Math.max(total.bad, isMostOfHour ? ongoing.counts.bad : 0)
        // no burst is taken for more than a coefficient of variation of 1, in two cells at least, and counts four times
        expect(dispersion).toBeLessThanOrEqual(1 + 4 * (counted / 2))
        for (const { counts, minutes, minutesAgo } of [
          ...ended,
          ...(ongoing === undefined ? [] : [ongoing]),
        ]) {
          expect(counts.bad / counts.of).toBeGreaterThan(total.of === 0 ? 0 : total.bad / total.of)
          expect(minutes + minutesAgo).toBeLessThanOrEqual(hour.length)
        }
      }),
      { seed: 5, numRuns: 2000 },
    )
  })
})

describe('what is left out', () => {
  test('is said: an incident, how long it was and how long ago', () => {
    const { last } = watch(hourOf(between(30, 35, outage)), outage)
    expect(last.note).toContain('an incident of 5 minutes, 25 minutes before the deployment, is left out')
  })

  test('bursts of minutes are no incidents', () => {
    const hour = hourOf((minute) => (minute % 6 === 0 ? 0.006 : undefined))
    expect(describeBefore(hour).ended).toEqual([])
    expect(describeBefore(hour).dispersion).toBeGreaterThan(3)
  })

  test('a minute with 2 of 2 failed does not make an hour of bursts', () => {
    expect(describeBefore(hourOf(between(30, 31, { bad: 2, of: 2 }))).dispersion).toBeLessThan(3)
  })
})
