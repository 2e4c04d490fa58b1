/** One share of bad ones against another, as log-likelihood ratios of one bad and one good request. */
export interface ShareRatio {
  readonly share: number
  readonly against: number
  readonly onBad: number
  readonly onGood: number
}

/** @param share above `against`; both between 0 and 1, and neither of them */
export function ratioOf(share: number, against: number): ShareRatio {
  const [onBad, onGood] = [Math.log(share / against), Math.log1p(-share) - Math.log1p(-against)]
  return { share, against, onBad, onGood }
}

/** The log-likelihood ratio of some counts. */
export function logRatio(
  { bad, of }: { readonly bad: number; readonly of: number },
  { onBad, onGood }: ShareRatio,
): number {
  return bad * onBad + (of - bad) * onGood
}

/** What one request adds in the mean, where the share is the first of the two: the divergence of Kullback and Leibler. */
export function divergenceOf(ratio: ShareRatio): number {
  return logRatio({ bad: ratio.share, of: 1 }, ratio)
}
