import type { Gate } from './gates.ts'
import { never, type Rule, shareOfLast } from './rule.ts'

/** `tolerance` of Kayenta's judge: the shift has to be larger than this part of its estimate. */
const judgeTolerance = 0.25
/** ties at exactly the tolerated shift do not count for it */
const above = 1e-9

/**
 * The verdict *High* of Kayenta's NetflixACAJudge for an error rate by minute, against the hour before as its baseline: the
 * lower end of the Mann-Whitney interval of the shift is above the tolerance, and the mean is higher. Its knob is the interval's
 * confidence, as a quantile of the normal distribution; 98 % is what the judge has. Judged at 10, 20 and 30 minutes.
 */
export const kayenta: Rule = {
  name: 'Kayenta, at 10, 20, 30 min',
  shipped: 2.326348,
  scores: atThreeLooks((canary, baseline) => highScore(canary, baseline)),
}

/** The same test without its tolerance, which is blind where most minutes have no error. */
export const rankSum: Rule = {
  name: 'Mann-Whitney without tolerance, at 10, 20, 30 min',
  scores: atThreeLooks((canary, baseline) => shiftScore(canary, baseline, 0) ?? 0),
}

function atThreeLooks(judge: (canary: readonly number[], baseline: readonly number[]) => number) {
  return (gate: Gate): readonly number[] => {
    const baseline = gate.before.filter(({ of }) => of > 0).map(({ bad, of }) => bad / of)
    let score = never
    return gate.polls.map((_, poll) => {
      if ((poll + 1) % 40 !== 0) return score
      const canary: number[] = []
      for (let end = 3; end <= poll; end += 4) {
        const share = shareOfLast(gate, end, 4)
        if (share !== undefined) canary.push(share)
      }
      if (canary.length > 0 && baseline.length > 0) score = Math.max(score, judge(canary, baseline))
      return score
    })
  }
}

/**
 * The largest quantile at which Kayenta calls the canary High: its interval's lower end is above the tolerated shift exactly as
 * long as the test of that shift exceeds the quantile, as the test falls with the shift.
 */
export function highScore(
  canary: readonly number[],
  baseline: readonly number[],
  tolerance = judgeTolerance,
): number {
  const tolerated = tolerance * Math.abs(shiftEstimate(canary, baseline))
  const [now, before] = [mean(canary), mean(baseline)]
  // a mean of zero makes no ratio, and Kayenta then asks for none
  const isHigher = now === 0 || before === 0 || now >= before
  return isHigher ? (shiftScore(canary, baseline, tolerated + above) ?? never) : never
}

/**
 * Kayenta's `wilcoxonDiff` at quantile 0: how many standard deviations the ranks of `x`, moved down by the shift, are above what
 * chance would have them, with corrections for ties and continuity. Undefined where all are tied.
 */
export function shiftScore(x: readonly number[], y: readonly number[], shift: number): number | undefined {
  const [n, m] = [x.length, y.length]
  const moved = x.map((value) => value - shift)
  const values = [...moved, ...y].sort((a, b) => a - b)
  const ranks = new Map<number, number>()
  let tied = 0
  for (let from = 0; from < values.length; ) {
    const value = values[from] ?? 0
    let end = from + 1
    while (values[end] === value) end += 1
    const times = end - from
    ranks.set(value, (from + 1 + end) / 2)
    tied += times ** 3 - times
    from = end
  }
  const sum = moved.reduce((total, value) => total + (ranks.get(value) ?? 0), 0)
  const above = sum - (n * (n + 1)) / 2 - (n * m) / 2
  const variance = ((n * m) / 12) * (n + m + 1 - tied / ((n + m) * (n + m - 1)))
  return variance > 0 ? (above - Math.sign(above) / 2) / Math.sqrt(variance) : undefined
}

/** Hodges and Lehmann's estimate of how much larger `x` is: the median of all differences. */
export function shiftEstimate(x: readonly number[], y: readonly number[]): number {
  const differences = Float64Array.from(x.flatMap((a) => y.map((b) => a - b))).sort()
  const half = differences.length / 2
  const [low, high] = [differences[Math.ceil(half) - 1], differences[Math.floor(half)]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
