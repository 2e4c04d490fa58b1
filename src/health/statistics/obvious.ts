import type { PollCounts } from './poll-counts.ts'
import { divergenceOf, logRatio, ratioOf, type ShareRatio } from './share-ratio.ts'

/** A share that is obviously too high, beside shares that a burst may still have. */
export interface Obvious {
  readonly againstLimit: ShareRatio
  readonly againstBurst: ShareRatio
}

/** What a poll adds at that share: with the weight of these alternatives, the fifth poll in a row calls it at alpha 1 %. */
const natsPerPoll = 1.5
/** More is aimed at, so that chance does not take it away: a poll with nine times the limit adds as much. */
const aim = 2.5

export function planObvious({ share, against }: ShareRatio): Obvious {
  return {
    againstLimit: ratioOf(share, against),
    againstBurst: ratioOf(share, (share + against) / 2),
  }
}

/**
 * The evidence of one poll for what is obvious, where the dispersion would hide it: bursts before a deployment say that a doubling
 * may be one; they do not say that ten times the limit, poll after poll, is. It is weighed against a burst of half that height or,
 * where so few requests could not show that, against the limit; in both cases divided so that a poll adds no more than
 * `natsPerPoll`. Which, depends on the number of requests alone, not on how many of them were bad, so that it stays a supermartingale under the limit.
 * @returns undefined where the dispersion leaves enough by itself
 */
export function obviousEvidence(
  counts: PollCounts,
  { againstLimit, againstBurst }: Obvious,
  dispersion: number,
): number | undefined {
  const polls = counts.polls ?? 1
  const requests = counts.of / polls
  if (dispersion * aim <= requests * divergenceOf(againstLimit) || dispersion === 1) return undefined
  const ratio = requests * divergenceOf(againstBurst) >= aim ? againstBurst : againstLimit
  const divisor = Math.max(1, (requests * divergenceOf(ratio)) / aim)
  return Math.min(natsPerPoll * polls, logRatio(counts, ratio) / divisor)
}
