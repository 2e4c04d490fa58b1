import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { baselines } from '../../bench/gate/baselines.ts'
import type { Gate } from '../../bench/gate/gates.ts'
import { highScore, shiftEstimate, shiftScore } from '../../bench/gate/kayenta.ts'

const samples = { experiment: z.array(z.number()), control: z.array(z.number()) }
const kayenta = z
  .object({
    intervals: z.array(
      z.object({
        name: z.string(),
        z: z.number(),
        low: z.number(),
        high: z.number(),
        estimate: z.number(),
        ...samples,
      }),
    ),
    scores: z.array(z.object({ name: z.string(), of: z.string(), shift: z.number(), z: z.number() })),
    classes: z.array(z.object({ name: z.string(), high: z.boolean(), ...samples })),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'kayenta.json'), 'utf8')))

/** Kayenta looks for the ends of its interval numerically, until it is this near. */
const rootTolerance = 1e-4

describe("Kayenta's Mann-Whitney test, held against Kayenta's own test data", () => {
  test.each(kayenta.intervals)('$name: the estimate', ({ experiment, control, estimate }) => {
    expect(Math.abs(shiftEstimate(experiment, control) - estimate)).toBeLessThan(rootTolerance)
  })

  test.each(kayenta.intervals)(
    '$name: the score crosses the quantile at both ends of the interval',
    ({ experiment, control, z, low, high }) => {
      const scoreAt = (shift: number) => shiftScore(experiment, control, shift) ?? Number.NaN
      const least = Math.min(...experiment) - Math.max(...control)
      const greatest = Math.max(...experiment) - Math.min(...control)
      // an interval that reaches the least or greatest difference ends there
      if (low > least) expect(scoreAt(low - rootTolerance)).toBeGreaterThan(z)
      expect(scoreAt(low + rootTolerance)).toBeLessThan(z)
      expect(scoreAt(high - rootTolerance)).toBeGreaterThan(-z)
      if (high < greatest) expect(scoreAt(high + rootTolerance)).toBeLessThan(-z)
    },
  )

  test.each(kayenta.scores)('mostly zeros, $name: the score', ({ of, shift, z }) => {
    const { experiment, control } = kayenta.intervals.find(({ name }) => name === of) ?? {
      experiment: [],
      control: [],
    }
    expect(shiftScore(experiment, control, shift)).toBeCloseTo(z, 6)
  })

  test.each(kayenta.classes)('the class $name', ({ experiment, control, high }) => {
    expect(highScore(experiment, control, 0.1) > 1.959964).toBe(high)
  })
})

describe('rules that count failed looks, as their documentation tells it', () => {
  /** Good until some minute, then every request fails; one request a second. */
  const failingFrom = (minute: number): Gate => ({
    kind: { traffic: 1, base: 0, effect: 1, burst: 0 },
    before: Array.from({ length: 60 }, () => ({ bad: 0, of: 60 })),
    polls: Array.from({ length: 120 }, (_, poll) => ({ bad: poll >= minute * 4 ? 15 : 0, of: 15 })),
    onset: minute * 4,
  })
  const minuteOfAlarm = (name: string, gate: Gate) => {
    const rule = baselines.find((each) => each.name === name)
    if (rule?.shipped === undefined) throw new Error(`no such rule: ${name}`)
    const { scores, shipped } = rule
    return (scores(gate).findIndex((score) => score >= shipped) + 1) / 4
  }

  test.each([
    // "the first failed measurement", with the default failureLimit of 0
    ['Argo Rollouts, failureLimit 0', 1],
    // "failureLimit: 3": the run fails when more than three measurements have failed
    ['Argo Rollouts, failureLimit 3', 4],
    // "the time it takes to roll back: interval * threshold", here one minute and 5
    ['Flagger, threshold 5', 5],
    ['fixed poll every 5 min', 5],
  ])('%s needs %d minutes of an outage', (name, minutes) => {
    expect(minuteOfAlarm(name, failingFrom(0))).toBe(minutes)
    expect(minuteOfAlarm(name, failingFrom(10))).toBe(10 + minutes)
  })

  test('failures need not be in a row for Argo and Flagger, and have to be for the rule that says so', () => {
    const gate = failingFrom(0)
    const everyOther = {
      ...gate,
      polls: gate.polls.map((_, poll) => ({ bad: Math.floor(poll / 4) % 2 === 0 ? 15 : 0, of: 15 })),
    }
    expect(minuteOfAlarm('Argo Rollouts, failureLimit 3', everyOther)).toBe(7)
    expect(minuteOfAlarm('Flagger, threshold 5', everyOther)).toBe(9)
    const brief = { ...gate, polls: gate.polls.map((_, poll) => ({ bad: poll % 8 === 0 ? 15 : 0, of: 15 })) }
    expect(minuteOfAlarm('three in a row, every 30 s', brief)).toBe(0)
  })
})
