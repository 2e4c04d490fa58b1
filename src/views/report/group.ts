import { Column } from './column.ts'
import type { Group } from './model.ts'
import { describeDurations, share } from './numbers.ts'
import type { Rollback, Standing } from './rollbacks.ts'

/** What is counted: a rollback, or one layer of it. */
export interface Counted {
  readonly standing: Standing
  readonly durationMs: number | undefined
}

/** Counts, and keeps the durations alone. */
class Tally {
  readonly #counts = { succeeded: 0, failed: 0, pending: 0 }
  readonly #durations = new Column(Float64Array)

  add({ standing, durationMs }: Counted): void {
    this.#counts[standing] += 1
    if (durationMs !== undefined) this.#durations.push(durationMs)
  }

  get(): Omit<Group, 'name'> {
    const { succeeded, failed, pending } = this.#counts
    return {
      total: succeeded + failed + pending,
      ...{ succeeded, failed, pending },
      successRate: share(succeeded, succeeded + failed),
      duration: describeDurations(this.#durations.doubles()),
    }
  }
}

/** Counts rollbacks, and describes how long those took that succeeded. */
export function countUp(counted: Iterable<Counted>): Omit<Group, 'name'> {
  const tally = new Tally()
  for (const each of counted) tally.add(each)
  return tally.get()
}

/** Counts by a name, the most frequent first. */
export function groupBy<T extends Counted>(
  counted: Iterable<T>,
  nameOf: (each: T) => string,
): readonly Group[] {
  const tallies = new Map<string, Tally>()
  for (const each of counted) {
    const name = nameOf(each)
    const tally = tallies.get(name) ?? new Tally()
    tallies.set(name, tally)
    tally.add(each)
  }
  const groups = [...tallies].map(([name, tally]) => ({ name, ...tally.get() }))
  return groups.sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1))
}

/** The most frequent, and the rest as one. @param counted can be gone through twice */
export function mostFrequent<T extends Counted>(
  counted: Iterable<T>,
  nameOf: (each: T) => string,
  most: number,
): readonly Group[] {
  const groups = groupBy(counted, nameOf)
  if (groups.length <= most) return groups
  const named = new Set(groups.slice(0, most).map(({ name }) => name))
  const rest = new Tally()
  for (const each of counted) if (!named.has(nameOf(each))) rest.add(each)
  return [...groups.slice(0, most), { name: 'other', ...rest.get() }]
}

/** The layers of rollbacks, each counted by what became of itself. @param only of which layer; undefined for all */
export function* layersIn(
  rollbacks: Iterable<Rollback>,
  only: string | undefined,
): Generator<Counted & { readonly layer: string; readonly method: string }> {
  for (const { layers } of rollbacks)
    for (const { layer, standing, method, tookMs } of layers)
      if (only === undefined || layer === only)
        yield { layer, standing, method, durationMs: standing === 'succeeded' ? tookMs : undefined }
}
