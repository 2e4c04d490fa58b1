import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { countIncrease } from '../../src/health/checks/prometheus/counter-increase.ts'
import { startJudging } from '../../src/health/count-judge.ts'
import { splitAlpha } from '../../src/health/statistics/alpha.ts'
import { describeBefore } from '../../src/health/statistics/before.ts'
import type { PollCounts } from '../../src/health/statistics/one-arm.ts'

const settings = {
  limit: { max: 0.05 },
  method: 'sequential',
  alpha: 0.01,
  plannedPolls: 21,
  noun: 'requests',
} as const

function judgeAll(polls: readonly PollCounts[], minutesBefore: readonly PollCounts[] = []) {
  const { judge } = startJudging(settings, describeBefore(minutesBefore))
  return polls.map((counts) => judge(counts))
}

const times = (n: number, counts: PollCounts) => new Array<PollCounts>(n).fill(counts)

describe('a counter', () => {
  const at = (value: number, labels: Record<string, string> = { instance: 'a' }) => [{ labels, value }]
  const increaseOf = (...looks: readonly ReturnType<typeof at>[]) => {
    let state: ReturnType<typeof countIncrease>['state'] | undefined
    return looks.map((series) => {
      const counted = countIncrease(state, series)
      state = counted.state
      return counted.increase
    })
  }

  test('counts from the first look on', () => {
    expect(increaseOf(at(100), at(100), at(107))).toEqual([0, 0, 7])
  })
  test('that was not there at the first look counts from zero: the first error ever is seen', () => {
    expect(increaseOf([], at(1), at(3))).toEqual([0, 1, 2])
  })
  test('that was reset counts from zero', () => {
    expect(increaseOf(at(100), at(4))).toEqual([0, 4])
  })
  test('that is a sum, and lower because one of its parts went away, starts anew', () => {
    expect(increaseOf(at(1000, {}), at(900, {}), at(905, {}))).toEqual([0, 0, 5])
  })
  test('that is away for a while is remembered', () => {
    expect(increaseOf(at(100), [], at(103))).toEqual([0, 0, 3])
  })
  test('of several instances is that of each', () => {
    const both = (a: number, b: number) => [...at(a), ...at(b, { instance: 'b' })]
    expect(increaseOf(both(10, 50), both(12, 3))).toEqual([0, 5])
  })
  test('that is not a number is passed over', () => {
    expect(increaseOf(at(5), at(Number.NaN), at(6))).toEqual([0, 0, 1])
  })
})

describe('what counts say', () => {
  test('20 % at 50 a second is called bad with the first poll', () => {
    const [first] = judgeAll([{ bad: 50, of: 250 }])
    expect(first).toMatchObject({ call: 'bad', value: 0.2, note: '50 of 250 requests' })
  })

  test('nothing is open, and so is too little, which says what it could have shown', () => {
    const [nothing, little] = judgeAll([
      { bad: 0, of: 0 },
      { bad: 0, of: 12 },
    ])
    expect(nothing).toMatchObject({ call: 'open', counts: { bad: 0, of: 0 } })
    expect(little?.call).toBe('open')
    expect(little?.note).toMatchInlineSnapshot(
      `"0 of 12 requests, enough to detect 50 %; would have needed 44 more requests to detect a doubling"`,
    )
  })

  test('few that are above the limit are not called too near it, nor too few to see anything', () => {
    for (const counts of [
      { bad: 1, of: 1 },
      { bad: 2, of: 2 },
      { bad: 1, of: 3 },
    ]) {
      const { call, note } = startJudging(settings, undefined).judge(counts)
      expect({ call, note }).toEqual({
        call: 'open',
        note: `${counts.bad} of ${counts.of} requests, above the limit, but too few requests to rule out chance`,
      })
    }
  })

  test('enough good ones are good', () => {
    expect(judgeAll(times(10, { bad: 0, of: 12 })).at(-1)).toMatchObject({ call: 'good' })
  })

  test('what was called bad is not taken back, but marked as recovering', () => {
    const after = judgeAll([{ bad: 50, of: 250 }, ...times(10, { bad: 0, of: 5000 })]).at(-1)
    expect(after).toMatchObject({ call: 'bad', recovering: true })
  })

  test('what was as bad before the deployment says so', () => {
    const before = times(60, { bad: 60, of: 600 })
    expect(judgeAll(times(5, { bad: 25, of: 250 }), before).at(-1)).toMatchObject({
      call: 'bad',
      before: true,
    })
  })

  test('unless it is worse than twice that', () => {
    const before = times(60, { bad: 60, of: 600 })
    const after = judgeAll(times(5, { bad: 125, of: 250 }), before).at(-1)
    expect(after).toMatchObject({ call: 'bad' })
    expect(after?.before).toBeUndefined()
  })

  test('what was as bad in the last minutes before the deployment alone says so, too, be the limit fixed or not', () => {
    const before = [...times(52, { bad: 6, of: 600 }), ...times(8, { bad: 120, of: 600 })]
    for (const more of [{}, { timesBefore: 1.25 }]) {
      const { judge } = startJudging({ ...settings, ...more }, describeBefore(before))
      const judged = times(5, { bad: 50, of: 250 }).map((counts) => judge(counts))
      expect(judged.at(-1)).toMatchObject({ call: 'bad', before: true })
    }
  })

  test.each([
    [2, true],
    [5, true],
    [8, false],
  ])(
    '14e: errors that began %d minutes before the deployment may be its own, where its time was noted late: said %s',
    (minutes, isSaid) => {
      const before = [...times(60 - minutes, { bad: 6, of: 600 }), ...times(minutes, { bad: 300, of: 600 })]
      const reading = judgeAll(times(5, { bad: 125, of: 250 }), before).at(-1)
      expect(reading).toMatchObject({ call: 'bad', before: true })
      const said = `which began ${minutes} minutes before \`deployed-at\`: if the deployment began by then, it may be the cause`
      expect(reading?.note?.includes(said)).toBe(isSaid)
    },
  )

  test('a burst that is like those of before is not called bad, without them it would be', () => {
    const burst = [...times(4, { bad: 5, of: 500 }), { bad: 60, of: 500 }, ...times(4, { bad: 5, of: 500 })]
    const minutes = Array.from({ length: 60 }, (_, minute) =>
      minute % 10 === 0 ? { bad: 240, of: 2000 } : { bad: 20, of: 2000 },
    )
    expect(judgeAll(burst).at(-1)?.call).toBe('bad')
    const tempered = judgeAll(burst, minutes).at(-1)
    expect(tempered?.call).not.toBe('bad')
    expect(tempered?.note).toContain('because errors came in bursts before')
  })

  test('the limit may be so many times the share of the hour before', () => {
    const before = describeBefore(times(60, { bad: 1, of: 1000 }))
    const { judge } = startJudging({ ...settings, timesBefore: 1.25 }, before)
    const reading = judge({ bad: 15, of: 1000 })
    expect(reading).toMatchObject({ call: 'bad' })
    expect(reading.note).toMatch(/^15 of 1000 requests, limit 0\.1\d* % from the hour before/)
    expect(judgeAll([{ bad: 15, of: 1000 }])[0]?.call).not.toBe('bad')
  })

  test('by threshold they are the share of the last poll', () => {
    const { judge } = startJudging({ ...settings, method: 'threshold' }, undefined)
    expect(judge({ bad: 5, of: 10 })).toMatchObject({ value: 0.5, counts: { bad: 5, of: 10 } })
    expect(judge({ bad: 0, of: 10 })).toMatchObject({ value: 0, counts: { bad: 5, of: 20 } })
    expect(judge({ bad: 0, of: 0 }).value).toBeNaN()
  })
})

describe("the gate's chance of a false alarm", () => {
  test('is split evenly over what is not asked for', () => {
    expect(splitAlpha(0.01, [undefined, 0.004, undefined])).toEqual([0.003, 0.004, 0.003])
  })
  test('is never exceeded', () => {
    const wanted = fc.array(fc.option(fc.double({ min: 0.0001, max: 0.02, noNaN: true }), { nil: undefined }))
    fc.assert(
      fc.property(wanted, (asked) => {
        try {
          expect(splitAlpha(0.01, asked).reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(
            0.01 + 1e-9,
          )
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
          expect(asked.reduce<number>((sum, each) => sum + (each ?? 0), 0)).toBeGreaterThan(0.0099)
        }
      }),
    )
  })
})
