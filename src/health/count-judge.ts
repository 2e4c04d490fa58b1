import type { Limit } from '../settings/schema.ts'
import { count } from '../text/count.ts'
import type { Counts, ValueReading } from './reading.ts'
import type { Before } from './statistics/before.ts'
import type { Incident } from './statistics/incidents.ts'
import {
  addCounts,
  type Call,
  callOf,
  detectableMultiple,
  emptyOneArm,
  type OneArm,
  type OneArmPlan,
  type PollCounts,
  planOneArm,
  requestsToGood,
} from './statistics/one-arm.ts'
import { limitFromBefore } from './statistics/relative-limit.ts'
import { addPair, emptyTwoArm, isWorse as isTwoArmBad } from './statistics/two-arm.ts'
import { wilsonUpper } from './statistics/wilson.ts'
import { formatValue } from './value.ts'

export interface JudgeSettings {
  readonly limit: Limit
  /** the limit as so many times the share before the deployment, where that is known */
  readonly timesBefore?: number
  /** how many times as bad as the control it may be, where there is one */
  readonly timesControl?: number
  readonly method: 'sequential' | 'threshold'
  /** what this check may use of the gate's */
  readonly alpha: number
  /** polls until the window is over */
  readonly plannedPolls: number
  /** what is counted, in words: `requests` */
  readonly noun: string
  /** what `before` was counted in, in words: `v11`; the hour before without it */
  readonly earlier?: string
}

/** Turns the counts of each poll into a reading. */
export interface CountJudge {
  /** @param control what ran beside it in the same time */
  readonly judge: (counts: PollCounts, control?: PollCounts) => ValueReading
}

/** errors that began so shortly before the deployment are its own where its time was noted late */
const lateStampMinutes = 5
/** so many times as bad as before the deployment is its doing, whatever was wrong already */
const timesWorse = 1.5
/** how often a service at twice its limit may be called good */
const beta = 0.05
/** good is: not twice the limit */
const detect = 2

/**
 * Judges counts by the sequential test, or by the share of the last poll.
 *
 * Where more were bad before the deployment than the limit allows, the deployment has to be clearly worse than that to count
 * as bad (see `worseThan`); if it is only as bad as before, the reading says so.
 * With a control, bad is only what is worse than that: what hits both says nothing of the deployment.
 * @param before the counts of the time before, if known
 */
export function startJudging(settings: JudgeSettings, before: Before | undefined): CountJudge {
  const { method, alpha, plannedPolls, noun, earlier = 'the hour before' } = settings
  const limit =
    settings.timesBefore === undefined || before === undefined || before.total.of === 0
      ? (settings.limit.max ?? 0)
      : limitFromBefore(before.total, settings.timesBefore)
  const dispersion = before?.dispersion ?? 1
  const planAt = (share: number) =>
    planOneArm({
      limit: share,
      alpha,
      beta,
      detect,
      plannedPolls,
      dispersion,
      mostPerPoll: before?.mostPerPoll ?? Number.POSITIVE_INFINITY,
    })
  const plan = planAt(limit)
  const shareBefore = before === undefined ? 0 : shareWhenItCame(before)
  const wasBad = shareBefore > limit
  const worsePlan = planAt(before === undefined ? 1 : worseThan(before))

  let state = emptyOneArm
  let worse = emptyOneArm
  let isBad = false
  let isWorse = false
  let pair = emptyTwoArm
  const pairPlan = { tolerance: settings.timesControl ?? 1, alpha, plannedPolls }
  let controlTotal: PollCounts = { bad: 0, of: 0 }
  return {
    judge: (counts, control) => {
      const { bad, of } = counts
      state = addCounts(state, counts, plan)
      if (wasBad) worse = addCounts(worse, counts, worsePlan)
      const { total } = state
      if (method === 'threshold') {
        const value = of === 0 ? Number.NaN : bad / of
        return {
          kind: 'value',
          value,
          counts: total,
          note: `${bad} of ${of} ${noun}`,
          ...(wasBad && { before: true }),
        }
      }
      if (control !== undefined) {
        pair = addPair(pair, { suspect: counts, control }, pairPlan)
        controlTotal = { bad: controlTotal.bad + control.bad, of: controlTotal.of + control.of }
      }
      const alone = callOf(state, plan)
      const call = control === undefined ? alone : callBeside(isTwoArmBad(pair, pairPlan), alone)
      // what was once called bad with this chance of being wrong is not taken back because it got better
      isBad ||= call === 'bad'
      isWorse ||= wasBad && callOf(worse, worsePlan) === 'bad'
      return {
        kind: 'value',
        value: total.of === 0 ? 0 : total.bad / total.of,
        counts: total,
        call: isBad ? 'bad' : call,
        ...(of > 0 && bad / of <= limit && { recovering: true }),
        ...(isBad && wasBad && !isWorse && { before: true }),
        note: describe({
          state,
          plan,
          call: isBad ? 'bad' : call,
          noun,
          earlier,
          shareBefore,
          wasBad,
          ...(control !== undefined && { controlTotal }),
          before,
          isRelative: settings.timesBefore !== undefined,
        }),
      }
    },
  }
}

/** What is bad in both is not the deployment's doing, and not good either. */
function callBeside(isWorse: boolean, alone: Call): Call {
  if (isWorse) return 'bad'
  return alone === 'bad' ? 'open' : alone
}

/** The share of bad ones when the deployment came: that of the hour, unless its last minutes were better for sure. */
export function shareWhenItCame({ outage, total, recent }: Before): number {
  const { bad, of } = outage?.counts ?? total
  if (of === 0) return 0
  return outage === undefined ? Math.min(bad / of, wilsonUpper(recent)) : bad / of
}

/**
 * The share above which the deployment made worse what it came into: half as much again as it was, because an outage may grow by itself,
 * and at least what so few counts leave open. Where two thirds failed already, nothing counts as worse.
 */
export function worseThan(before: Before): number {
  return before.outage === undefined
    ? Math.min(1, timesWorse * shareWhenItCame(before))
    : limitFromBefore(before.outage.counts, timesWorse)
}

function describe(input: {
  readonly state: OneArm
  readonly plan: OneArmPlan
  readonly call: NonNullable<ValueReading['call']>
  readonly noun: string
  readonly earlier: string
  readonly shareBefore: number
  readonly wasBad: boolean
  readonly controlTotal?: PollCounts
  readonly before: Before | undefined
  readonly isRelative: boolean
}): string {
  const { state, plan, call, noun, earlier, shareBefore, wasBad, controlTotal, before, isRelative } = input
  const { dispersion } = plan
  const { bad, of }: Counts = state.total
  const parts = [`${bad} of ${of} ${noun}`]
  if (isRelative) parts.push(`limit ${formatValue(plan.limit, 'ratio')} from ${earlier}`)
  if (controlTotal !== undefined) {
    parts.push(`${controlTotal.bad} of ${controlTotal.of} in the control`)
  }
  if (wasBad) parts.push(`${formatValue(shareBefore, 'ratio')} before the deployment`)
  if (wasBad) parts.push(...describeLateStamp(before?.outage))
  parts.push(...describeEnded(before))
  if (dispersion > 1.5)
    parts.push(
      `weighted ${formatValue(dispersion, 'number')} times less, because errors came in bursts before`,
    )
  if (call === 'open') parts.push(describeMissing(state, plan, noun))
  return parts.join(', ')
}

/**
 * What began minutes before the recorded beginning of the deployment may well be its own doing: a time that was noted when the deployment was
 * through, or began to serve, is too late.
 */
function describeLateStamp(outage: Incident | undefined): readonly string[] {
  if (outage === undefined || outage.minutes > lateStampMinutes) return []
  return [
    `which began ${count(outage.minutes, 'minute')} before \`deployed-at\`: if the deployment began by then, it may be the cause; set \`deployed-at\` to when it began, and run the gate again`,
  ]
}

/** Incidents of the time before, which teach nothing about what is usual. */
function describeEnded(before: Before | undefined): readonly string[] {
  const [last, ...others] = before?.ended ?? []
  if (last === undefined) return []
  const one = `an incident of ${count(last.minutes, 'minute')}, ${count(last.minutesAgo, 'minute')} before the deployment,`
  return [
    others.length === 0
      ? `${one} is left out`
      : `${one} and ${count(others.length, 'more incident')} are left out`,
  ]
}

/** What so little could have shown, and how much more it takes. */
function describeMissing(state: OneArm, plan: OneArmPlan, noun: string): string {
  const { bad, of } = state.total
  if (of > 0 && bad / of > plan.limit) return `above the limit, but too few ${noun} to rule out chance`
  const multiple = detectableMultiple(state.total.of, plan)
  const seen =
    multiple === undefined
      ? 'too few to detect any effect'
      : `enough to detect ${formatValue(Math.min(1, multiple * plan.limit), 'ratio')}`
  const more = requestsToGood(state, plan)
  return Number.isFinite(more)
    ? `${seen}; would have needed ${more} more ${noun} to detect a doubling`
    : `${seen}; too near the limit to pass`
}
