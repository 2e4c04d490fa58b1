import { describeBefore } from '../../src/health/statistics/before.ts'
import { addCounts, emptyOneArm, logEvidenceOf, planOneArm } from '../../src/health/statistics/one-arm.ts'
import { limitFromBefore } from '../../src/health/statistics/relative-limit.ts'
import { pollsPerGate } from './gates.ts'
import type { Rule } from './rule.ts'

/** `max-times-before` of the check. */
const timesBefore = 1.1

/** Ours, by the code that the action runs. */
export const ours: Rule = {
  name: 'ours (tempered restart mixture)',
  shipped: Math.log(100),
  scores: (gate) => {
    const before = describeBefore(gate.before)
    const plan = planOneArm({
      limit: limitFromBefore(before.total, timesBefore),
      alpha: 0.01,
      beta: 0.05,
      detect: 2,
      plannedPolls: pollsPerGate,
      dispersion: before.dispersion,
      mostPerPoll: before.mostPerPoll,
    })
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
  },
}
