import type { PollCounts } from '../../src/health/statistics/one-arm.ts'
import { binomial, normal, poisson, randomOf } from '../../test/support/random.ts'

/** A gate of half an hour, a poll every 15 seconds. */
export const pollsPerGate = 120
export const pollMinutes = 0.25
const pollSeconds = 15
const pollsPerMinute = 4
const minutesBefore = 60

/** An incident of the hour before that was over when the deployment came. */
export const scenesOfIncidents = [
  'before: a minute of 2 of 2',
  'before: 3 min of 6 of 8',
  'before: outage of 5 min',
  'before: outage of 25 min',
  'before: two outages of 2 min',
] as const
/** What else may happen to a gate. None of it is the deployment's doing. */
export const scenes = [
  'bursts of 15 s',
  'bursts of 5 min',
  'counter resets',
  'deploy blip',
  'outage since before the hour',
  'outage since 10 min before',
  'outage since 1 to 9 min before',
  ...scenesOfIncidents,
] as const
export type Scene = (typeof scenes)[number]

/** Incidents of the hour before: how many, how long (minutes), and what was counted in each minute; all of the traffic without `of`. */
const incidents: Readonly<
  Record<
    (typeof scenesOfIncidents)[number],
    { readonly times: number; readonly minutes: number; readonly counts?: PollCounts }
  >
> = {
  'before: a minute of 2 of 2': { times: 1, minutes: 1, counts: { bad: 2, of: 2 } },
  'before: 3 min of 6 of 8': { times: 1, minutes: 3, counts: { bad: 6, of: 8 } },
  'before: outage of 5 min': { times: 1, minutes: 5 },
  'before: outage of 25 min': { times: 1, minutes: 25 },
  'before: two outages of 2 min': { times: 2, minutes: 2 },
}
/** so many good minutes at least follow an incident */
const leastAfter = 3

/** 20 % fail while the new version starts */
const blip = { polls: 4, share: 0.2 }
/** chance of a poll to meet a process that was started anew since the last one */
const resetsPerPoll = 0.05
/** how many times the share that is usual fails in an outage of before */
const outageFactor = 10

export interface Kind {
  /** requests a second */
  readonly traffic: number
  /** share of bad ones of a healthy service */
  readonly base: number
  /** how much more the share is after the onset; 1 for a healthy gate */
  readonly effect: number
  /** coefficient of variation of the share from minute to minute */
  readonly burst: number
  readonly scene?: Scene
}

/** What a rule sees of a gate, and what it cannot know. */
export interface Gate {
  readonly kind: Kind
  readonly before: readonly PollCounts[]
  /** undefined where the metrics server had no answer: the next poll has both, as counters do */
  readonly polls: readonly (PollCounts | undefined)[]
  /** poll from which on it is bad; undefined for a healthy gate */
  readonly onset: number | undefined
}

/** Draws a gate. What a bad one is like beside its kind (late, slow, full of holes) is drawn, too. */
export function drawGate(kind: Kind, seed: number): Gate {
  const random = randomOf(seed)
  const isBad = kind.effect > 1
  const onset = isBad ? pick(random, [0, 20, 60]) : undefined
  const ramp = isBad && random() < 0.25 ? 20 : 1
  const gaps = random() < 0.25 ? pick(random, [0.1, 0.3, 0.5]) : 0
  const before = drawIncidents(kind, drawBefore(kind, random), random)
  const polls = drawPolls(kind, random, { gaps, factorAt: (poll) => factorAt(kind, poll, { onset, ramp }) })
  return { kind, before, polls, onset }
}

/** How many times the usual share is bad in a poll. */
function factorAt(
  kind: Kind,
  poll: number,
  { onset, ramp }: { readonly onset: number | undefined; readonly ramp: number },
): number {
  if (kind.scene === 'deploy blip' && poll < blip.polls) return Math.max(1, blip.share / kind.base)
  const usual = shareBeforeOf(kind) / kind.base
  if (onset === undefined || poll < onset) return usual
  return usual * (1 + (kind.effect - 1) * Math.min(1, (poll - onset + 1) / ramp))
}

/** The share of bad ones when the deployment came. */
export function shareBeforeOf({ base, scene }: Pick<Kind, 'base' | 'scene'>): number {
  return scene?.startsWith('outage since') === true ? base * outageFactor : base
}

function drawBefore(kind: Kind, random: () => number): readonly PollCounts[] {
  const outageMinutes = drawOutageBefore(kind, random)
  const minutesPerBurst = burstLength(kind) / pollsPerMinute
  let shock = 1
  return Array.from({ length: minutesBefore }, (_, minute) => {
    if (minutesPerBurst < 1)
      shock = mean(Array.from({ length: 1 / minutesPerBurst }, () => drawShock(kind, random)))
    else if (minute % minutesPerBurst === 0) shock = drawShock(kind, random)
    const isOutage = minute >= minutesBefore - outageMinutes
    return drawCounts(kind, random, { seconds: 60, times: (isOutage ? outageFactor : 1) * shock })
  })
}

function drawPolls(
  kind: Kind,
  random: () => number,
  { gaps, factorAt }: { readonly gaps: number; readonly factorAt: (poll: number) => number },
): Gate['polls'] {
  let shock = 1
  let missed: PollCounts = { bad: 0, of: 0 }
  return Array.from({ length: pollsPerGate }, (_, poll) => {
    if (poll % burstLength(kind) === 0) shock = drawShock(kind, random)
    const times = factorAt(poll) * shock
    const counts = sinceReset(drawCounts(kind, random, { seconds: pollSeconds, times }), kind, random)
    const both = { bad: missed.bad + counts.bad, of: missed.of + counts.of }
    const isLost = random() < gaps
    missed = isLost ? both : { bad: 0, of: 0 }
    return isLost ? undefined : both
  })
}

/** @param times how many times the usual share is bad; never more than one half of all */
function drawCounts(
  { traffic, base }: Kind,
  random: () => number,
  { seconds, times }: { readonly seconds: number; readonly times: number },
): PollCounts {
  const of = poisson(random, traffic * seconds)
  return { bad: binomial(random, of, Math.min(0.5, base * times)), of }
}

/** What a process counted between the last poll and its end is gone. */
function sinceReset(counts: PollCounts, { scene }: Kind, random: () => number): PollCounts {
  if (scene !== 'counter resets' || random() >= resetsPerPoll) return counts
  const kept = random()
  const bad = binomial(random, counts.bad, kept)
  return { bad, of: bad + binomial(random, counts.of - counts.bad, kept) }
}

/** How long a burst lasts, polls. */
function burstLength({ scene }: Kind): number {
  if (scene === 'bursts of 15 s') return 1
  return scene === 'bursts of 5 min' ? 20 : pollsPerMinute
}

/** For how many minutes before the deployment there was an outage. */
function drawOutageBefore({ scene }: Kind, random: () => number): number {
  if (scene === 'outage since before the hour') return minutesBefore
  if (scene === 'outage since 10 min before') return 10
  return scene === 'outage since 1 to 9 min before' ? 1 + Math.floor(9 * random()) : 0
}

/** Puts the incidents of the scene somewhere into the hour. Where there is no traffic, nothing fails. */
function drawIncidents(
  { scene }: Kind,
  before: readonly PollCounts[],
  random: () => number,
): readonly PollCounts[] {
  const name = scenesOfIncidents.find((each) => each === scene)
  if (name === undefined) return before
  const { times, minutes, counts } = incidents[name]
  const minutesBetween = (minutesBefore - leastAfter) / times
  const starts = Array.from({ length: times }, (_, index) =>
    Math.floor(index * minutesBetween + random() * (minutesBetween - minutes + 1)),
  )
  return before.map((usual, minute) => {
    const isIn = starts.some((start) => minute >= start && minute < start + minutes)
    return isIn ? (counts ?? { bad: usual.of, of: usual.of }) : usual
  })
}

/** How many times the share of a burst is that of other times: log-normal with mean 1, long to the right as bursts are. */
function drawShock({ burst }: Kind, random: () => number): number {
  if (burst === 0) return 1
  const variance = Math.log(1 + burst * burst)
  return Math.exp(Math.sqrt(variance) * normal(random) - variance / 2)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length
}

function pick<T>(random: () => number, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0]
}
