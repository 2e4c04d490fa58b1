import type { LayerName } from '../../history/event.ts'
import type { Incidents } from './incidents.ts'
import type { Rehearsal, Report } from './model.ts'
import { describeDurations, present } from './numbers.ts'
import { describeRecent } from './recent.ts'
import { type Judged, judgeRehearsal } from './rehearsal-result.ts'
import type { Rollback } from './rollbacks.ts'
import type { Rows } from './rows.ts'
import { trendOf } from './trend.ts'

/** So many are listed. */
const listed = 10
/** A line of more points says no more. */
const mostPoints = 30

/**
 * What rehearsals showed: how long recovery takes, of each environment and each layer, against the objective; whether it gets
 * faster; and what would not have worked.
 * @param objectiveMs the recovery time objective; undefined where there is none
 */
export function measureRehearsals(
  rehearsals: Rows<Rollback>,
  incidents: Incidents,
  objectiveMs: number | undefined,
): Report['rehearsals'] {
  const rows = [...rehearsals]
  const all = rows.map((each) => judgeRehearsal(incidents, each, objectiveMs))
  const places = Map.groupBy(
    all,
    ({ rollback: { repository, environment } }) => `${repository}\n${environment}`,
  )
  const layers = Map.groupBy(
    rows.flatMap((each) => each.layers),
    ({ layer }) => layer,
  )
  return {
    ...countResults(all),
    last: timeOf(rows.at(-1)?.at),
    duration: durationsOf(all),
    objectiveMs: objectiveMs ?? null,
    met: metBy(all, objectiveMs),
    environments: [...places.values()]
      .map((own) => placeOf(own, objectiveMs))
      .sort((a, b) => (`${a.repository}\n${a.environment}` < `${b.repository}\n${b.environment}` ? -1 : 1)),
    layers: [...layers].map(([layer, results]) => layerOf(layer, results, objectiveMs)),
    trend: trendIn(all),
    newest: newestOf(incidents, all),
    wouldNotHaveWorked: newestOf(
      incidents,
      all.filter(({ result }) => result === 'failed'),
    ),
  }
}

function newestOf(incidents: Incidents, all: readonly Judged[]): Rehearsal[] {
  return all
    .slice(-listed)
    .reverse()
    .map(({ rollback, result, problems }) => {
      const { timeline: _, ...described } = describeRecent(incidents, rollback)
      return { ...described, result, problems: [...problems] }
    })
}

function countResults(all: readonly Judged[]) {
  const count = (result: Rehearsal['result']) => all.filter((each) => each.result === result).length
  return {
    total: all.length,
    passed: count('passed'),
    objectiveMissed: count('objective-missed'),
    failed: count('failed'),
  }
}

function durationsOf(all: readonly Judged[]): Report['rehearsals']['duration'] {
  return describeDurations(Float64Array.from(tookIn(all)))
}

function tookIn(all: readonly Judged[]): readonly number[] {
  return all.map(({ rollback }) => rollback.durationMs).filter(present)
}

function metBy(all: readonly Judged[], objectiveMs: number | undefined): number | null {
  return objectiveMs === undefined ? null : tookIn(all).filter((ms) => ms <= objectiveMs).length
}

/** A rehearsal of shorter time is a better one. */
function trendIn(all: readonly Judged[]): Report['rehearsals']['trend'] {
  return {
    ...trendOf(
      tookIn(all).map((y, x) => ({ x, y })),
      'down',
    ),
  }
}

/** @param own those of one environment, oldest first; not empty */
function placeOf(
  own: readonly Judged[],
  objectiveMs: number | undefined,
): Report['rehearsals']['environments'][number] {
  const [first] = own
  const last = own.at(-1)
  if (first === undefined || last === undefined) throw new RangeError('there is no rehearsal')
  const { repository, environment } = first.rollback
  return {
    ...{
      repository,
      environment,
      ...countResults(own),
      last: new Date(last.rollback.at).toISOString(),
      lastResult: last.result,
    },
    ...{ duration: durationsOf(own), met: metBy(own, objectiveMs), trend: trendIn(own) },
    points: own
      .flatMap(({ rollback: { at, durationMs } }) =>
        durationMs === undefined ? [] : [{ at: new Date(at).toISOString(), tookMs: durationMs }],
      )
      .slice(-mostPoints),
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
