import { randomOf } from '../../test/support/random.ts'
import { type Gate, type Kind, pollMinutes, pollsPerGate } from './gates.ts'
import { traffics } from './kinds.ts'
import type { Rule } from './rule.ts'

export const horizon = pollsPerGate * pollMinutes
const pooled = 0.01

export interface Gates {
  /** healthy ones that the knob is set on */
  readonly tuning: readonly Gate[]
  readonly healthy: readonly Gate[]
  readonly bad: readonly Gate[]
}

/** What a rule did, with its knob set so that false alarms pooled over the tuning gates are 1 %. */
export interface Measured {
  readonly rule: Rule
  readonly name: string
  readonly knob: number
  /** by healthy gate: the highest score */
  readonly highest: readonly number[]
  /** by bad gate, minutes; a miss is the horizon */
  readonly delays: readonly number[]
  /** the same, with a knob for each traffic, so that false alarms are 1 % in each: nobody can set it so */
  readonly fairDelays: readonly number[]
  readonly detected: number
  /** requests served bad until the alarm, mean */
  readonly servedBad: number
}

export function measureRule(rule: Rule, gates: Gates): Measured {
  const { tuning, healthy, bad } = gates
  const tuned = tuning.map((gate) => highestOf(rule, gate))
  const knob = knobFor(tuned, pooled)
  const knobs = new Map(
    traffics.map((traffic) => {
      const own = tuned.filter((_, index) => tuning[index]?.kind.traffic === traffic)
      return [traffic, knobFor(own, pooled)]
    }),
  )
  const delays: number[] = []
  const fairDelays: number[] = []
  let detected = 0
  let servedBad = 0
  for (const gate of bad) {
    const scores = rule.scores(gate)
    const found = foundAt(gate, scores, knob)
    delays.push(delayOf(gate, found))
    fairDelays.push(delayOf(gate, foundAt(gate, scores, knobs.get(gate.kind.traffic) ?? knob)))
    if (found !== undefined) detected += 1
    for (let poll = gate.onset ?? 0; poll <= (found ?? pollsPerGate - 1); poll += 1)
      servedBad += gate.polls[poll]?.bad ?? 0
  }
  return {
    rule,
    name: rule.name,
    knob,
    highest: healthy.map((gate) => highestOf(rule, gate)),
    delays,
    fairDelays,
    detected: detected / bad.length,
    servedBad: servedBad / bad.length,
  }
}

export function highestOf(rule: Rule, gate: Gate): number {
  return rule.scores(gate).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
}

/** Just above the score that one gate too many reaches. */
export function knobFor(highest: readonly number[], falseAlarms: number): number {
  const sorted = highest.toSorted((a, b) => b - a)
  const value = sorted[Math.floor(falseAlarms * sorted.length)] ?? 0
  return value + Math.max(Number.MIN_VALUE, Math.abs(value) * 1e-12)
}

/** The poll of the alarm. Undefined for none, and for one before anything was wrong, which is no detection. */
export function foundAt(gate: Gate, scores: readonly number[], knob: number): number | undefined {
  const alarm = scores.findIndex((score) => score >= knob)
  return alarm >= (gate.onset ?? 0) ? alarm : undefined
}

/** Minutes from the onset to the alarm; the horizon for none. */
export function delayOf(gate: Gate, found: number | undefined): number {
  return found === undefined ? horizon : (found - (gate.onset ?? 0) + 1) * pollMinutes
}

/** The share of the gates of some kinds that reach a knob. */
export function rateOf(
  gates: readonly Gate[],
  highest: readonly number[],
  { knob, among }: { readonly knob: number; readonly among?: (kind: Kind) => boolean },
): number {
  const own = highest.filter((_, index) => among === undefined || isAmong(gates[index], among))
  return own.filter((score) => score >= knob).length / own.length
}

/** The highest such share of any one kind. */
export function worstRateOf(
  gates: readonly Gate[],
  highest: readonly number[],
  { knob, kinds }: { readonly knob: number; readonly kinds: readonly Kind[] },
): number {
  return Math.max(...kinds.map((kind) => rateOf(gates, highest, { knob, among: (each) => each === kind })))
}

function isAmong(gate: Gate | undefined, among: (kind: Kind) => boolean): boolean {
  return gate !== undefined && among(gate.kind)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** 95 % interval of the ratio of two means over the same gates, by the bootstrap. */
export function intervalOfRatio(a: readonly number[], b: readonly number[]): readonly [number, number] {
  return bootstrap(a.length, (indexes) => {
    let [sumA, sumB] = [0, 0]
    for (const index of indexes) {
      sumA += a[index] ?? 0
      sumB += b[index] ?? 0
    }
    return sumA / sumB
  })
}

/** 95 % interval of the difference of two means over the same gates: ours less theirs, minutes. */
export function interval(a: readonly number[], b: readonly number[]): readonly [number, number] {
  return bootstrap(a.length, (indexes) => {
    let sum = 0
    for (const index of indexes) sum += (a[index] ?? 0) - (b[index] ?? 0)
    return sum / a.length
  })
}

function bootstrap(length: number, measure: (indexes: Uint32Array) => number): readonly [number, number] {
  const random = randomOf(7)
  const indexes = new Uint32Array(length)
  const found = Array.from({ length: 400 }, () => {
    for (let i = 0; i < length; i += 1) indexes[i] = Math.floor(random() * length)
    return measure(indexes)
  }).sort((x, y) => x - y)
  return [found[9] ?? Number.NaN, found[389] ?? Number.NaN]
}
