/** 18, done-line 3: the statistics of a report are DuckDB's, by the very SQL of docs/warehouse.md. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Event, newEvent } from '../../../src/history/event.ts'
import { fileOf, formatLines } from '../../../src/history/history.ts'
import { incidentId } from '../../../src/history/incident.ts'
import {
  Collector,
  type DeploymentFact,
  makeRecords,
  makeReport,
  type Period,
  type Report,
} from '../../../src/views/report/report.ts'
import { tQuantile } from '../../../src/views/report/trend.ts'
import { type DuckDB, openDuckDB, sqlOf } from '../../support/duckdb.ts'
import { generateHistory } from '../../support/report-history.ts'

const day = 86_400_000
type Row = Readonly<Record<string, unknown>>
let folder: string
let duckdb: DuckDB
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'warehouse-'))
  duckdb = openDuckDB()
})
afterAll(() => {
  duckdb.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Writes the history as the branch has it, and runs the statements of the page in its folder. */
async function load(events: readonly Event[], facts: readonly DeploymentFact[]): Promise<void> {
  rmSync(join(folder, 'history'), { recursive: true, force: true })
  const files = new Map<string, string>([
    ['v1/events/2000/2000-01/none.jsonl', 'a line that breaks o\n{"kind":\n'],
  ])
  events.forEach((event, index) => {
    // several appends of one file, some of them again in another file
    const path = `${dirname(fileOf([event]))}/${index % 7}.jsonl`
    files.set(path, `${files.get(path) ?? ''}${formatLines([event], index)}`)
  })
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, 'history', path)), { recursive: true })
    writeFileSync(join(folder, 'history', path), text)
  }
  writeFileSync(join(folder, 'deployments.jsonl'), facts.map((fact) => `${JSON.stringify(fact)}\n`).join(''))
  const sql = sqlOf('Tables')
    .replaceAll("'history/", `'${folder}/history/`)
    .replace("'deployments", `'${folder}/deployments`)
  await duckdb.run(sql)
}

async function ask(heading: string, { from, to }: Period): Promise<readonly Row[]> {
  const rows = await duckdb.run(
    sqlOf(heading).replaceAll('$from', String(from)).replaceAll('$to', String(to)),
  )
  return rows.map((row) =>
    Object.fromEntries(
      // DuckDB writes 64-bit numbers as texts
      Object.entries(row).map(([key, value]) => [
        key,
        typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value,
      ]),
    ),
  )
}

function near(value: unknown) {
  return typeof value === 'number' ? expect.closeTo(value, Math.abs(value) > 1000 ? 3 : 9) : value
}

/** Every figure of the report that the page has SQL for. */
async function expectEqual(report: Report, period: Period): Promise<void> {
  const [totals] = await ask('Rollbacks', period)
  const { rollbacks, dora, data } = report
  const { duration } = rollbacks
  expect({
    ...{
      total: rollbacks.total,
      succeeded: rollbacks.succeeded,
      failed: rollbacks.failed,
      pending: rollbacks.pending,
    },
    ...{ success_rate: rollbacks.successRate, n: duration.n, average_ms: duration.averageMs },
    ...{
      median_ms: duration.medianMs,
      p90_ms: duration.p90Ms,
      longest_ms: duration.longestMs,
      skewed: data.skewed,
    },
  }).toEqual(Object.fromEntries(Object.entries(totals ?? {}).map(([key, value]) => [key, near(value)])))

  const groups = (names: readonly (keyof typeof rollbacks.by)[]) =>
    names.flatMap((by) =>
      rollbacks.by[by].map(({ name, total, successRate, duration: { medianMs, p90Ms } }) => {
        return { by, name, total, success_rate: successRate, median_ms: medianMs, p90_ms: p90Ms }
      }),
    )
  const keyed = (rows: readonly Row[]) => new Map(rows.map((row) => [`${row['by']} ${row['name']}`, row]))
  const expectGroups = (ours: readonly Row[], theirs: readonly Row[]) => {
    expect([...keyed(ours).keys()].sort()).toEqual([...keyed(theirs).keys()].sort())
    for (const [key, row] of keyed(theirs))
      expect(keyed(ours).get(key)).toEqual(
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, near(value)])),
      )
  }
  expectGroups(
    groups(['environment', 'trigger', 'outcome', 'reason', 'month']),
    await ask('Rollbacks by environment, trigger, outcome, reason and month', period),
  )
  expectGroups(groups(['layer', 'method']), await ask('Rollbacks by layer and method', period))

  const downtime = (await ask('Downtime', period)).map(({ environment, downtime_ms }) => [
    environment,
    downtime_ms,
  ])
  expect(
    report.downtime.environments.flatMap(({ environment, downtimeMs }) =>
      downtimeMs === 0 ? [] : [[environment, downtimeMs]],
    ),
  ).toEqual(downtime.filter(([, ms]) => ms !== 0).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))

  const [five] = await ask('DORA', period)
  const { failedDeploymentRecoveryTime: recovery, leadTime } = dora
  expect({
    ...{ failed: dora.changeFailRate.failed, recovered: recovery.n, recovery_median_ms: recovery.medianMs },
    ...{ recovery_p90_ms: recovery.p90Ms, detect_median_ms: dora.timeToDetect.medianMs },
    ...{ deployments: dora.changeFailRate.deployments, rework: dora.reworkRate.rework },
    ...{
      unjudged: dora.changeFailRate.unjudged,
      days_with_deployment: dora.deploymentFrequency.daysWithDeployment,
    },
    ...{ lead_n: leadTime.n, lead_median_ms: leadTime.medianMs, lead_p90_ms: leadTime.p90Ms },
    pending: dora.changeFailRate.pending,
  }).toEqual(Object.fromEntries(Object.entries(five ?? {}).map(([key, value]) => [key, near(value)])))

  const rehearsed = await ask('Rehearsals', period)
  expect(
    report.rehearsals.environments.map(({ environment, total, duration: { n, medianMs, p90Ms }, last }) => {
      return { environment, total, n, median_ms: medianMs, p90_ms: p90Ms, last_ms: Date.parse(last) }
    }),
  ).toEqual(
    rehearsed
      .map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, near(value)])))
      .sort((a, b) => (String(a['environment']) < String(b['environment']) ? -1 : 1)),
  )

  if (report.period.bucketDays !== 7) return
  const [trend] = await ask('Trend of the rollbacks a week', period)
  const ours = report.trends.find(({ metric }) => metric === 'rollbacks')
  expect(ours?.n).toBe(trend?.['n'])
  if (ours?.slope == null) return
  expect(ours.slope).toBeCloseTo(Number(trend?.['slope']), 9)
  const reach = tQuantile(ours.n - 2) * Number(trend?.['standard_error'])
  expect(Number(ours.high) - ours.slope).toBeCloseTo(reach, 6)
}

function reportOf(events: Iterable<Event>, facts: readonly DeploymentFact[], period: Period): Report {
  const collector = new Collector()
  for (const event of events) collector.add(event)
  for (const fact of facts) collector.addDeployment(fact)
  return makeReport(makeRecords(collector.collected()), { period, now: new Date(period.to) })
}

const year = { seed: 18, from: new Date('2026-01-01T00:00:00Z'), days: 90, deploymentsADay: 3 }
const ninety = { from: Date.parse('2026-01-01T00:00:00Z'), to: Date.parse('2026-04-01T00:00:00Z') }

test.each([
  ['90 days', year, ninety],
  [
    'part of the history',
    { ...year, seed: 2 },
    { from: Date.parse('2026-02-03T04:05:06Z'), to: Date.parse('2026-03-04T05:06:07Z') },
  ],
  ['all rollbacks failed', { ...year, seed: 3, succeeding: 0 }, ninety],
  ['every deployment failed', { ...year, seed: 4, failing: 1 }, ninety],
  ['nothing failed', { ...year, seed: 5, failing: 0 }, ninety],
  ['clock skew of ten minutes', { ...year, seed: 6, skewMs: 600_000 }, ninety],
  ['a rehearsal after every good deployment', { ...year, seed: 19, rehearsing: 1, failing: 0.1 }, ninety],
  [
    'rehearsals of which no deployment is on record, and clock skew',
    { ...year, seed: 20, rehearsing: 1, failing: 0.1, recorded: 0, skewMs: 90_000 },
    ninety,
  ],
  ['no deployment is on record', { ...year, seed: 7, recorded: 0 }, ninety],
  [
    '400 days',
    { ...year, seed: 8, days: 400, deploymentsADay: 2 },
    { from: ninety.from, to: ninety.from + 400 * day },
  ],
  [
    'a leap day',
    { ...year, seed: 9, from: new Date('2028-02-01T00:00:00Z'), days: 60 },
    { from: Date.parse('2028-02-29T00:00:00Z'), to: Date.parse('2028-03-01T00:00:00Z') },
  ],
  [
    'daylight saving time begins and ends',
    { ...year, seed: 10, from: new Date('2026-03-20T00:00:00Z'), days: 230, deploymentsADay: 1 },
    { from: Date.parse('2026-03-28T23:30:00Z'), to: Date.parse('2026-10-25T01:30:00Z') },
  ],
  ['texts in any script, with quotes', { ...year, seed: 11, text: ` 'x' "y" \\ \u202e ü 🦆 =1` }, ninety],
])('%s: each figure is the one that DuckDB computes', async (_, plan, period) => {
  const { events, facts } = generateHistory(plan)
  await load(events, facts)
  await expectEqual(reportOf(events, facts, period), period)
})

test('imported rollbacks and deployments: each figure is the one that DuckDB computes', async () => {
  const { events, facts } = generateHistory({ ...year, seed: 12 })
  const about = (fact: DeploymentFact) => {
    const { environment, revision } = fact
    const incident = incidentId({ environment, revision })
    return { incident, environment, revision, actor: 'unknown', imported: true } as const
  }
  const iso = (at: number) => new Date(at).toISOString()
  const past = facts.flatMap((fact, n): readonly Event[] => {
    const { createdAt, deployedAt, committedAt, outcome, isRollback } = fact
    if (outcome === 'pending') return []
    const recorded = newEvent(
      {
        ...{ kind: 'deployment-recorded', outcome, isRollback, ...about(fact) },
        ...{ at: iso(deployedAt ?? createdAt), createdAt: iso(createdAt) },
        ...(deployedAt !== undefined && { deployedAt: iso(deployedAt) }),
        ...(committedAt !== undefined && { committedAt: iso(committedAt) }),
      },
      ['imported', iso(createdAt)],
    )
    const applied = newEvent(
      {
        ...{
          kind: 'rollback-applied',
          layer: 'code',
          from: fact.revision,
          to: 'x',
          now: 'y',
          ...about(fact),
        },
        ...{ at: iso(createdAt + day), reason: 'imported', targetFoundBy: 'a tag', undone: [] },
      },
      ['imported', String(n)],
    )
    return n % 5 === 0 ? [recorded, applied] : [recorded]
  })
  const rolledBack = past.filter(({ kind }) => kind === 'rollback-applied').length
  // some on record still, some with an older answer than GitHub has now, and some in the history alone
  const left = facts.filter((_, n) => n % 3 > 0)
  const late = left.map((fact, n) => {
    const { deployedAt } = fact
    return n % 7 > 0 || deployedAt === undefined ? fact : { ...fact, deployedAt: deployedAt + 1000 }
  })
  await load([...events, ...past], late)
  const report = reportOf([...events, ...past], late, ninety)
  await expectEqual(report, ninety)
  expect(report.data.imported).toBe(past.length)
  const without = reportOf(events, late, ninety)
  expect(report.dora.changeFailRate.deployments).toBeGreaterThan(without.dora.changeFailRate.deployments)
  expect(report.rollbacks.by.trigger).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: 'unknown' })]),
  )
  expect(rolledBack).toBeGreaterThan(20)
  // those of an incident that has a rollback of its own are part of it
  expect(report.rollbacks.total).toBeGreaterThan(without.rollbacks.total + 20)
})

test('what was imported alone is neither open nor undetected: nobody knows', () => {
  const at = new Date(ninety.from + day).toISOString()
  const events = ['a', 'b', 'c', 'd'].map((digit) => {
    const revision = digit.repeat(40)
    const incident = incidentId({ environment: 'production', revision })
    return newEvent(
      {
        ...{ kind: 'rollback-applied', layer: 'code', imported: true, incident, revision, at },
        ...{ environment: 'production', actor: 'grace', from: revision, to: 'x', now: 'y', reason: '' },
        ...{ targetFoundBy: 'a tag', undone: [] },
      },
      ['imported'],
    )
  })
  const report = reportOf(events, [], ninety)
  expect(report.rollbacks).toMatchObject({ total: 4, pending: 4, successRate: null, duration: { n: 0 } })
  expect(report.downtime).toMatchObject({ incidents: 0, open: 0 })
  expect(report.dora).toMatchObject({ changeFailRate: { failed: 4 }, timeToDetect: { n: 0 } })
  expect(report.recommendations).toEqual([])
})

test('an empty history, and one of a single event', async () => {
  await load([], [])
  await expectEqual(reportOf([], [], ninety), ninety)
  const [event] = generateHistory(year).events
  if (event === undefined) throw new Error('there is no event')
  await load([event], [])
  await expectEqual(reportOf([event], [], ninety), ninety)
})

test('events out of order and several times give the same report, and DuckDB the same figures', async () => {
  const { events, facts } = generateHistory(year)
  const shuffled = events.toReversed().flatMap((event, index) => (index % 3 === 0 ? [event, event] : [event]))
  const [once, often] = [reportOf(events, facts, ninety), reportOf(shuffled, [...facts, ...facts], ninety)]
  expect(often.data.duplicates).toBe(shuffled.length - events.length)
  expect({ ...often, data: once.data }).toEqual(once)
  await load(shuffled, [...facts, ...facts])
  await expectEqual(often, ninety)
})
