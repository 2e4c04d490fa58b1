/**
 * Time to detect at equal false alarms. Each rule has one knob; it is set on one half of the gates so that false alarms,
 * pooled over healthy gates with and without bursts, are 1 %, and measured on the other half.
 */

import { wilsonUpper } from '../src/health/statistics/wilson.ts'
import { baselines } from './gate/baselines.ts'
import { type Kind, scenes } from './gate/gates.ts'
import { delaysOfIdeal } from './gate/ideal.ts'
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
  intervalOfRatio,
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
const firstSeed = Number(process.argv[4] ?? 807_008_873)
/** those of the scenes, of the cells with bursts and of the ideal test come from seeds of their own */
const sceneSeed = firstSeed + 20_000_000
const burstSeed = firstSeed + 30_000_000
const idealSeed = firstSeed + 40_000_000
const idealSceneSeed = firstSeed + 50_000_000
const otherBurstSeed = firstSeed + 60_000_000
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
  say(`scale ${scale}, seeds from ${firstSeed}`)
  say(`${tuning.length} healthy gates to tune on, ${healthy.length} to measure on, ${bad.length} bad ones`)
  const us = measureRule(ours, gates)
  const all = [us, ...baselines.map((rule) => measureRule(rule, gates))]
  const others = all.slice(1)

  const best = delaysOfIdeal(bad, { healthyEach: gatesEach(1000), firstSeed: idealSeed })
  tellRules(all, best, gates, say)
  const { fairLost, worstTraffic } = tellTraffics(us, others, best, gates, say)
  const burstsOfMinute = tellBursts(say, 'bursts of a minute', burstKinds, gatesEach(20_000), burstSeed)
  const otherBursts = tellBursts(
    say,
    'bursts of another length',
    healthyScenes.filter(({ scene }) => scene?.startsWith('bursts')),
    gatesEach(5000),
    otherBurstSeed,
  )
  const worstScene = tellScenes(us, others, say)
  const cells = tellCells(us, others, best, gates, say)

  const bestOther = Math.min(...others.map(({ delays }) => mean(delays)))
  const [low, up] = intervalOfRatio(us.delays, best)
  say(
    `\nratio to the ideal, overall: ${minutes(mean(us.delays) / mean(best))} (${minutes(low)} … ${minutes(up)})`,
  )
  const figures = {
    ratioToIdeal: rounded(mean(us.delays) / mean(best)),
    worstRatioToIdealOfATraffic: rounded(worstTraffic),
    worstRatioToIdealOfAScene: rounded(worstScene),
    leadOverBestOtherMinutes: rounded(bestOther - mean(us.delays)),
    restrictedMeanMinutes: rounded(mean(us.delays)),
    idealRestrictedMeanMinutes: rounded(mean(best)),
    bestOtherRestrictedMeanMinutes: rounded(bestOther),
    falseAlarmsTuned: rateOf(healthy, us.highest, us),
    worstBurstCellAtAlpha1Percent: rounded(burstsOfMinute),
    worstCellOfOtherBurstsAtAlpha1Percent: rounded(otherBursts),
    trafficsLostAtEqualFalseAlarmsInEach: fairLost,
    ...cells,
  }
  const goals = {
    ratioToIdeal: { atMost: 1.12 },
    worstRatioToIdealOfATraffic: { atMost: 1.25 },
    worstRatioToIdealOfAScene: { atMost: 1.5 },
    leadOverBestOtherMinutes: { atLeast: 0 },
    worstBurstCellAtAlpha1Percent: { atMost: 0.005 },
    worstCellOfOtherBurstsAtAlpha1Percent: { atMost: 0.005 },
  }
  return { figures, goals }
}

function tellRules(all: readonly Measured[], ideal: readonly number[], { healthy }: Gates, say: Say): void {
  say(
    '\n| rule | restricted mean min | to the ideal | found | bad requests served | false alarms | worst cell | as shipped |',
  )
  say('| - | - | - | - | - | - | - | - |')
  say(
    `| Wald's test, which knows shares and moment: the ideal | ${minutes(mean(ideal))} | 1.00 | - | - | - | - | - |`,
  )
  for (const each of [...all].sort((a, b) => mean(a.delays) - mean(b.delays))) {
    const { name, delays, detected, servedBad, highest, knob, rule } = each
    const shipped =
      rule.shipped === undefined ? '-' : percent(rateOf(healthy, highest, { knob: rule.shipped }))
    const worst = worstRateOf(healthy, highest, { knob, kinds: healthyKinds })
    say(
      `| ${name} | ${minutes(mean(delays))} | ${minutes(mean(delays) / mean(ideal))} | ${percent(detected)} | ${servedBad.toFixed(0)} | ${percent(rateOf(healthy, highest, { knob }))} | ${percent(worst)} | ${shipped} |`,
    )
  }
}

/** @returns how many traffics are lost where false alarms are made equal in each, and the worst ratio to the ideal */
function tellTraffics(
  us: Measured,
  others: readonly Measured[],
  ideal: readonly number[],
  { healthy, bad }: Gates,
  say: Say,
): { readonly fairLost: number; readonly worstTraffic: number } {
  const idealIn = (traffic: number) => mean(ideal.filter((_, index) => bad[index]?.kind.traffic === traffic))
  const ratios: number[] = []
  const compare = (traffic: number, which: 'delays' | 'fairDelays') => {
    const own = (each: Measured) =>
      mean(each[which].filter((_, index) => bad[index]?.kind.traffic === traffic))
    const best = others.reduce((a, b) => (own(b) < own(a) ? b : a))
    return { mine: own(us), best, theirs: own(best) }
  }
  say(
    '\n| traffic | ideal, min | ours, min | ratio | best other, min | which | its false alarms there | ours there |',
  )
  say('| - | - | - | - | - | - | - | - |')
  for (const traffic of traffics) {
    const { mine, best, theirs } = compare(traffic, 'delays')
    const there = ({ highest, knob }: Measured) =>
      percent(rateOf(healthy, highest, { knob, among: (kind) => kind.traffic === traffic }))
    const ratio = mine / idealIn(traffic)
    ratios.push(ratio)
    say(
      `| ${traffic}/s | ${minutes(idealIn(traffic))} | ${minutes(mine)} | ${minutes(ratio)} | ${minutes(theirs)} | ${best.name} | ${there(best)} | ${there(us)} |`,
    )
  }
  say('\n| traffic, false alarms 1 % in each | ideal, min | ours, min | best other, min | which |')
  say('| - | - | - | - | - |')
  let lost = 0
  for (const traffic of traffics) {
    const { mine, best, theirs } = compare(traffic, 'fairDelays')
    if (mine > theirs) lost += 1
    say(
      `| ${traffic}/s | ${minutes(idealIn(traffic))} | ${minutes(mine)} | ${minutes(theirs)} | ${best.name} |`,
    )
  }
  return { fairLost: lost, worstTraffic: Math.max(...ratios) }
}

/** Ours at alpha 1 % in each cell with bursts, on more gates than the rest. @returns the worst cell's false alarms */
function tellBursts(
  say: Say,
  what: string,
  kinds: readonly Kind[],
  gatesPerCell: number,
  seed: number,
): number {
  const draw = drawerFrom(seed)
  // a cell at a time, so that they need not all be kept
  const rates = kinds.map((kind) => {
    const gates = draw([kind], gatesPerCell)
    return rateOf(
      gates,
      gates.map((gate) => highestOf(ours, gate)),
      { knob: alphaKnob },
    )
  })
  const worst = Math.max(...rates)
  say(
    `\nours at alpha 1 %, ${gatesPerCell} healthy gates in each of ${rates.length} cells with ${what}: worst ${percent(worst)} (${around(worst, gatesPerCell)}), mean ${percent(mean(rates))} (${around(mean(rates), gatesPerCell * rates.length)})`,
  )
  return worst
}

/**
 * With the knobs as they are.
 * @returns the worst ratio to the ideal of all scenes
 */
function tellScenes(us: Measured, others: readonly Measured[], say: Say): number {
  const draw = drawerFrom(sceneSeed)
  const healthy = draw(healthyScenes, gatesEach(200))
  const bad = draw(badScenes, gatesEach(60))
  const replay = ({ rule, name, knob }: Measured) => ({
    name,
    knob,
    highest: healthy.map((gate) => highestOf(rule, gate)),
    delays: bad.map((gate) => delayOf(gate, foundAt(gate, rule.scores(gate), knob))),
  })
  const [mine, theirs] = [replay(us), others.map(replay)]
  const ideal = { delays: delaysOfIdeal(bad, { healthyEach: gatesEach(200), firstSeed: idealSceneSeed }) }
  const ratios: number[] = []
  say(
    '\n| scene | ours called, of healthy | at alpha 1 % | the others: least, median, most | ideal, min | ours, min | ratio, 95 % | best other, min | which |',
  )
  say('| - | - | - | - | - | - | - | - | - |')
  for (const scene of scenes) {
    const called = ({ highest, knob }: { readonly highest: readonly number[]; readonly knob: number }) =>
      rateOf(healthy, highest, { knob, among: (kind) => kind.scene === scene })
    const inScene = ({ delays }: { readonly delays: readonly number[] }) =>
      delays.filter((_, index) => bad[index]?.kind.scene === scene)
    const delayIn = (each: { readonly delays: readonly number[] }) => mean(inScene(each))
    const rates = theirs.map(called).sort((a, b) => a - b)
    const best = theirs.reduce((a, b) => (delayIn(b) < delayIn(a) ? b : a))
    const range = [rates[0], rates[Math.floor(rates.length / 2)], rates.at(-1)].map(percent).join(', ')
    const ratio = delayIn(mine) / delayIn(ideal)
    ratios.push(ratio)
    const [low, up] = intervalOfRatio(inScene(mine), inScene(ideal))
    say(
      `| ${scene} | ${percent(called(mine))} | ${percent(called({ ...mine, knob: alphaKnob }))} | ${range} | ${minutes(delayIn(ideal))} | ${minutes(delayIn(mine))} | ${minutes(ratio)} (${minutes(low)} … ${minutes(up)}) | ${minutes(delayIn(best))} | ${best.name} |`,
    )
  }
  const blips = healthy.filter(({ kind }) => kind.scene === 'deploy blip')
  const afterMinute = blips.map((gate) => highestOf(oursAfterMinute, gate))
  say(
    `\nthe deploy blip with \`initial-delay: 1m\`: ours called ${percent(rateOf(blips, afterMinute, us))}, at alpha 1 % ${percent(rateOf(blips, afterMinute, { knob: alphaKnob }))}`,
  )
  return Math.max(...ratios)
}

function tellCells(
  us: Measured,
  others: readonly Measured[],
  ideal: readonly number[],
  { bad }: Gates,
  say: Say,
) {
  say(
    '\n| traffic, base, effect | ideal, min | ours, min | best other, min | which | ours less theirs, 95 % |',
  )
  say('| - | - | - | - | - | - |')
  const count = { cells: 0, cellsLost: 0 }
  for (const traffic of traffics) {
    for (const base of bases) {
      for (const effect of effects) {
        const isOwn = (_: unknown, index: number) => {
          const kind = bad[index]?.kind
          return kind?.traffic === traffic && kind.base === base && kind.effect === effect
        }
        const own = ({ delays }: Pick<Measured, 'delays'>) => delays.filter(isOwn)
        const best = others.reduce((a, b) => (mean(own(b)) < mean(own(a)) ? b : a))
        const [mine, theirs] = [own(us), own(best)]
        const [low, up] = interval(mine, theirs)
        count.cells += 1
        // won, or not to be told apart
        if (low > 0) count.cellsLost += 1
        say(
          `| ${traffic}/s, ${base * 100} %, ×${effect} | ${minutes(mean(ideal.filter(isOwn)))} | ${minutes(mean(mine))} | ${minutes(mean(theirs))} | ${best.name} | ${low.toFixed(2)} … ${up.toFixed(2)} |`,
        )
      }
    }
  }
  return count
}

/** 95 % interval of a share of so many gates (Wilson). */
function around(share: number, of: number): string {
  const upper = wilsonUpper({ bad: share * of, of }, { z: 1.96 })
  const lower = 1 - wilsonUpper({ bad: (1 - share) * of, of }, { z: 1.96 })
  return `${percent(lower)} … ${percent(upper)}`
}

const minutes = (value: number) => value.toFixed(2)
const percent = (share: number | undefined) => (share === undefined ? '-' : `${(share * 100).toFixed(2)} %`)

function rounded(value: number): number {
  return Number(value.toFixed(4))
}
