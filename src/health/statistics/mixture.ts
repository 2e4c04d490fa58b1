// in a realm of its own, as the tests run in, each look at a global costs more than the logarithm
const { exp, log, log1p } = Math

/**
 * A mixture of likelihood ratios over a grid of alternatives and over the moments at which things may have turned bad.
 *
 * Each term is the likelihood ratio of one alternative against the limit, for what came after one start. Under the limit
 * each is a non-negative supermartingale that starts at 1, and so is their weighted mean E. By Ville's inequality E ever
 * reaches 1/alpha with a probability of at most alpha, however often it is looked at and whenever one stops.
 * Starts let a late change show although much good came before it (Shin, Ramdas, Rinaldo, arXiv 2203.03532).
 */
export interface Mixture {
  /** by alternative: log of the sum over starts of weight times likelihood ratio */
  readonly logs: readonly number[]
  /** polls so far */
  readonly polls: number
}

/** Nothing seen. @param alternatives how many there are */
export function emptyMixture(alternatives: number): Mixture {
  return { logs: new Array<number>(alternatives).fill(Number.NEGATIVE_INFINITY), polls: 0 }
}

/**
 * Adds what one poll saw.
 * @param increments log likelihood ratio of the poll, by alternative; already divided by the dispersion
 * @param plannedPolls how many polls there will be: half of the weight is on the first start, the rest is spread evenly.
 *   More polls than planned only add no further starts
 */
export function addPoll(mixture: Mixture, increments: readonly number[], plannedPolls: number): Mixture {
  const weight = log(weightOf(mixture.polls, plannedPolls))
  const logs = mixture.logs.map((each, index) => logAdd(each, weight) + (increments[index] ?? 0))
  return { logs, polls: mixture.polls + 1 }
}

/** ln E: the evidence so far. 0 before the first poll; compare with ln(1 / alpha). */
export function logEvidence({ logs, polls }: Mixture, plannedPolls: number): number {
  const mean = logSum(logs) - log(logs.length)
  return logAdd(mean, log(unspent(polls, plannedPolls)))
}

function weightOf(poll: number, plannedPolls: number): number {
  if (plannedPolls <= 1) return poll === 0 ? 1 : 0
  if (poll === 0) return 0.5
  return poll < plannedPolls ? 0.5 / (plannedPolls - 1) : 0
}

/** The weight of the starts that are still to come, whose likelihood ratio is 1. */
function unspent(polls: number, plannedPolls: number): number {
  if (polls === 0) return 1
  if (plannedPolls <= 1) return 0
  return Math.max(0, 0.5 * (1 - (Math.min(polls, plannedPolls) - 1) / (plannedPolls - 1)))
}

/** log(exp(a) + exp(b)), without overflow or underflow. */
function logAdd(a: number, b: number): number {
  const [less, more] = a < b ? [a, b] : [b, a]
  return less === Number.NEGATIVE_INFINITY ? more : more + log1p(exp(less - more))
}

function logSum(logs: readonly number[]): number {
  const greatest = Math.max(...logs)
  if (!Number.isFinite(greatest)) return greatest
  return greatest + log(logs.reduce((sum, each) => sum + exp(each - greatest), 0))
}
