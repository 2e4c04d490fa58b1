import type { PollCounts } from '../../src/health/statistics/one-arm.ts'
import { binomial, normal, poisson, randomOf } from '../../test/support/random.ts'

/** A gate of half an hour, a poll every 15 seconds. */
export const pollsPerGate = 120
export const pollMinutes = 0.25
const pollSeconds = 15
const pollsPerMinute = 4
const minutesBefore = 60

/** What else may happen to a gate. None of it is the deployment's doing. */
export const scenes = [
  'bursts of 15 s',
  'bursts of 5 min',
  'counter resets',
  'deploy blip',
  'outage since before the hour',
  'outage since 10 min before',
] as const
export type Scene = (typeof scenes)[number]

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
  const ramp = isBad && random() < 0.25 ? 20 : 0
  const gaps = random() < 0.25 ? pick(random, [0.1, 0.3, 0.5]) : 0
  const usual = outageBefore(kind) > 0 ? outageFactor : 1
  const factorAt = (poll: number) => {
    if (kind.scene === 'deploy blip' && poll < blip.polls) return Math.max(1, blip.share / kind.base)
    if (onset === undefined || poll < onset) return usual
    const risen = ramp === 0 ? 1 : Math.min(1, (poll - onset + 1) / ramp)
    return usual * (1 + (kind.effect - 1) * risen)
  }
  const shocks = () => Math.max(0, logNormal(random, kind.burst))
  const count = (seconds: number, factor: number, shock: number): PollCounts => {
    const of = poisson(random, kind.traffic * seconds)
    return { bad: binomial(random, of, Math.min(0.5, kind.base * factor * shock)), of }
  }
  const burstPolls = burstLength(kind)
  let shockBefore = 1
  const shockOfMinute = (minute: number) => {
    if (burstPolls < pollsPerMinute) {
      const within = Array.from({ length: pollsPerMinute / burstPolls }, shocks)
      return within.reduce((sum, each) => sum + each, 0) / within.length
    }
    if (minute % (burstPolls / pollsPerMinute) === 0) shockBefore = shocks()
    return shockBefore
  }
  /** What a process counted between the last poll and its end is gone. */
  const sinceReset = (counts: PollCounts): PollCounts => {
    if (kind.scene !== 'counter resets' || random() >= resetsPerPoll) return counts
    const kept = random()
    const bad = binomial(random, counts.bad, kept)
    return { bad, of: bad + binomial(random, counts.of - counts.bad, kept) }
  }
  const before = Array.from({ length: minutesBefore }, (_, minute) =>
    count(60, minute < minutesBefore - outageBefore(kind) ? 1 : outageFactor, shockOfMinute(minute)),
  )
  const polls: (PollCounts | undefined)[] = []
  let shock = 1
  let missed: PollCounts = { bad: 0, of: 0 }
  for (let poll = 0; poll < pollsPerGate; poll += 1) {
    if (poll % burstPolls === 0) shock = shocks()
    const counts = sinceReset(count(pollSeconds, factorAt(poll), shock))
    const both = { bad: missed.bad + counts.bad, of: missed.of + counts.of }
    const isLost = random() < gaps
    missed = isLost ? both : { bad: 0, of: 0 }
    polls.push(isLost ? undefined : both)
  }
  return { kind, before, polls, onset }
}

/** How long a burst lasts, polls. */
function burstLength({ scene }: Kind): number {
  if (scene === 'bursts of 15 s') return 1
  return scene === 'bursts of 5 min' ? 20 : pollsPerMinute
}

/** For how many minutes before the deployment there was an outage. */
function outageBefore({ scene }: Kind): number {
  if (scene === 'outage since before the hour') return minutesBefore
  return scene === 'outage since 10 min before' ? 10 : 0
}

/** Mean 1 and this coefficient of variation, from a log-normal: long to the right, as bursts are. */
function logNormal(random: () => number, cv: number): number {
  if (cv === 0) return 1
  const variance = Math.log(1 + cv * cv)
  return Math.exp(Math.sqrt(variance) * normal(random) - variance / 2)
}

function pick<T>(random: () => number, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0]
}
