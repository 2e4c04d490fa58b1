/**
 * A number with its noun, in the singular where it is one: `1 row`, `4 rows`, `0 rows`.
 * @param many the plural, where it is not the singular with an s
 */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
