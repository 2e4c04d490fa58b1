import type { PollCounts } from '../../src/health/statistics/one-arm.ts'
import { type Gate, pollsPerGate } from './gates.ts'
import { kayenta, rankSum } from './kayenta.ts'
import { never, type Rule, shareOfLast } from './rule.ts'

function totalBefore({ before }: Gate): PollCounts {
  return before.reduce((so, { bad, of }) => ({ bad: so.bad + bad, of: so.of + of }), { bad: 0, of: 0 })
}

function shareBefore(gate: Gate): number {
  const { bad, of } = totalBefore(gate)
  // half an error more, so that none is not zero
  return (bad + 0.5) / (of + 1)
}

interface Looks {
  /** polls between two looks */
  readonly every: number
  /** polls that a look covers */
  readonly window: number
  /** failures of all looks that call it bad: the `rank`-th largest share counts */
  readonly rank?: number
  /** failures in a row that call it bad: the least of the last so many counts */
  readonly inARow?: number
  /** shares as multiples of that of the hour before */
  readonly relative?: boolean
}

/** Rules that hold the share of a trailing window against a limit. A look without traffic brings nothing. */
function thresholdRule(name: string, looks: Looks, shipped?: number): Rule {
  const { every, window, rank = 1, inARow = 1, relative = false } = looks
  return {
    name,
    ...(shipped !== undefined && { shipped }),
    scores: (gate) => {
      const unit = relative ? shareBefore(gate) : 1
      const recent: number[] = []
      let largest: number[] = []
      let score = never
      return gate.polls.map((counts, poll) => {
        if ((poll + 1) % every !== 0 || counts === undefined) return score
        const share = shareOfLast(gate, poll, window)
        if (share === undefined) return score
        recent.push(share / unit)
        if (recent.length > inARow) recent.shift()
        if (recent.length < inARow) return score
        largest = [...largest, Math.min(...recent)].sort((a, b) => b - a).slice(0, rank)
        score = Math.max(score, largest[rank - 1] ?? never)
        return score
      })
    },
  }
}

/** The z-score of all counts so far against the hour before, at ten looks, with O'Brien and Fleming's boundary. */
const groupSequential: Rule = {
  name: "group-sequential (O'Brien-Fleming, 10 looks)",
  scores: (gate) => {
    const base = totalBefore(gate)
    let total: PollCounts = { bad: 0, of: 0 }
    let score = never
    return gate.polls.map((counts, poll) => {
      if (counts !== undefined) total = { bad: total.bad + counts.bad, of: total.of + counts.of }
      if ((poll + 1) % 12 !== 0 || total.of === 0 || base.of === 0) return score
      const pooled = (total.bad + base.bad) / (total.of + base.of)
      if (pooled === 0) return score
      const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / total.of + 1 / base.of))
      const z = (total.bad / total.of - base.bad / base.of) / deviation
      score = Math.max(score, z * Math.sqrt((poll + 1) / pollsPerGate))
      return score
    })
  },
}

/** Wald's test of the share before against three times it, over all counts since the deployment. */
const wald: Rule = {
  name: 'SPRT (share before against three times it)',
  shipped: Math.log(100),
  scores: (gate) => {
    const p0 = shareBefore(gate)
    const p1 = Math.min(0.95, 3 * p0)
    let log = 0
    return gate.polls.map((counts) => {
      if (counts !== undefined) {
        log += counts.bad * Math.log(p1 / p0) + (counts.of - counts.bad) * Math.log((1 - p1) / (1 - p0))
      }
      return log
    })
  },
}

/** What others decide by, from their documentation. Held against the examples in it by `test/bench`. */
export const baselines: readonly Rule[] = [
  thresholdRule('Argo Rollouts, failureLimit 0', { every: 4, window: 4 }, 0.05),
  thresholdRule('Argo Rollouts, failureLimit 3', { every: 4, window: 4, rank: 4 }, 0.05),
  thresholdRule('Flagger, threshold 5', { every: 4, window: 4, rank: 5 }, 0.05),
  thresholdRule('fixed poll every 5 min', { every: 20, window: 20 }, 0.05),
  thresholdRule('three in a row, every 30 s', { every: 2, window: 4, inARow: 3 }, 0.05),
  thresholdRule('persistence, every 15 s for 1 min', { every: 1, window: 4, inARow: 4 }, 0.05),
  thresholdRule('Argo, failureLimit 3, times the hour before', {
    every: 4,
    window: 4,
    rank: 4,
    relative: true,
  }),
  thresholdRule('three in a row, times the hour before', { every: 2, window: 4, inARow: 3, relative: true }),
  thresholdRule('fixed poll, times the hour before', { every: 20, window: 20, relative: true }),
  kayenta,
  rankSum,
  wald,
  groupSequential,
]
