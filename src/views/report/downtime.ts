import type { Failure } from './failure-table.ts'
import type { Report } from './model.ts'
import { share, sum } from './numbers.ts'
import { isIn, lengthOf, type Period } from './period.ts'
import type { Rows } from './rows.ts'

interface Interval {
  readonly from: number
  readonly to: number
}

/**
 * How long environments were failing within a period: from the first bad answer to production seen well. An incident without a
 * verified end is counted apart, and adds nothing.
 * @param places each repository and environment that has a deployment, so that one without an incident has its 100 %
 */
export function measureDowntime(
  failures: Rows<Failure>,
  places: readonly { readonly repository: string; readonly environment: string }[],
  period: Period,
): Report['downtime'] {
  // of those that were imported nobody knows how long they lasted, or whether they have an end
  const own = failures
    .between(period, ({ introducedAt }) => introducedAt)
    .filter(({ isImported }) => !isImported)
  const ended = own.numbers(({ failingFrom, restoredAt }) =>
    restoredAt === undefined ? undefined : Math.max(0, restoredAt - failingFrom),
  )
  const environments = places.map(({ repository, environment }) => {
    const here = failures.filter((each) => each.repository === repository && each.environment === environment)
    const clipped: Interval[] = []
    for (const failure of here) clipped.push(...clip(failure, period))
    const downtimeMs = sum(unite(clipped).map(({ from, to }) => to - from))
    return {
      ...{ repository, environment, downtimeMs },
      availability: 1 - downtimeMs / lengthOf(period),
      open: here.count(
        (each) => !each.isImported && each.restoredAt === undefined && isIn(period, each.introducedAt),
      ),
    }
  })
  return {
    totalMs: sum(environments.map(({ downtimeMs }) => downtimeMs)),
    incidents: own.length,
    averageMs: share(sum(ended), ended.length),
    open: own.length - ended.length,
    environments,
  }
}

/** What of an incident is within the period. */
function clip({ failingFrom, restoredAt }: Failure, period: Period): readonly Interval[] {
  if (restoredAt === undefined) return []
  const from = Math.max(failingFrom, period.from)
  const to = Math.min(restoredAt, period.to)
  return to > from ? [{ from, to }] : []
}

/** Joins what overlaps. */
function unite(intervals: readonly Interval[]): readonly Interval[] {
  const joined: { from: number; to: number }[] = []
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else joined.push({ from, to })
  }
  return joined
}
