import type { LayerName } from '../../history/event.ts'
import type { Incidents } from './incidents.ts'
import type { Report } from './model.ts'
import { describeDurations, present } from './numbers.ts'
import { describeRecent } from './recent.ts'
import type { Rollback } from './rollbacks.ts'
import type { Rows } from './rows.ts'
import { trendOf } from './trend.ts'

const listedFailures = 10

/**
 * What rehearsals showed: how long recovery takes, of each layer too, against the objective; whether it gets faster; and what would
 * not have worked.
 * @param objectiveMs the recovery time objective; undefined where there is none
 */
export function measureRehearsals(
  rehearsals: Rows<Rollback>,
  incidents: Incidents,
  objectiveMs: number | undefined,
): Report['rehearsals'] {
  const all = [...rehearsals]
  const took = all.map(({ durationMs }) => durationMs).filter(present)
  const failed = all.filter(({ standing }) => standing !== 'succeeded')
  const byLayer = Map.groupBy(
    all.flatMap(({ layers }) => layers),
    ({ layer }) => layer,
  )
  return {
    total: all.length,
    last: timeOf(all.at(-1)?.at),
    duration: describeDurations(Float64Array.from(took)),
    objectiveMs: objectiveMs ?? null,
    met: objectiveMs === undefined ? null : took.filter((ms) => ms <= objectiveMs).length,
    layers: [...byLayer].map(([layer, results]) => layerOf(layer, results, objectiveMs)),
    // a rehearsal of shorter time is a better one
    trend: {
      ...trendOf(
        took.map((y, x) => ({ x, y })),
        'down',
      ),
    },
    wouldNotHaveWorked: failed
      .slice(-listedFailures)
      .reverse()
      .map((each) => describeRecent(incidents, each)),
  }
}

function layerOf(
  layer: LayerName,
  results: readonly Rollback['layers'][number][],
  objectiveMs: number | undefined,
): Report['rehearsals']['layers'][number] {
  const took = results
    .filter(({ standing }) => standing === 'succeeded')
    .map(({ tookMs }) => tookMs)
    .filter(present)
  const duration = describeDurations(Float64Array.from(took))
  return {
    layer,
    total: results.length,
    succeeded: results.filter(({ standing }) => standing === 'succeeded').length,
    duration,
    shareOfObjective:
      objectiveMs === undefined || duration.p90Ms === null ? null : duration.p90Ms / objectiveMs,
  }
}

function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
