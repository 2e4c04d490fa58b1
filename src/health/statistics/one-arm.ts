import { addPoll, emptyMixture, logEvidence, type Mixture } from './mixture.ts'
import { type Obvious, obviousEvidence, planObvious } from './obvious.ts'
import { addToCells, dispersionOf, emptyCells, type VariationCells } from './own-variation.ts'
import type { PollCounts } from './poll-counts.ts'
import { logRatio, ratioOf, type ShareRatio } from './share-ratio.ts'
import { wilsonUpper } from './wilson.ts'

export type { PollCounts }

/** What a one-arm test goes by. */
export interface OneArmSettings {
  /** the share of bad ones (0..1) up to which all is well */
  readonly limit: number
  /** how often a healthy service may be called bad, however often one looks (0..1) */
  readonly alpha: number
  /** how often a service at `detect` times the limit may be called healthy (0..1) */
  readonly beta: number
  /** healthy is said against this multiple of the limit */
  readonly detect: number
  /** polls until the window is over */
  readonly plannedPolls: number
  /** how much more the shares vary from minute to minute than chance would have it; 1: not more. See `Before` */
  readonly dispersion: number
  /** how much one poll may add to the evidence, in nats. Default: any. See `Before` */
  readonly mostPerPoll?: number
}

/** The settings, and what follows from them. */
export interface OneArmPlan extends OneArmSettings {
  readonly alternatives: readonly Alternative[]
  readonly obvious: Obvious
  /** that at `detect` times the limit */
  readonly rejected: Alternative
}

/** A share that is too high. */
interface Alternative extends ShareRatio {
  readonly multiple: number
}

export interface OneArm {
  readonly mixture: Mixture
  /** since the first poll */
  readonly total: PollCounts
  /** how much these varied */
  readonly cells: VariationCells
}

export type Call = 'bad' | 'good' | 'open'

/** Multiples of the limit that the evidence is weighed against. */
const multiples = [1.25, 1.5, 2, 3, 5, 10, 20, 40]
/** no alternative is nearer to certainty */
const highestShare = 0.95
/** from this multiple of the limit on a share is obvious */
const obviousMultiple = 10
/**
 * From this multiple on no burst is expected to last for several polls: there, a poll may add so many nats whatever `mostPerPoll` is.
 * With the weight of these alternatives, the third poll of a total outage calls it at alpha 1 %.
 */
const farMultiple = 20
const mostOfFar = 2.25
/** one-sided chance of 1 in 20 that the true share is above the upper bound */
const z95 = 1.6449

export const emptyOneArm: OneArm = {
  mixture: emptyMixture(multiples.length),
  total: { bad: 0, of: 0 },
  cells: emptyCells,
}

export function planOneArm(settings: OneArmSettings): OneArmPlan {
  return {
    ...settings,
    alternatives: multiples.map((multiple) => alternativeAt(multiple, settings.limit)),
    obvious: planObvious(alternativeAt(obviousMultiple, settings.limit)),
    rejected: alternativeAt(settings.detect, settings.limit),
  }
}

/**
 * Adds the counts of one poll. Order within a poll makes no difference, and neither does its length.
 *
 * The log-likelihoods are divided by the dispersion, without which errors that come in bursts would cry wolf. With a
 * dispersion above 1 that is a heuristic (a quasi-likelihood), and no error rate is promised; with 1, the promise of
 * `mixture.ts` holds for requests that are bad with a probability of at most the limit, given the past. `mostPerPoll` takes
 * evidence away and leaves that promise as it is.
 * @throws RangeError for counts that cannot be: NaN, negative, more bad ones than there are
 */
export function addCounts(state: OneArm, counts: PollCounts, plan: OneArmPlan): OneArm {
  refuseImpossible(counts)
  const polls = counts.polls ?? 1
  const most = (plan.mostPerPoll ?? Number.POSITIVE_INFINITY) * polls
  const mostFar = Math.max(most, mostOfFar * polls)
  const obvious = obviousEvidence(counts, plan.obvious, plan.dispersion)
  const increments = plan.alternatives.map((alternative) => {
    const isObvious = obvious !== undefined && alternative.multiple >= obviousMultiple
    const evidence = isObvious ? obvious : logRatio(counts, alternative) / plan.dispersion
    return Math.min(isFar(alternative) ? mostFar : most, evidence)
  })
  return {
    mixture: addPoll(state.mixture, increments, plan.plannedPolls),
    total: { bad: state.total.bad + counts.bad, of: state.total.of + counts.of },
    cells: addToCells(state.cells, counts),
  }
}

/** ln E that more are bad than the limit allows. */
export function logEvidenceOf(state: OneArm, plan: OneArmPlan): number {
  return logEvidence(state.mixture, plan.plannedPolls)
}

/**
 * What can be said now: *bad* when the evidence reached 1/alpha; *good* when Wald's test of the limit against `detect`
 * times the limit accepts the limit, over all counts so far (Wald 1945), or their own interval excludes what matters: see
 * `excludesHarm`; else *open*. Nothing is said of nothing.
 */
export function callOf(state: OneArm, plan: OneArmPlan): Call {
  if (state.total.of === 0) return 'open'
  if (logEvidenceOf(state, plan) >= Math.log(1 / plan.alpha)) return 'bad'
  return missingToGood(state, plan) <= 0 || excludesHarm(state, plan) ? 'good' : 'open'
}

/** Nats that Wald's test still needs; the dispersion of the hour before, with its caution, would keep it from ever ending. */
function missingToGood({ total }: OneArm, { rejected, dispersion, beta }: OneArmPlan): number {
  return logRatio(total, rejected) / dispersion - Math.log(beta)
}

/**
 * Whether the counts themselves, with the variation that they show, leave no room for harm: their interval lies under the limit or, when
 * the window is over and it is asked once, under `detect` times the limit. What the hour before was like cannot take that away.
 */
function excludesHarm({ total, cells, mixture }: OneArm, plan: OneArmPlan): boolean {
  const dispersion = Math.min(plan.dispersion, dispersionOf(cells) ?? plan.dispersion)
  const upper = wilsonUpper(total, { z: z95, dispersion })
  return upper <= plan.limit || (mixture.polls >= plan.plannedPolls && upper < plan.detect * plan.limit)
}

/**
 * How many more requests, at the share of bad ones seen so far, until the service could be called good: seen to have less
 * than `detect` times the limit. 0 if it can be now, infinite if that share is too near.
 */
export function requestsToGood(state: OneArm, plan: OneArmPlan): number {
  const { total } = state
  const missing = missingToGood(state, plan)
  if (missing <= 0) return 0
  const share = total.of === 0 ? 0 : total.bad / total.of
  const each = logRatio({ bad: share, of: 1 }, plan.rejected) / plan.dispersion
  return each < 0 ? Math.ceil(missing / -each) : Number.POSITIVE_INFINITY
}

/**
 * The least multiple of the limit that so many requests would have shown, about half of the time. Undefined when not even
 * an outage would have shown.
 */
export function detectableMultiple(requests: number, plan: OneArmPlan): number | undefined {
  const index = plan.alternatives.findIndex((each) => requests >= requestsToBad(each, plan))
  return multiples[index]
}

/** Requests until a service at that share is called bad, on average: the threshold over the divergence. */
function requestsToBad(alternative: Alternative, { alpha, dispersion }: OneArmPlan): number {
  const divergence = logRatio({ bad: alternative.share, of: 1 }, alternative) / dispersion
  // ln 4: half of the weight is on later starts, and about as much on other alternatives
  return divergence > 0 ? (Math.log(1 / alpha) + Math.log(4)) / divergence : Number.POSITIVE_INFINITY
}

/** Near certainty, an alternative is less than its multiple says. */
function isFar({ multiple, share, against }: Alternative): boolean {
  return multiple >= farMultiple && share >= obviousMultiple * against
}

/** Above the limit, and below certainty, whatever the limit is. */
function alternativeAt(multiple: number, limit: number): Alternative {
  // a limit of 0 is weighed as the least share that can be distinguished from it
  const base = Math.min(Math.max(limit, 1e-9), 1 - 1e-9)
  const share = Math.min(base * multiple, Math.max(highestShare, (1 + base) / 2))
  return { multiple, ...ratioOf(share, base) }
}

function refuseImpossible({ bad, of }: PollCounts): void {
  const isPossible = Number.isFinite(of) && bad >= 0 && bad <= of
  if (!isPossible) throw new RangeError(`there cannot be ${bad} bad ones of ${of}`)
}
