/**
 * Time to detect at equal false alarms. Each rule has one knob; it is set on one half of the gates so that false alarms,
 * pooled over healthy gates with and without bursts, are 1 %, and measured on the other half.
 */

import { baselines } from './gate/baselines.ts'
import { pollMinutes, scenes } from './gate/gates.ts'
import { falseAlarmsOfIdeal } from './gate/ideal.ts'
import {
  badKinds,
  badScenes,
  bases,
  burstKinds,
  drawerFrom,
  effects,
  healthyKinds,
  healthyScenes,
  traffics,
} from './gate/kinds.ts'
import {
  delayOf,
  foundAt,
  type Gates,
  highestOf,
  interval,
  type Measured,
  mean,
  measureRule,
  rateOf,
  worstRateOf,
} from './gate/measure.ts'
import { ours, oursAfterMinute } from './gate/ours.ts'
import type { Findings } from './main.ts'

const scale = Number(process.argv[3] ?? 1)
/** From here on the gates are none that a constant was chosen by; those from 1 on are. */
const firstSeed = Number(process.argv[4] ?? 10_000_001)
/** those of the scenes, of the cells with bursts and of the ideal test come from seeds of their own */
const sceneSeed = firstSeed + 20_000_000
const burstSeed = firstSeed + 30_000_000
const idealSeed = firstSeed + 40_000_000
const gatesEach = (count: number) => Math.round(count * scale)
const alphaKnob = Math.log(100)

type Say = (line: string) => void

export async function measure(say: Say): Promise<Findings> {
  const draw = drawerFrom(firstSeed)
  const gates: Gates = {
    tuning: draw(healthyKinds, gatesEach(1000)),
    healthy: draw(healthyKinds, gatesEach(1000)),
    bad: draw(badKinds, gatesEach(100)),
  }
  const { tuning, healthy, bad } = gates
  say(`${tuning.length} healthy gates to tune on, ${healthy.length} to measure on, ${bad.length} bad ones`)
  const us = measureRule(ours, gates)
  const all = [us, ...baselines.map((rule) => measureRule(rule, gates))]
  const others = all.slice(1)

  tellRules(all, gates, say)
  const fairLost = tellTraffics(us, others, gates, say)
  const worstBurst = tellBursts(say)
  const scenesWorst = tellScenes(us, others, say)
  const cells = tellCells(us, others, gates, say)

  const bestOther = Math.min(...others.map(({ delays }) => mean(delays)))
  const figures = {
    leadOverBestOtherMinutes: rounded(bestOther - mean(us.delays)),
    restrictedMeanMinutes: rounded(mean(us.delays)),
    bestOtherRestrictedMeanMinutes: rounded(bestOther),
    falseAlarmsTuned: rateOf(healthy, us.highest, us),
    worstBurstCellAtAlpha1Percent: worstBurst,
    worstCellOfOtherBurstsAtAlpha1Percent: scenesWorst,
    trafficsLostAtEqualFalseAlarmsInEach: fairLost,
    ...cells,
  }
  const goals = {
    leadOverBestOtherMinutes: { atLeast: 0 },
    lowTrafficCellsLost: { atMost: 0 },
    highTrafficCellsBeyondOnePoll: { atMost: 0 },
    worstBurstCellAtAlpha1Percent: { atMost: 0.005 },
    worstCellOfOtherBurstsAtAlpha1Percent: { atMost: 0.005 },
  }
  return { figures, goals }
}

function tellRules(all: readonly Measured[], { healthy }: Gates, say: Say): void {
  say(
    '\n| rule | restricted mean min | found | bad requests served | false alarms | worst cell | as shipped |',
  )
  say('| - | - | - | - | - | - | - |')
  for (const each of [...all].sort((a, b) => mean(a.delays) - mean(b.delays))) {
    const { name, delays, detected, servedBad, highest, knob, rule } = each
    const shipped =
      rule.shipped === undefined ? '-' : percent(rateOf(healthy, highest, { knob: rule.shipped }))
    const worst = worstRateOf(healthy, highest, { knob, kinds: healthyKinds })
    say(
      `| ${name} | ${minutes(mean(delays))} | ${percent(detected)} | ${servedBad.toFixed(0)} | ${percent(rateOf(healthy, highest, { knob }))} | ${percent(worst)} | ${shipped} |`,
    )
  }
}

/** @returns how many traffics are lost where false alarms are made equal in each */
function tellTraffics(us: Measured, others: readonly Measured[], { healthy, bad }: Gates, say: Say): number {
  const compare = (traffic: number, which: 'delays' | 'fairDelays') => {
    const own = (each: Measured) =>
      mean(each[which].filter((_, index) => bad[index]?.kind.traffic === traffic))
    const best = others.reduce((a, b) => (own(b) < own(a) ? b : a))
    return { mine: own(us), best, theirs: own(best) }
  }
  say('\n| traffic | ours, min | best other, min | which | its false alarms there | ours there |')
  say('| - | - | - | - | - | - |')
  for (const traffic of traffics) {
    const { mine, best, theirs } = compare(traffic, 'delays')
    const there = ({ highest, knob }: Measured) =>
      percent(rateOf(healthy, highest, { knob, among: (kind) => kind.traffic === traffic }))
    say(
      `| ${traffic}/s | ${minutes(mine)} | ${minutes(theirs)} | ${best.name} | ${there(best)} | ${there(us)} |`,
    )
  }
  say('\n| traffic, false alarms 1 % in each | ours, min | best other, min | which |')
  say('| - | - | - | - |')
  let lost = 0
  for (const traffic of traffics) {
    const { mine, best, theirs } = compare(traffic, 'fairDelays')
    if (mine > theirs) lost += 1
    say(`| ${traffic}/s | ${minutes(mine)} | ${minutes(theirs)} | ${best.name} |`)
  }
  return lost
}

/** Ours at alpha 1 % in each cell with bursts of a minute, on ten times as many gates. @returns the worst cell's false alarms */
function tellBursts(say: Say): number {
  const draw = drawerFrom(burstSeed)
  // a cell at a time, so that they need not all be kept
  const rates = burstKinds.map((kind) => {
    const gates = draw([kind], gatesEach(10_000))
    return rateOf(
      gates,
      gates.map((gate) => highestOf(ours, gate)),
      { knob: alphaKnob },
    )
  })
  const worst = Math.max(...rates)
  say(
    `\nours at alpha 1 %, ${gatesEach(10_000)} healthy gates in each of ${rates.length} cells with bursts: worst ${percent(worst)}, mean ${percent(mean(rates))}`,
  )
  return worst
}

/** With the knobs as they are. @returns the worst cell's false alarms of ours at alpha 1 %, for bursts of another length */
function tellScenes(us: Measured, others: readonly Measured[], say: Say): number {
  const draw = drawerFrom(sceneSeed)
  const healthy = draw(healthyScenes, gatesEach(200))
  const bad = draw(badScenes, gatesEach(20))
  const replay = ({ rule, name, knob }: Measured) => ({
    name,
    knob,
    highest: healthy.map((gate) => highestOf(rule, gate)),
    delays: bad.map((gate) => delayOf(gate, foundAt(gate, rule.scores(gate), knob))),
  })
  const [mine, theirs] = [replay(us), others.map(replay)]
  say(
    '\n| scene | ours called, of healthy | at alpha 1 % | the others: least, median, most | ours, min | best other, min | which |',
  )
  say('| - | - | - | - | - | - | - |')
  for (const scene of scenes) {
    const called = ({ highest, knob }: { readonly highest: readonly number[]; readonly knob: number }) =>
      rateOf(healthy, highest, { knob, among: (kind) => kind.scene === scene })
    const delayIn = ({ delays }: { readonly delays: readonly number[] }) =>
      mean(delays.filter((_, index) => bad[index]?.kind.scene === scene))
    const rates = theirs.map(called).sort((a, b) => a - b)
    const best = theirs.reduce((a, b) => (delayIn(b) < delayIn(a) ? b : a))
    const range = [rates[0], rates[Math.floor(rates.length / 2)], rates.at(-1)].map(percent).join(', ')
    say(
      `| ${scene} | ${percent(called(mine))} | ${percent(called({ ...mine, knob: alphaKnob }))} | ${range} | ${minutes(delayIn(mine))} | ${minutes(delayIn(best))} | ${best.name} |`,
    )
  }
  const blips = healthy.filter(({ kind }) => kind.scene === 'deploy blip')
  const afterMinute = blips.map((gate) => highestOf(oursAfterMinute, gate))
  say(
    `\nthe deploy blip with \`initial-delay: 1m\`: ours called ${percent(rateOf(blips, afterMinute, us))}, at alpha 1 % ${percent(rateOf(blips, afterMinute, { knob: alphaKnob }))}`,
  )
  const burstScenes = healthyScenes.filter(({ scene }) => scene?.startsWith('bursts'))
  return worstRateOf(healthy, mine.highest, { knob: alphaKnob, kinds: burstScenes })
}

function tellCells(us: Measured, others: readonly Measured[], { bad }: Gates, say: Say) {
  say('\n| traffic, base, effect | ours, min | best other, min | which | ours less theirs, 95 % |')
  say('| - | - | - | - | - |')
  const count = { cells: 0, cellsLost: 0, lowTrafficCells: 0, lowTrafficCellsLost: 0 }
  const high = { highTrafficCells: 0, highTrafficCellsBeyondOnePoll: 0 }
  const needed: number[] = []
  for (const traffic of traffics) {
    for (const base of bases) {
      const wanted = new Map<number, number>()
      for (const effect of effects) {
        const own = ({ delays }: Measured) =>
          delays.filter((_, index) => {
            const kind = bad[index]?.kind
            return kind?.traffic === traffic && kind.base === base && kind.effect === effect
          })
        const best = others.reduce((a, b) => (mean(own(b)) < mean(own(a)) ? b : a))
        const [mine, theirs] = [own(us), own(best)]
        const [low, up] = interval(mine, theirs)
        // won, or not to be told apart
        const isLost = low > 0
        wanted.set(effect, mean(theirs))
        count.cells += 1
        if (isLost) count.cellsLost += 1
        if (traffic <= 1) count.lowTrafficCells += 1
        if (traffic <= 1 && isLost) count.lowTrafficCellsLost += 1
        if (traffic >= 10) high.highTrafficCells += 1
        if (traffic >= 10 && mean(mine) - mean(theirs) > pollMinutes) high.highTrafficCellsBeyondOnePoll += 1
        say(
          `| ${traffic}/s, ${base * 100} %, ×${effect} | ${minutes(mean(mine))} | ${minutes(mean(theirs))} | ${best.name} | ${low.toFixed(2)} … ${up.toFixed(2)} |`,
        )
      }
      // where there is more traffic, nothing is needed for this goal
      needed.push(traffic <= 1 ? falseAlarmsOfIdeal({ traffic, base }, wanted, idealSeed) : 0)
    }
  }
  say(
    `\nto be as fast as the best other in each low-traffic cell, a test that knows shares and onset needs ${percent(mean(needed))} false alarms, pooled`,
  )
  return { ...count, ...high, falseAlarmsOfIdealForLowTrafficGoal: rounded(mean(needed)) }
}

const minutes = (value: number) => value.toFixed(2)
const percent = (share: number | undefined) => (share === undefined ? '-' : `${(share * 100).toFixed(2)} %`)

function rounded(value: number): number {
  return Number(value.toFixed(4))
}
