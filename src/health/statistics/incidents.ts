import type { PollCounts } from './one-arm.ts'
import { wilsonUpper } from './wilson.ts'

/** A stretch of minutes in which far more was bad than in the rest of the hour. */
export interface Incident {
  readonly counts: PollCounts
  /** minutes that it lasted */
  readonly minutes: number
  /** whole minutes from its end to the deployment; 0 for one that goes on */
  readonly minutesAgo: number
}

/** The time before, taken apart. */
export interface Split {
  /** the minutes without those of the incidents below */
  readonly usual: readonly PollCounts[]
  /** those that were over before the deployment came, the latest first */
  readonly ended: readonly Incident[]
  /** the one that the deployment came into */
  readonly ongoing?: Incident
}

/** Bad ones of an incident, at least: fewer may be chance. */
const leastBad = 3
/** Log-likelihood ratio against the same share in the whole hour, at least; already divided by the dispersion. */
const leastEvidence = 10
/**
 * For one that goes on, which need not be so much worse: two and a half standard deviations. To miss one is worse than to see one too many:
 * the deployment then has to be half as bad again, which most bad ones are.
 */
const leastEvidenceOfOngoing = 3
/** An incident has so many times the share of the rest, and what is not known about the rest speaks for the rest. */
const leastFactor = 10
const leastFactorOfOngoing = 2
/** So many minutes with traffic have to follow an incident to show that it is over. */
const leastAfter = 3
/** Minutes after which it is over, whatever followed. */
const longAgo = 10
/** So many have to be left in all, unless those that follow are among them. */
const leastRest = 10
/** Where it is most of the hour, a lesser share is what is usual there. */
const shareOfOutage = 0.2
/** So many in an hour are usual. */
const recurring = 4
/** More stretches than that are not looked for. */
const mostStretches = 10

/**
 * Takes the incidents out of the time before. Bursts are not incidents: an incident has at least ten times the share of the rest,
 * and is far more than chance and the bursts of the rest can explain. Where they recur, they are usual there and left in; what the
 * deployment came into is found beside them.
 * @param minutes the last one just before the deployment
 * @param dispersionOf of some minutes
 */
export function splitIncidents(
  minutes: readonly PollCounts[],
  dispersionOf: (minutes: readonly PollCounts[]) => number,
): Split {
  const found = confirm(minutes, findStretches(minutes), dispersionOf)
  const isOngoing = (stretch: Stretch) => !isOver(minutes, stretch, found)
  const [going] = found.filter(isOngoing).sort((a, b) => a.from - b.from)
  const over = found.filter((each) => !isOngoing(each)).sort((a, b) => b.to - a.to)
  const ended = over.length < recurring ? over : []
  // one that is cut in two by a good minute began with its first
  const ongoing = going ?? findChange(minutes, ended, dispersionOf)
  const cut = ongoing === undefined ? ended : [...ended, { from: ongoing.from, to: minutes.length }]
  return {
    usual: without(minutes, cut),
    ended: ended.map((each) => describe(minutes, each)),
    ...(ongoing !== undefined && { ongoing: describe(minutes, { from: ongoing.from, to: minutes.length }) }),
  }
}

/** Minutes `from` to before `to`. */
interface Stretch {
  readonly from: number
  readonly to: number
}

/** The stretches that stand out most, the best first: each is looked for in what the earlier ones leave. */
function findStretches(minutes: readonly PollCounts[]): readonly Stretch[] {
  const found: Stretch[] = []
  while (found.length < mostStretches) {
    const best = findStretch(minutes, found)
    if (best === undefined) break
    found.push(best)
  }
  return found
}

function findStretch(minutes: readonly PollCounts[], taken: readonly Stretch[]): Stretch | undefined {
  const left = minutes.map((each, minute) => (isIn(minute, taken) ? { bad: 0, of: 0 } : each))
  const all = sum(left)
  let best: Stretch | undefined
  let most = leastEvidence
  for (let from = 0; from < left.length; from += 1) {
    // an incident begins and ends with a bad minute
    if ((left[from]?.bad ?? 0) === 0) continue
    let [bad, of] = [0, 0]
    let lull = noLull
    for (let to = from + 1; to <= left.length && !isIn(to - 1, taken); to += 1) {
      const last = left[to - 1]
      if (last === undefined) break
      bad += last.bad
      of += last.of
      lull = addToLull(lull, last, bad / of)
      if (endsIncident(lull, bad / of)) break
      const rest = { bad: all.bad - bad, of: all.of - of }
      if (last.bad === 0 || bad < leastBad || rest.of === 0) continue
      if (bad * rest.of < leastBad * rest.bad * of) continue
      const evidence = evidenceFor({ bad, of }, rest)
      if (evidence <= most) continue
      most = evidence
      best = { from, to }
    }
  }
  return best
}

/** Good minutes in a row. */
interface Lull {
  readonly minutes: number
  readonly of: number
}

const noLull: Lull = { minutes: 0, of: 0 }

function addToLull(lull: Lull, { bad, of }: PollCounts, share: number): Lull {
  if (of === 0) return lull
  if (4 * bad > of * share) return noLull
  return { minutes: lull.minutes + 1, of: lull.of + of }
}

/** What comes after it would be another incident: so much good is no chance at the share of this one. */
function endsIncident({ minutes, of }: Lull, share: number): boolean {
  return minutes >= leastAfter && of * share >= 5
}

/**
 * The longest prefix in which each is an incident beside what all of them leave. Each is held against that, and not against the
 * whole hour, in which two incidents hide each other.
 */
function confirm(
  minutes: readonly PollCounts[],
  found: readonly Stretch[],
  dispersionOf: (minutes: readonly PollCounts[]) => number,
): readonly Stretch[] {
  for (let length = found.length; length > 0; length -= 1) {
    const prefix = found.slice(0, length)
    const rest = without(minutes, prefix)
    const total = sum(rest)
    const least = followsLast(minutes, prefix) ? leastAfter : leastRest
    if (busyIn(rest) < least) continue
    const dispersion = dispersionOf(rest)
    const isMostOfHour = 2 * busyIn(rest) < busyIn(minutes)
    const isIncident = (stretch: Stretch) => {
      const counts = sumOf(minutes, stretch)
      if (isMostOfHour && counts.bad < shareOfOutage * counts.of) return false
      return (
        isFarAbove(counts, total, leastFactor) && evidenceFor(counts, total) >= leastEvidence * dispersion
      )
    }
    if (prefix.every(isIncident)) return prefix
  }
  return []
}

/** Whether minutes with traffic follow all of them. */
function followsLast(minutes: readonly PollCounts[], stretches: readonly Stretch[]): boolean {
  const end = Math.max(...stretches.map(({ to }) => to))
  return busyIn(minutes.slice(end)) >= leastAfter
}

/** Long ago, or enough followed, and that was good. */
function isOver(minutes: readonly PollCounts[], stretch: Stretch, others: readonly Stretch[]): boolean {
  if (minutes.length - stretch.to > longAgo) return true
  const after = without(minutes, [{ from: 0, to: stretch.to }, ...others])
  if (busyIn(after) < leastAfter) return false
  return isFarAbove(sumOf(minutes, stretch), sum(after), leastFactor)
}

/** Since when it has been worse than in the rest, where it is not as bad as an incident; the rest may have bursts. */
function findChange(
  minutes: readonly PollCounts[],
  ended: readonly Stretch[],
  dispersionOf: (minutes: readonly PollCounts[]) => number,
): Stretch | undefined {
  let best: Stretch | undefined
  let most = 0
  const first = Math.max(leastRest, ...ended.map(({ to }) => to))
  for (let from = minutes.length - 1; from >= first; from -= 1) {
    if ((minutes[from]?.bad ?? 0) === 0) continue
    const counts = sumOf(minutes, { from, to: minutes.length })
    const rest = sum(without(minutes, [...ended, { from, to: minutes.length }]))
    if (rest.of === 0 || counts.bad < leastBad) continue
    if (counts.bad * rest.of < leastFactorOfOngoing * rest.bad * counts.of) continue
    const evidence = evidenceFor(counts, rest)
    if (evidence <= most) continue
    most = evidence
    best = { from, to: minutes.length }
  }
  if (best === undefined || most < leastEvidenceOfOngoing) return undefined
  const rest = without(minutes, [...ended, best])
  if (busyIn(rest) < leastRest) return undefined
  return most >= leastEvidenceOfOngoing * dispersionOf(rest) ? best : undefined
}

/** Ln of how much more likely two shares are than one. */
function evidenceFor(one: PollCounts, other: PollCounts): number {
  const all = { bad: one.bad + other.bad, of: one.of + other.of }
  return likelihood(one) + likelihood(other) - likelihood(all)
}

function likelihood({ bad, of }: PollCounts): number {
  const good = of - bad
  return (bad > 0 ? bad * Math.log(bad / of) : 0) + (good > 0 ? good * Math.log(good / of) : 0)
}

function isFarAbove(counts: PollCounts, rest: PollCounts, factor: number): boolean {
  return counts.of > 0 && counts.bad / counts.of >= Math.min(0.5, factor * wilsonUpper(rest))
}

function without(minutes: readonly PollCounts[], stretches: readonly Stretch[]): readonly PollCounts[] {
  return minutes.filter((_, minute) => !isIn(minute, stretches))
}

function isIn(minute: number, stretches: readonly Stretch[]): boolean {
  return stretches.some(({ from, to }) => minute >= from && minute < to)
}

function busyIn(minutes: readonly PollCounts[]): number {
  return minutes.filter(({ of }) => of > 0).length
}

function sumOf(minutes: readonly PollCounts[], { from, to }: Stretch): PollCounts {
  return sum(minutes.slice(from, to))
}

function describe(minutes: readonly PollCounts[], { from, to }: Stretch): Incident {
  return {
    counts: sumOf(minutes, { from, to }),
    minutes: to - from,
    minutesAgo: minutes.length - to,
  }
}

/** All of them together. */
export function sum(counts: readonly PollCounts[]): PollCounts {
  let [bad, of] = [0, 0]
  for (const each of counts) {
    bad += each.bad
    of += each.of
  }
  return { bad, of }
}
