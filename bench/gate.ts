/**
 * Time to detect at equal false alarms. Each rule has one knob; it is set on one half of the gates so that false alarms,
 * pooled over healthy gates with and without bursts, are 1 %, and measured on the other half.
 */

import { randomOf } from '../test/support/random.ts'
import { drawGate, type Gate, type Kind, pollMinutes, pollsPerGate } from './gate/gates.ts'
import { others, ours, type Rule } from './gate/rules.ts'
import type { Findings } from './main.ts'

const traffics = [0.05, 0.2, 1, 10, 100]
const bases = [0.001, 0.01, 0.02]
const bursts = [0, 0.5, 1]
const effects = [1.5, 2, 3, 5, 20]
const scale = Number(process.argv[3] ?? 1)
/** From here on the gates are none that a constant was chosen by; those from 1 on are. */
const firstSeed = Number(process.argv[4] ?? 10_000_001)
const healthyPerKind = Math.round(1000 * scale)
const badPerKind = Math.round(100 * scale)
const horizon = pollsPerGate * pollMinutes
const falseAlarms = 0.01

const kinds = (effectsOf: readonly number[]): readonly Kind[] =>
  traffics.flatMap((traffic) =>
    bases.flatMap((base) =>
      effectsOf.flatMap((effect) => bursts.map((burst) => ({ traffic, base, effect, burst }))),
    ),
  )

export async function measure(say: (line: string) => void): Promise<Findings> {
  let seed = firstSeed
  const draw = (list: readonly Kind[], each: number): readonly Gate[] =>
    list.flatMap((kind) => Array.from({ length: each }, () => drawGate(kind, seed++)))

  const healthyKinds = kinds([1])
  const tuning = draw(healthyKinds, healthyPerKind)
  const healthy = draw(healthyKinds, healthyPerKind)
  const bad = draw(kinds(effects), badPerKind)
  say(`${tuning.length} healthy gates to tune on, ${healthy.length} to measure on, ${bad.length} bad ones`)

  const maximum = (scores: readonly number[]) =>
    scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)

  interface Measured {
    readonly name: string
    readonly knob: number
    readonly falseAlarms: number
    readonly worstCell: number
    readonly worstBurstCell: number
    /** false alarms by traffic, with the knob that is the same for all */
    readonly byTraffic: ReadonlyMap<number, number>
    readonly shippedFalseAlarms: number | undefined
    /** by bad gate, minutes; a miss is the horizon */
    readonly delays: readonly number[]
    /** the same, with a knob for each traffic, so that false alarms are 1 % in each: nobody can set it so */
    readonly fairDelays: readonly number[]
    readonly detected: number
    /** requests served bad until the alarm, mean */
    readonly servedBad: number
  }

  function measure(rule: Rule): Measured {
    const tuned = tuning.map((gate) => maximum(rule.scores(gate)))
    const knob = knobOf(tuned)
    const knobs = new Map(
      traffics.map((traffic) => [
        traffic,
        knobOf(tuned.filter((_, index) => tuning[index]?.kind.traffic === traffic)),
      ]),
    )
    const highest = healthy.map((gate) => maximum(rule.scores(gate)))
    const byKind = healthyKinds.map((kind) => {
      const own = highest.filter((_, index) => healthy[index]?.kind === kind)
      return {
        kind,
        rate: own.filter((score) => score >= knob).length / own.length,
        shipped:
          rule.shipped === undefined
            ? 0
            : own.filter((score) => score >= (rule.shipped ?? 0)).length / own.length,
      }
    })
    const delays: number[] = []
    const fairDelays: number[] = []
    let detected = 0
    let servedBad = 0
    for (const gate of bad) {
      const onset = gate.onset ?? 0
      const scores = rule.scores(gate)
      const alarm = scores.findIndex((score) => score >= knob)
      const ownKnob = knobs.get(gate.kind.traffic) ?? knob
      const ownAlarm = scores.findIndex((score) => score >= ownKnob)
      fairDelays.push(ownAlarm >= onset ? (ownAlarm - onset + 1) * pollMinutes : horizon)
      const isRight = alarm >= onset
      if (isRight) detected += 1
      // an alarm before anything was wrong is no detection
      delays.push(isRight ? (alarm - onset + 1) * pollMinutes : horizon)
      const until = isRight ? alarm : pollsPerGate - 1
      for (let poll = onset; poll <= until; poll += 1) servedBad += gate.polls[poll]?.bad ?? 0
    }
    return {
      name: rule.name,
      knob,
      falseAlarms: highest.filter((score) => score >= knob).length / highest.length,
      worstCell: Math.max(...byKind.map(({ rate }) => rate)),
      byTraffic: new Map(
        traffics.map((traffic) => [
          traffic,
          mean(byKind.filter(({ kind }) => kind.traffic === traffic).map(({ rate }) => rate)),
        ]),
      ),
      worstBurstCell: Math.max(...byKind.filter(({ kind }) => kind.burst > 0).map(({ shipped }) => shipped)),
      shippedFalseAlarms:
        rule.shipped === undefined
          ? undefined
          : highest.filter((score) => score >= (rule.shipped ?? 0)).length / highest.length,
      delays,
      fairDelays,
      detected: detected / bad.length,
      servedBad: servedBad / bad.length,
    }
  }

  /** Just above the score that one gate too many reaches. */
  function knobOf(highest: readonly number[]): number {
    const sorted = highest.toSorted((a, b) => b - a)
    return nextUp(sorted[Math.floor(falseAlarms * sorted.length)] ?? 0)
  }

  function nextUp(value: number): number {
    return value + Math.max(Number.MIN_VALUE, Math.abs(value) * 1e-12)
  }

  function mean(values: readonly number[]): number {
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }

  /** 95 % interval of the difference of two means over the same gates: ours less theirs, minutes. */
  function interval(a: readonly number[], b: readonly number[]): readonly [number, number] {
    const differences = a.map((value, index) => value - (b[index] ?? 0))
    const random = randomOf(7)
    const means = Array.from({ length: 400 }, () => {
      let sum = 0
      for (let i = 0; i < differences.length; i += 1)
        sum += differences[Math.floor(random() * differences.length)] ?? 0
      return sum / differences.length
    }).sort((x, y) => x - y)
    return [means[9] ?? Number.NaN, means[389] ?? Number.NaN]
  }

  const percent = (share: number | undefined) => (share === undefined ? '-' : `${(share * 100).toFixed(2)} %`)
  const us = measure(ours)
  const all = [us, ...others.map(measure)]
  say(
    '\n| rule | restricted mean min | found | bad requests served | false alarms | worst cell | as shipped, false alarms |',
  )
  say('| - | - | - | - | - | - | - |')
  for (const each of [...all].sort((a, b) => mean(a.delays) - mean(b.delays))) {
    say(
      `| ${each.name} | ${mean(each.delays).toFixed(2)} | ${percent(each.detected)} | ${each.servedBad.toFixed(0)} | ${percent(each.falseAlarms)} | ${percent(each.worstCell)} | ${percent(each.shippedFalseAlarms)} |`,
    )
  }

  say('\n| traffic | ours, min | best other, min | which | its false alarms there | ours there |')
  say('| - | - | - | - | - | - |')
  for (const traffic of traffics) {
    const { mine, best, theirs } = compare(traffic, 'delays')
    const [ownRate, otherRate] = [us, best].map(({ byTraffic }) => byTraffic.get(traffic))
    say(
      `| ${traffic}/s | ${mine.toFixed(2)} | ${theirs.toFixed(2)} | ${best.name} | ${percent(otherRate)} | ${percent(ownRate)} |`,
    )
  }

  say('\n| traffic, false alarms 1 % in each | ours, min | best other, min | which |')
  say('| - | - | - | - |')
  let fairLost = 0
  for (const traffic of traffics) {
    const { mine, best, theirs } = compare(traffic, 'fairDelays')
    if (mine > theirs) fairLost += 1
    say(`| ${traffic}/s | ${mine.toFixed(2)} | ${theirs.toFixed(2)} | ${best.name} |`)
  }

  function compare(traffic: number, which: 'delays' | 'fairDelays') {
    const own = (each: Measured) =>
      mean(each[which].filter((_, index) => bad[index]?.kind.traffic === traffic))
    const best = all.slice(1).reduce((a, b) => (own(b) < own(a) ? b : a))
    return { mine: own(us), best, theirs: own(best) }
  }

  say('\n| traffic, base, effect | ours, min | best other, min | which | ours less theirs, 95 % |')
  say('| - | - | - | - | - |')
  let cells = 0
  let lost = 0
  let lowCells = 0
  let lowWon = 0
  let highCells = 0
  let highNear = 0
  for (const traffic of traffics) {
    for (const base of bases) {
      for (const effect of effects) {
        const own = ({ delays }: Measured) =>
          delays.filter((_, index) => {
            const kind = bad[index]?.kind
            return kind?.traffic === traffic && kind.base === base && kind.effect === effect
          })
        const mine = own(us)
        const best = all.slice(1).reduce((a, b) => (mean(own(b)) < mean(own(a)) ? b : a))
        const difference = mean(mine) - mean(own(best))
        const [low, high] = interval(mine, own(best))
        cells += 1
        if (low > 0) lost += 1
        if (traffic <= 1) {
          lowCells += 1
          // won, or not to be told apart
          if (difference <= 0 || low <= 0) lowWon += 1
        }
        if (traffic >= 10) {
          highCells += 1
          if (difference <= pollMinutes) highNear += 1
        }
        say(
          `| ${traffic}/s, ${base * 100} %, ×${effect} | ${mean(mine).toFixed(2)} | ${mean(own(best)).toFixed(2)} | ${best.name} | ${low.toFixed(2)} … ${high.toFixed(2)} |`,
        )
      }
    }
  }
  const bestOther = Math.min(...all.slice(1).map(({ delays }) => mean(delays)))
  const figures = {
    leadOverBestOtherMinutes: Number((bestOther - mean(us.delays)).toFixed(3)),
    restrictedMeanMinutes: Number(mean(us.delays).toFixed(3)),
    bestOtherRestrictedMeanMinutes: Number(bestOther.toFixed(3)),
    falseAlarmsTuned: us.falseAlarms,
    worstBurstCellAtAlpha1Percent: us.worstBurstCell,
    trafficsLostAtEqualFalseAlarmsInEach: fairLost,
    cells,
    cellsLost: lost,
    lowTrafficCells: lowCells,
    lowTrafficCellsLost: lowCells - lowWon,
    highTrafficCells: highCells,
    highTrafficCellsBeyondOnePoll: highCells - highNear,
  }
  const goals = {
    leadOverBestOtherMinutes: { atLeast: 0 },
    lowTrafficCellsLost: { atMost: 0 },
    highTrafficCellsBeyondOnePoll: { atMost: 0 },
    worstBurstCellAtAlpha1Percent: { atMost: 0.005 },
  }
  return { figures, goals }
}
