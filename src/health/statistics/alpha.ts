/**
 * Splits the gate's chance of a false alarm over its checks, so that all together stay within it (Bonferroni): what a check
 * says it takes, it gets; the others share the rest evenly.
 * @param wanted by check: the share that it asks for, or undefined
 * @throws RangeError when they ask for more than there is, or leave nothing for the others
 */
export function splitAlpha(alpha: number, wanted: readonly (number | undefined)[]): readonly number[] {
  const taken = wanted.reduce<number>((sum, each) => sum + (each ?? 0), 0)
  const others = wanted.filter((each) => each === undefined).length
  const left = alpha - taken
  // sums of decimal fractions are a little off
  if (left < -1e-12 || (others > 0 && left <= 1e-12)) {
    throw new RangeError(`checks ask for ${taken} of ${alpha}`)
  }
  return wanted.map((each) => each ?? left / others)
}
