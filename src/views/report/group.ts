import type { Group } from './model.ts'
import { describeDurations, present, share } from './numbers.ts'
import type { Rollback, Standing } from './rollbacks.ts'

/** What is counted: a rollback, or one layer of it. */
export interface Counted {
  readonly standing: Standing
  readonly durationMs: number | undefined
}

/** Counts rollbacks, and describes how long those took that succeeded. */
export function countUp(counted: readonly Counted[]): Omit<Group, 'name'> {
  const of = (standing: Standing) => counted.filter((each) => each.standing === standing).length
  const [succeeded, failed] = [of('succeeded'), of('failed')]
  return {
    total: counted.length,
    ...{ succeeded, failed, pending: of('pending') },
    successRate: share(succeeded, succeeded + failed),
    duration: describeDurations(counted.map(({ durationMs }) => durationMs).filter(present)),
  }
}

/** Counts by a name, the most frequent first. */
export function groupBy<T extends Counted>(
  counted: readonly T[],
  nameOf: (each: T) => string,
): readonly Group[] {
  const groups = [...Map.groupBy(counted, nameOf)].map(([name, each]) => ({ name, ...countUp(each) }))
  return groups.sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1))
}

/** The most frequent, and the rest as one. */
export function mostFrequent<T extends Counted>(
  counted: readonly T[],
  nameOf: (each: T) => string,
  most: number,
): readonly Group[] {
  const groups = groupBy(counted, nameOf)
  if (groups.length <= most) return groups
  const named = new Set(groups.slice(0, most).map(({ name }) => name))
  const rest = counted.filter((each) => !named.has(nameOf(each)))
  return [...groups.slice(0, most), { name: 'other', ...countUp(rest) }]
}

/** The layers of rollbacks, each counted by what became of itself. */
export function layersIn(
  rollbacks: readonly Rollback[],
): readonly (Counted & { readonly layer: string; readonly method: string })[] {
  return rollbacks.flatMap(({ layers }) =>
    layers.map(({ layer, standing, method, tookMs }) => ({
      ...{ layer, standing, method },
      durationMs: standing === 'succeeded' ? tookMs : undefined,
    })),
  )
}
