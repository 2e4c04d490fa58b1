import { drawGate, type Gate, type Kind } from './gates.ts'
import { delayOf, foundAt, knobFor, mean } from './measure.ts'
import type { Rule } from './rule.ts'

const onsets = [0, 20, 60]
const bursts = [0, 0.5, 1]
const gatesEach = { healthy: 1000, bad: 200 }
/** false alarms are looked for in these steps */
const steps = [
  0, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 1,
]

interface Cell {
  readonly traffic: number
  readonly base: number
}

/**
 * Wald's test told what nobody knows: the share before, the share after, and when it changed. In the mean it finds a change as
 * soon as any test of the same false alarms (Wald and Wolfowitz 1948).
 */
function ideal({ base }: Cell, effect: number): (onset: number) => Rule['scores'] {
  const share = Math.min(0.5, base * effect)
  const [onBad, onGood] = [Math.log(share / base), Math.log1p(-share) - Math.log1p(-base)]
  return (onset) => (gate) => {
    let log = 0
    return gate.polls.map((counts, poll) => {
      if (poll < onset) return Number.NEGATIVE_INFINITY
      if (counts !== undefined) log += counts.bad * onBad + (counts.of - counts.bad) * onGood
      return log
    })
  }
}

/**
 * How many false alarms even the ideal test needs in a cell of one traffic and one share before, to be as fast as it has to be
 * for every effect there.
 * @param wanted by effect: the mean delay that it has to reach, minutes
 */
export function falseAlarmsOfIdeal(
  cell: Cell,
  wanted: ReadonlyMap<number, number>,
  firstSeed: number,
): number {
  let seed = firstSeed
  const draw = (effect: number, each: number): readonly Gate[] =>
    bursts.flatMap((burst) => {
      const kind: Kind = { ...cell, effect, burst }
      return Array.from({ length: each }, () => drawGate(kind, seed++))
    })
  const healthy = draw(1, gatesEach.healthy)
  const needed = [...wanted].map(([effect, minutes]) => {
    const scoresFrom = ideal(cell, effect)
    const highest = healthy.map((gate, index) => Math.max(...scoresFrom(onsets[index % 3] ?? 0)(gate)))
    const bad = draw(effect, gatesEach.bad).map((gate) => ({
      gate,
      scores: scoresFrom(gate.onset ?? 0)(gate),
    }))
    const delayAt = (knob: number) =>
      mean(bad.map(({ gate, scores }) => delayOf(gate, foundAt(gate, scores, knob))))
    return steps.find((step) => delayAt(knobFor(highest, step)) <= minutes) ?? 1
  })
  return Math.max(...needed)
}
