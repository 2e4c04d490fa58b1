/** A counter as it stood at one moment. */
export interface CounterSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Where each counter stood when it was last seen, by its labels. */
export type CounterState = ReadonlyMap<string, number>

/**
 * How much counters have grown since they were last seen.
 *
 * A counter that was not there at the first look started from zero: the first error ever makes a new series, and
 * PromQL's `increase` misses it. One that is lower than before was reset, and started from zero, too; unless it is a sum
 * of several (it has no `instance`), where one of them went away, and nothing can be said. One that is not there for a
 * while is remembered.
 * @param state undefined at the first look
 */
export function countIncrease(
  state: CounterState | undefined,
  series: readonly CounterSeries[],
): { readonly state: CounterState; readonly increase: number } {
  const next = new Map(state)
  let increase = 0
  for (const { labels, value } of series) {
    if (!Number.isFinite(value)) continue
    const key = keyOf(labels)
    const last = next.get(key)
    next.set(key, value)
    if (state === undefined) continue
    if (last === undefined) increase += value
    else if (value >= last) increase += value - last
    else if (labels['instance'] !== undefined) increase += value
  }
  return { state: next, increase }
}

function keyOf(labels: CounterSeries['labels']): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}
