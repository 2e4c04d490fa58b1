import { drawGate, type Gate, type Kind, shareBeforeOf } from './gates.ts'
import { delayOf, foundAt, knobFor } from './measure.ts'
import type { Rule } from './rule.ts'

const onsets = [0, 20, 60]
const falseAlarms = 0.01

/**
 * Wald's test told what nobody knows: the share before, the share after, and when it changed. In the mean it finds a change as
 * soon as any test of the same false alarms (Wald and Wolfowitz 1948).
 */
function ideal(kind: Kind): (onset: number) => Rule['scores'] {
  const before = shareBeforeOf(kind)
  const share = Math.min(0.5, before * kind.effect)
  const [onBad, onGood] = [Math.log(share / before), Math.log1p(-share) - Math.log1p(-before)]
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
 * How late the ideal test finds each of some bad gates, minutes. Its knob is set in each cell (traffic, share before, effect, scene; with
 * and without bursts) so that 1 % of healthy gates of that cell are false alarms.
 * @param healthyEach how many of those are drawn, of each kind
 */
export function delaysOfIdeal(
  bad: readonly Gate[],
  { healthyEach, firstSeed }: { readonly healthyEach: number; readonly firstSeed: number },
): readonly number[] {
  let seed = firstSeed
  const delays = new Map<Gate, number>()
  for (const gates of Map.groupBy(bad, ({ kind }) => cellOf(kind)).values()) {
    const [one] = gates
    if (one === undefined) continue
    const scoresFrom = ideal(one.kind)
    const kinds = [...new Set(gates.map(({ kind }) => kind))]
    const highest = kinds.flatMap((kind) =>
      Array.from({ length: healthyEach }, (_, index) => {
        const gate = drawGate({ ...kind, effect: 1 }, seed++)
        return Math.max(...scoresFrom(onsets[index % onsets.length] ?? 0)(gate))
      }),
    )
    const knob = knobFor(highest, falseAlarms)
    for (const gate of gates) {
      delays.set(gate, delayOf(gate, foundAt(gate, scoresFrom(gate.onset ?? 0)(gate), knob)))
    }
  }
  return bad.map((gate) => delays.get(gate) ?? Number.NaN)
}

function cellOf({ traffic, base, effect, scene }: Kind): string {
  return [traffic, base, effect, scene].join(' ')
}
