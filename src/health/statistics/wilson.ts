/** One-sided chance of 1 in 10 that the true share is above the upper bound. */
const z90 = 1.2816

/**
 * Wilson's upper bound of a share, from so many bad ones of so many (E. B. Wilson 1927); 1 for none at all.
 * @param z standard normal deviate of the one-sided confidence. Default: 90 %
 * @param dispersion how much more the counts vary than chance would have it: so many times fewer are known
 */
export function wilsonUpper(
  { bad, of }: { readonly bad: number; readonly of: number },
  { z = z90, dispersion = 1 }: { readonly z?: number; readonly dispersion?: number } = {},
): number {
  if (of === 0) return 1
  const n = of / dispersion
  const share = bad / of
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  return (share + (z * z) / (2 * n) + spread) / (1 + (z * z) / n)
}
