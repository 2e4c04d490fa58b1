import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { describeBefore } from '../../../src/health/statistics/before.ts'
import { logEvidence } from '../../../src/health/statistics/mixture.ts'
import {
  addCounts,
  callOf,
  detectableMultiple,
  emptyOneArm,
  logEvidenceOf,
  type PollCounts,
  planOneArm,
  requestsToGood,
} from '../../../src/health/statistics/one-arm.ts'
import { addTraffic, emptyTraffic, isLost } from '../../../src/health/statistics/traffic-loss.ts'
import { addPair, emptyTwoArm, isWorse } from '../../../src/health/statistics/two-arm.ts'
import { binomial, randomOf } from '../../support/random.ts'
import { type SimulationResult, simulations } from './simulations.ts'

const settings = {
  limit: 0.02,
  alpha: 0.01,
  beta: 0.05,
  detect: 2,
  plannedPolls: 60,
  dispersion: 1,
}
const plan = planOneArm(settings)

const judge = (polls: readonly PollCounts[], by = plan) =>
  polls.reduce((state, counts) => addCounts(state, counts, by), emptyOneArm)

/** The greatest count that a chance of `alpha` brings in so many gates but once in a thousand times. */
const allowed = (gates: number, alpha: number) => gates * alpha + 3.1 * Math.sqrt(gates * alpha * (1 - alpha))

describe('false alarms at the limit itself, over 20,000 gates', () => {
  let results: readonly SimulationResult[]
  beforeAll(async () => {
    results = await simulate()
  })

  test.each(simulations.map(({ name }) => name))('%s are at most alpha', (name) => {
    const { gates, alpha, alarms } = results.find((each) => each.name === name) ?? {
      gates: 0,
      alpha: 0,
      alarms: 1,
    }
    expect(gates).toBe(20_000)
    expect(alarms).toBeLessThanOrEqual(allowed(gates, alpha))
  })
})

/** In a process of their own, beside the tests of other files. */
async function simulate(): Promise<readonly SimulationResult[]> {
  const script = new URL('simulations.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [script])
  return JSON.parse(stdout)
}

describe('what is bad is found', () => {
  test.each([
    // requests a poll, share, polls until it is called in half of the gates, at most
    { perPoll: 3, share: 0.2, within: 12 },
    { perPoll: 15, share: 0.06, within: 20 },
    { perPoll: 150, share: 0.06, within: 3 },
    { perPoll: 750, share: 0.2, within: 1 },
  ])('$perPoll requests a poll, $share bad, in $within polls', ({ perPoll, share, within }) => {
    const random = randomOf(4)
    const by = planOneArm({ ...settings, plannedPolls: 120 })
    let found = 0
    for (let gate = 0; gate < 400; gate += 1) {
      let state = emptyOneArm
      for (let poll = 0; poll < within; poll += 1) {
        state = addCounts(state, { bad: binomial(random, perPoll, share), of: perPoll }, by)
        if (callOf(state, by) === 'bad') {
          found += 1
          break
        }
      }
    }
    expect(found).toBeGreaterThanOrEqual(200)
  })

  test('also after a long good time', () => {
    const good = new Array<PollCounts>(60).fill({ bad: 1, of: 150 })
    const by = planOneArm({ ...settings, plannedPolls: 120 })
    expect(callOf(judge(good, by), by)).toBe('good')
    expect(
      callOf(judge([...good, { bad: 10, of: 150 }, { bad: 11, of: 150 }, { bad: 9, of: 150 }], by), by),
    ).toBe('bad')
  })

  test('in the worse one of two', () => {
    const by = { tolerance: 1, alpha: 0.01, plannedPolls: 10 }
    const pair = { suspect: { bad: 5, of: 50 }, control: { bad: 1, of: 450 } }
    const after = (polls: number) =>
      new Array(polls).fill(pair).reduce((state) => addPair(state, pair, by), emptyTwoArm)
    expect(isWorse(after(2), by)).toBe(true)
    expect(isWorse(emptyTwoArm, by)).toBe(false)
  })

  test('when the traffic goes away', () => {
    const by = { least: 5, alpha: 0.01, plannedPolls: 10, dispersion: 1 }
    expect(isLost(addTraffic(emptyTraffic, 0, 15, by), by)).toBe(true)
    expect(isLost(addTraffic(emptyTraffic, 75, 15, by), by)).toBe(false)
  })
})

const polls = fc.array(
  fc.nat(2000).chain((of) => fc.record({ of: fc.constant(of), bad: fc.nat(of) })),
  { minLength: 1, maxLength: 30 },
)
const plans = fc
  .record({
    limit: fc.constantFrom(0, 0.001, 0.02, 0.05, 0.5, 0.9, 0.97, 1 - 1e-9),
    alpha: fc.constantFrom(0.05, 0.01, 0.0001),
    beta: fc.constant(0.05),
    detect: fc.constantFrom(1.5, 2, 5),
    plannedPolls: fc.integer({ min: 1, max: 60 }),
    dispersion: fc.constantFrom(1, 2.5, 80),
  })
  .map(planOneArm)

describe('whatever is counted', () => {
  test('more bad ones are never less evidence', () => {
    fc.assert(
      fc.property(polls, plans, fc.nat(), (seen, by, which) => {
        const worse = seen.map((counts, index) =>
          index === which % seen.length ? { ...counts, bad: Math.min(counts.of, counts.bad + 1) } : counts,
        )
        expect(logEvidenceOf(judge(worse, by), by)).toBeGreaterThanOrEqual(
          logEvidenceOf(judge(seen, by), by) - 1e-6,
        )
      }),
    )
  })

  test('nothing is said of nothing', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 100 }), (by, rounds) => {
        const state = judge(new Array<PollCounts>(rounds).fill({ bad: 0, of: 0 }), by)
        expect(callOf(state, by)).toBe('open')
        expect(logEvidenceOf(state, by)).toBeCloseTo(0, 9)
      }),
    )
  })

  test('a thousand million requests are as good as any', () => {
    fc.assert(
      fc.property(plans, fc.constantFrom(0, 1, 1e3, 1e6, 5e8, 1e9), fc.nat(5), (by, bad, before) => {
        const quiet = new Array<PollCounts>(before).fill({ bad: 0, of: 1e9 })
        const state = judge([...quiet, { bad, of: 1e9 }], by)
        expect(Number.isNaN(logEvidenceOf(state, by))).toBe(false)
        expect(logEvidenceOf(state, by)).not.toBe(Number.POSITIVE_INFINITY)
        if (bad / 1e9 <= by.limit) expect(callOf(state, by)).not.toBe('bad')
      }),
    )
  })

  interface Pair {
    readonly suspect: PollCounts
    readonly control: PollCounts
  }

  test('of two versions: more bad ones are never less evidence, none is none, a thousand million are as good as any', () => {
    const by = { tolerance: 1, alpha: 0.01, plannedPolls: 20 }
    const counts: fc.Arbitrary<PollCounts> = fc
      .constantFrom(0, 1, 100, 1e6, 1e9)
      .chain((of) => fc.record({ of: fc.constant(of), bad: fc.nat(of) }))
    const pairs = fc.array(fc.record({ suspect: counts, control: counts }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(pairs, fc.nat(), (seen, which) => {
        const evidence = (list: readonly Pair[]) =>
          logEvidence(
            list.reduce((state, pair) => addPair(state, pair, by), emptyTwoArm),
            by.plannedPolls,
          )
        const worse = seen.map((pair, index) =>
          index === which % seen.length
            ? { ...pair, suspect: { ...pair.suspect, bad: Math.min(pair.suspect.of, pair.suspect.bad + 1) } }
            : pair,
        )
        const log = evidence(seen)
        expect(Number.isNaN(log)).toBe(false)
        expect(log).not.toBe(Number.POSITIVE_INFINITY)
        expect(evidence(worse)).toBeGreaterThanOrEqual(log - 1e-6 * Math.max(1, Math.abs(log)))
        const silent = seen.map(({ control }) => ({ suspect: { bad: 0, of: 0 }, control }))
        expect(evidence(silent)).toBe(0)
      }),
    )
  })

  test('of traffic: less of it is never less evidence, and a thousand million requests are as good as any', () => {
    const by = { least: 5, alpha: 0.01, plannedPolls: 20, dispersion: 1 }
    const counts = fc.array(fc.constantFrom(0, 1, 10, 75, 1e4, 1e9), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(counts, fc.nat(), (seen, which) => {
        const evidence = (list: readonly number[]) =>
          logEvidence(
            list.reduce((state, requests) => addTraffic(state, requests, 15, by), emptyTraffic),
            by.plannedPolls,
          )
        const less = seen.map((requests, index) =>
          index === which % seen.length ? Math.max(0, requests - 1) : requests,
        )
        expect(Number.isFinite(evidence(seen))).toBe(true)
        expect(evidence(less)).toBeGreaterThanOrEqual(evidence(seen) - 1e-6)
        expect(evidence(seen.map(() => 1e9))).toBeLessThanOrEqual(0)
      }),
    )
  })

  test('counts that cannot be are refused', () => {
    for (const counts of [
      { bad: Number.NaN, of: 10 },
      { bad: 0, of: Number.NaN },
      { bad: 11, of: 10 },
      { bad: -1, of: 10 },
      { bad: 0, of: Number.POSITIVE_INFINITY },
    ]) {
      expect(() => addCounts(emptyOneArm, counts, plan)).toThrow(RangeError)
      const pair = { suspect: counts, control: { bad: 0, of: 1 } }
      expect(() => addPair(emptyTwoArm, pair, { ...plan, tolerance: 1 })).toThrow(RangeError)
    }
    expect(() => addTraffic(emptyTraffic, Number.NaN, 1, { ...plan, least: 1 })).toThrow(RangeError)
  })

  test('more evidence than the mixture started with comes from data alone: without any, it stays 1', () => {
    expect(logEvidence(emptyTwoArm, 10)).toBe(0)
    expect(logEvidenceOf(emptyOneArm, plan)).toBe(0)
  })
})

test('one that is well is called good, and how much is missing until then is told', () => {
  const some = judge([{ bad: 1, of: 60 }])
  expect(callOf(some, plan)).toBe('open')
  const missing = requestsToGood(some, plan)
  expect(missing).toBeGreaterThan(100)
  // at the same share as so far
  const enough = judge([{ bad: (missing + 60) / 60, of: missing + 60 }])
  expect(callOf(enough, plan)).toBe('good')
  expect(requestsToGood(judge([{ bad: 4, of: 100 }]), plan)).toBe(Number.POSITIVE_INFINITY)
})

test('what effect so many requests could have shown', () => {
  expect([3, 10, 30, 200, 1000, 1e6].map((n) => detectableMultiple(n, plan))).toEqual([
    40, 20, 10, 5, 2, 1.25,
  ])
})

describe('the time before', () => {
  test('that varies as chance would have it has a dispersion of about 1, one with bursts much more', () => {
    const random = randomOf(5)
    const steady = Array.from({ length: 60 }, () => ({ bad: binomial(random, 600, 0.01), of: 600 }))
    expect(describeBefore(steady).dispersion).toBeLessThan(1.6)
    const bursts = Array.from({ length: 60 }, (_, minute) => ({ bad: minute % 6 === 0 ? 36 : 1, of: 600 }))
    expect(describeBefore(bursts).dispersion).toBeGreaterThan(10)
  })

  test('shows bursts of five minutes as more than bursts of one that are as high', () => {
    const random = randomOf(6)
    // a third of the time at three times the share, in stretches of one minute or of five
    const hour = (length: number) =>
      describeBefore(
        Array.from({ length: 60 }, (_, minute) => {
          const isHigh = Math.floor(minute / length) % 3 === 0
          return { bad: binomial(random, 6000, isHigh ? 0.03 : 0.01), of: 6000 }
        }),
      )
    expect(hour(5).dispersion).toBeGreaterThan(3 * hour(1).dispersion)
  })

  test('has an outage where many more were bad in its last ten minutes, and what is usual is without them', () => {
    const random = randomOf(8)
    const hour = (lately: number) =>
      describeBefore(
        Array.from({ length: 60 }, (_, minute) => {
          return { bad: binomial(random, 600, minute < 50 ? 0.01 : lately), of: 600 }
        }),
      )
    const { outage, total, dispersion } = hour(0.1)
    expect(outage?.counts.of).toBe(6000)
    expect((outage?.counts.bad ?? 0) / 6000).toBeCloseTo(0.1, 1)
    expect(total.of).toBe(30_000)
    expect(dispersion).toBeLessThan(2)
    for (const lately of [0, 0.01]) {
      expect(hour(lately)).toMatchObject({ total: { of: 36_000 }, minutes: 60 })
      expect(hour(lately).outage).toBeUndefined()
    }
  })

  test('says nothing when it has no traffic, or too few minutes of it', () => {
    expect(describeBefore([])).toEqual({
      total: { bad: 0, of: 0 },
      ended: [],
      recent: { bad: 0, of: 0 },
      minutes: 0,
      dispersion: 1,
      mostPerPoll: Number.POSITIVE_INFINITY,
    })
    expect(
      describeBefore([
        { bad: 5, of: 5 },
        { bad: 0, of: 50 },
      ]).dispersion,
    ).toBe(1)
  })

  test.each([
    ['had bursts', (minute: number) => ({ bad: minute % 6 === 0 ? 36 : 1, of: 600 }), 1.5],
    ['had too few bad ones to tell', (minute: number) => ({ bad: minute % 3 === 0 ? 1 : 0, of: 600 }), 1.5],
    ['had none', () => ({ bad: 0, of: 600 }), 1.5],
    ['showed that there are no bursts', () => ({ bad: 6, of: 600 }), Number.POSITIVE_INFINITY],
  ])('that %s says how much one poll may add', (_, at, most) => {
    expect(describeBefore(Array.from({ length: 60 }, (_each, minute) => at(minute))).mostPerPoll).toBe(most)
  })
})

describe('where a poll may add no more than so much', () => {
  const capped = planOneArm({ ...settings, mostPerPoll: 2 })
  const outage: PollCounts = { bad: 500, of: 500 }

  test('one that is all bad calls nothing, three in a row do', () => {
    expect(callOf(judge([outage]), plan)).toBe('bad')
    expect(callOf(judge([outage], capped), capped)).not.toBe('bad')
    expect(callOf(judge([outage, outage], capped), capped)).not.toBe('bad')
    expect(callOf(judge([outage, outage, outage], capped), capped)).toBe('bad')
  })

  test('one that stands for many polls may add as much as they', () => {
    expect(callOf(judge([{ ...outage, polls: 3 }], capped), capped)).toBe('bad')
  })

  test('there is never more evidence than without', () => {
    const counts = fc
      .tuple(fc.nat({ max: 500 }), fc.nat({ max: 500 }))
      .map(([bad, good]) => ({ bad, of: bad + good }))
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 60 }), (polls) => {
        const [less, more] = [logEvidenceOf(judge(polls, capped), capped), logEvidenceOf(judge(polls), plan)]
        expect(less).toBeLessThanOrEqual(more + 1e-9)
      }),
      { seed: 11 },
    )
  })
})
