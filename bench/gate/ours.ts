import { shareWhenItCame, worseThan } from '../../src/health/count-judge.ts'
import { describeBefore } from '../../src/health/statistics/before.ts'
import {
  addCounts,
  emptyOneArm,
  logEvidenceOf,
  type OneArmPlan,
  planOneArm,
} from '../../src/health/statistics/one-arm.ts'
import { limitFromBefore } from '../../src/health/statistics/relative-limit.ts'
import { type Gate, pollsPerGate } from './gates.ts'
import { never, type Rule } from './rule.ts'

/** `max-times-before` of the check. */
const timesBefore = 1.1

/** Ours, by the code that the action runs: beyond the limit, and clearly worse than an outage that was there before. */
export const ours: Rule = {
  name: 'ours (tempered restart mixture)',
  shipped: Math.log(100),
  scores: (gate) => {
    const before = describeBefore(gate.before)
    const planAt = (limit: number) =>
      planOneArm({
        limit,
        alpha: 0.01,
        beta: 0.05,
        detect: 2,
        plannedPolls: pollsPerGate,
        dispersion: before.dispersion,
        mostPerPoll: before.mostPerPoll,
      })
    const limit = limitFromBefore(before.total, timesBefore)
    const scores = evidenceOf(gate, planAt(limit))
    const share = shareWhenItCame(before)
    if (share <= limit) return scores
    const worse = highestSoFar(evidenceOf(gate, planAt(worseThan(before))))
    return highestSoFar(scores).map((score, poll) => Math.min(score, worse[poll] ?? never))
  },
}

/** The same, with `initial-delay: 1m`: what happens in the first minute counts for nothing. */
export const oursAfterMinute: Rule = {
  name: 'ours, initial-delay 1m',
  scores: (gate) =>
    ours.scores({ ...gate, polls: gate.polls.map((counts, poll) => (poll < 4 ? undefined : counts)) }),
}

function evidenceOf(gate: Gate, plan: OneArmPlan): readonly number[] {
  let state = emptyOneArm
  let polls = 0
  return gate.polls.map((counts) => {
    polls += 1
    if (counts !== undefined) {
      state = addCounts(state, { ...counts, polls }, plan)
      polls = 0
    }
    return logEvidenceOf(state, plan)
  })
}

function highestSoFar(scores: readonly number[]): readonly number[] {
  let highest = never
  return scores.map((score) => {
    highest = Math.max(highest, score)
    return highest
  })
}
