/** 18, section 6 of the research: public reports that the statistics have to pass; thresholds, trends, rehearsals, memory. */
import { expect, test } from '@jest/globals'
import { type EventDraft, newEvent } from '../../../src/history/event.ts'
import { Collector, makeRecords, makeReport, usualThresholds } from '../../../src/views/report/report.ts'
import { SeenIds } from '../../../src/views/report/seen.ts'
import { writeReportSummary } from '../../../src/views/report/summary.ts'
import { tQuantile, trendOf } from '../../../src/views/report/trend.ts'
import { randomOf, revisionOf } from '../../support/report-history.ts'

type Told = EventDraft extends infer D
  ? D extends EventDraft
    ? Omit<D, 'incident' | 'environment' | 'revision' | 'at' | 'actor' | 'run'>
    : never
  : never
type Collected = { readonly collector: Collector; number: number }

const start = Date.parse('2026-03-01T00:00:00Z')
const minute = 60_000
const day = 24 * 60 * minute
const period = { from: start, to: start + 30 * day }

function open(): Collected {
  return { collector: new Collector(), number: 0 }
}

/** Adds an event of a revision, so many minutes after the start. */
function tell(to: Collected, revision: string, after: number, told: Told, environment = 'production'): void {
  to.number += 1
  const at = new Date(start + after * minute).toISOString()
  const about = { incident: `${environment}-${revision}`, environment, revision: revisionOf(revision) }
  to.collector.add(newEvent({ ...told, ...about, at, actor: 'grace' }, [String(to.number)]))
}

const look = (
  verdict: 'healthy' | 'unhealthy' | 'not-deployed' | 'error',
  after: number,
  failingAfter?: number,
): Told => ({
  kind: 'health-checked',
  verdict,
  decision: 'keep',
  reasonCode: 'checked',
  because: 'looked',
  startedAt: new Date(start + after * minute).toISOString(),
  checks: [
    {
      name: 'errors',
      severity: 'critical',
      state: verdict === 'unhealthy' ? 'breached' : 'ok',
      evidence: '',
      ...(failingAfter !== undefined && {
        failingSince: new Date(start + failingAfter * minute).toISOString(),
      }),
    },
  ],
})
const layers = [{ layer: 'code' as const, from: revisionOf('bad'), to: revisionOf('good') }]
const began = (after: number, automatic = true, isRehearsal = false): Told => ({
  kind: 'rollback-began',
  layers: [...layers],
  reason: 'errors',
  automatic,
  ...(isRehearsal && { rehearsal: true }),
  startedAt: new Date(start + after * minute).toISOString(),
})
const ended = (
  outcome: 'complete' | 'rolled-back' | 'failed' | 'not-deployed' | 'not-recovered',
  phases: Readonly<Record<string, number>> = { plan: 1000 },
): Told => ({
  kind: 'rollback-ended',
  outcome,
  layers: [{ layer: 'code', outcome: outcome === 'failed' ? 'failed' : 'rolled-back' }],
  phases,
})
const seen = (outcome: 'recovered' | 'not-recovered'): Told => ({
  kind: 'recovery-verified',
  outcome,
  because: 'looked',
  startedAt: new Date(start).toISOString(),
})

/** A deployment that fails and is rolled back: deployed at `after`, bad 2 minutes later, well 10 minutes after that. */
function fail(
  to: Collected,
  revision: string,
  after: number,
  outcome: 'complete' | 'failed' = 'complete',
): void {
  tell(to, revision, after + 2, look('unhealthy', after, after + 1))
  tell(to, revision, after + 3, began(after + 3))
  tell(to, revision, after + 11, ended(outcome))
  if (outcome === 'complete') tell(to, revision, after + 12, seen('recovered'))
}

function report({ collector }: Collected, options: Partial<Parameters<typeof makeReport>[1]> = {}) {
  return makeReport(makeRecords(collector.collected()), { period, now: new Date(period.to), ...options })
}

test('apache/devlake#8890, devops-metrics-action#40: change fail rate counts failed deployments, not incidents', () => {
  const history = open()
  for (let each = 0; each < 19; each += 1)
    tell(history, `good ${each}`, each * 60, look('healthy', each * 60))
  for (let each = 0; each < 4; each += 1) {
    fail(history, `bad ${each}`, 5000 + each * 100)
    // two of them are called bad, and rolled back, twice
    if (each < 2) fail(history, `bad ${each}`, 5020 + each * 100)
  }
  const { dora, rollbacks } = report(history)
  expect(rollbacks.total).toBe(6)
  expect(dora.changeFailRate).toMatchObject({ failed: 4, deployments: 23, value: 4 / 23 })
})

test('dora-team/fourkeys#351: a deployment that is under way, or never arrived, is in no denominator', () => {
  const history = open()
  const fact = {
    repository: '',
    environment: 'production',
    committedAt: undefined,
    isRollback: false,
    createdAt: start,
  }
  history.collector.addDeployment({
    ...fact,
    revision: revisionOf('a'),
    outcome: 'succeeded',
    deployedAt: start + minute,
  })
  history.collector.addDeployment({
    ...fact,
    revision: revisionOf('b'),
    outcome: 'pending',
    deployedAt: undefined,
  })
  history.collector.addDeployment({
    ...fact,
    revision: revisionOf('c'),
    outcome: 'failed',
    deployedAt: undefined,
  })
  tell(history, 'd', 5, look('not-deployed', 4))
  const { changeFailRate } = report(history).dora
  expect(changeFailRate).toMatchObject({ failed: 0, deployments: 1, pending: 1, unjudged: 1, value: 0 })
})

test('dora-team/fourkeys#119, conductai#530: recovery ends when production is seen well; what is closed later changes nothing', () => {
  const history = open()
  fail(history, 'bad', 0)
  const before = report(history).dora.failedDeploymentRecoveryTime
  tell(history, 'bad', 7 * 24 * 60, {
    kind: 'postmortem-opened',
    issue: 1,
    url: 'https://github.com/o/r/issues/1',
  })
  tell(history, 'bad', 7 * 24 * 60, seen('recovered'))
  const after = report(history)
  expect(after.dora.failedDeploymentRecoveryTime).toEqual(before)
  expect(before).toMatchObject({ n: 1, medianMs: 12 * minute, pending: 0 })
  expect(after.recent[0]?.issue).toBe('https://github.com/o/r/issues/1')
})

test('medic/cht-core#9756: the rate is of the whole period and not of the last run', () => {
  const history = open()
  for (let each = 0; each < 3; each += 1) fail(history, `bad ${each}`, each * 100, 'failed')
  fail(history, 'bad 3', 500)
  expect(report(history).rollbacks).toMatchObject({ total: 4, succeeded: 1, failed: 3, successRate: 0.25 })
})

test('allure2#2423, "no data" is not 0 %: an empty period has no rate, and no duration', () => {
  const { rollbacks, dora, downtime } = report(open())
  expect(rollbacks).toMatchObject({
    total: 0,
    successRate: null,
    duration: { n: 0, medianMs: null, averageMs: null },
  })
  expect(dora.changeFailRate.value).toBeNull()
  expect(dora.reworkRate.value).toBeNull()
  expect(downtime).toMatchObject({ totalMs: 0, averageMs: null })
})

test('checkmate#3006: one failed deployment is one incident, whatever the number of alerts', () => {
  const history = open()
  for (let each = 0; each < 50; each += 1) tell(history, 'bad', each, look('unhealthy', 0))
  const { downtime, dora } = report(history)
  expect(downtime).toMatchObject({ incidents: 1, open: 1, averageMs: null })
  expect(dora.timeToDetect).toMatchObject({ n: 1, medianMs: 0 })
})

test('a rollback that is gone on with is one rollback, from its first look to its last end', () => {
  const history = open()
  tell(history, 'bad', 2, look('unhealthy', 0))
  tell(history, 'bad', 3, began(3))
  tell(history, 'bad', 8, ended('not-deployed'))
  tell(history, 'bad', 20, ended('complete'))
  expect(report(history).rollbacks).toMatchObject({
    total: 1,
    succeeded: 1,
    duration: { n: 1, medianMs: 17 * minute },
  })
})

test.each(['not-deployed', 'rolled-back'] as const)(
  'a rollback that ended as %s, and that nobody verified, is pending until somebody looks',
  (ending) => {
    const history = open()
    tell(history, 'bad', 2, look('unhealthy', 0))
    tell(history, 'bad', 3, began(3))
    tell(history, 'bad', 8, ended(ending))
    expect(report(history).rollbacks).toMatchObject({
      succeeded: 0,
      failed: 0,
      pending: 1,
      successRate: null,
    })
    expect(report(history).recommendations).toMatchObject([{ id: 'open-incidents', value: 1 }])
    tell(history, 'bad', 30, seen('recovered'))
    expect(report(history).rollbacks).toMatchObject({ succeeded: 1, pending: 0 })
  },
)

test('a rehearsal is no rollback and no failed deployment', () => {
  const history = open()
  tell(history, 'newest', 3, began(3, false, true))
  tell(history, 'newest', 8, ended('complete'))
  tell(history, 'newest', 9, {
    kind: 'rollback-undone',
    layer: 'code',
    from: 'x',
    now: 'y',
    because: 'rehearsed',
  })
  const { rollbacks, rehearsals, dora } = report(history)
  expect(rollbacks.total).toBe(0)
  expect(dora.changeFailRate.failed).toBe(0)
  expect(rehearsals).toMatchObject({ total: 1, duration: { n: 1, medianMs: 5 * minute } })
})

test('a manual rollback that people took back is a rollback: the event says what is a rehearsal', () => {
  const history = open()
  tell(history, 'newest', 3, began(3, false))
  tell(history, 'newest', 8, ended('complete'))
  tell(history, 'newest', 9, {
    kind: 'rollback-undone',
    layer: 'code',
    from: 'x',
    now: 'y',
    because: 'right',
  })
  expect(report(history)).toMatchObject({ rollbacks: { total: 1 }, rehearsals: { total: 0 } })
})

const undone: Told = { kind: 'rollback-undone', layer: 'code', from: 'x', now: 'y', because: 'rehearsed' }
const redeployed = (revision: string): Told => ({
  ...{ kind: 'revision-deployed', deployed: revisionOf(revision) },
  ...{ workflow: 'deploy.yml', url: 'https://github.com/octo-org/shop/actions/runs/1' },
})
const applied: Told = {
  ...{ kind: 'rollback-applied', layer: 'code', from: 'x', to: 'y', now: 'y', reason: 'rehearsal' },
  ...{ automatic: false, targetFoundBy: 'a tag', undone: [] },
}

/** A rehearsal of some minutes that is taken back in the two minutes after. */
function rehearse(
  to: Collected,
  revision: string,
  {
    after,
    took,
    environment = 'staging',
    saw = 'recovered',
    afterwards = 'recovered',
    isTakenBack = true,
  }: {
    readonly after: number
    readonly took: number
    readonly environment?: string
    readonly saw?: 'recovered' | 'not-recovered'
    readonly afterwards?: 'recovered' | 'not-recovered'
    readonly isTakenBack?: boolean
  },
): void {
  const note = (at: number, told: Told) => tell(to, revision, at, told, environment)
  note(after, began(after, false, true))
  note(after + 1, applied)
  note(after + 2, redeployed(`restored ${revision}`))
  note(after + took, { ...seen(saw), because: 'errors were 4 %' } as Told)
  note(after + took, ended(saw === 'recovered' ? 'complete' : 'not-recovered', { code: took * 1000 }))
  if (!isTakenBack) return
  note(after + took + 1, undone)
  note(after + took + 2, redeployed(`again ${revision}`))
  note(after + took + 2, { ...seen(afterwards), because: 'latency was 9 s' } as Told)
}

test('rehearsals: recovery time per environment and layer against the objective, the trend, and what would not have worked', () => {
  const history = open()
  for (const [n, took] of [20, 18, 16, 14, 12, 10, 8].entries())
    rehearse(history, `r${n}`, { after: n * 1440, took })
  const note = (at: number, told: Told) => tell(history, 'r9', at, told, 'eu-staging')
  note(12_000, began(12_000, false, true))
  note(12_005, {
    ...{ kind: 'rollback-failed', layer: 'code', from: 'x', to: 'y' },
    ...{ reasonCode: 'refused', because: 'a rule of the branch forbids it' },
  })
  note(12_006, ended('failed'))
  const thresholds = { ...usualThresholds, objectiveMs: 15 * minute }
  const { rehearsals } = report(history, { thresholds })
  expect(rehearsals).toMatchObject({
    ...{ total: 8, passed: 4, objectiveMissed: 3, failed: 1, objectiveMs: 15 * minute, met: 4 },
    trend: { n: 7, direction: 'improving', slope: -2 * minute },
    environments: [
      {
        environment: 'eu-staging',
        total: 1,
        failed: 1,
        lastResult: 'failed',
        duration: { n: 0 },
        points: [],
      },
      {
        ...{ environment: 'staging', total: 7, passed: 4, objectiveMissed: 3, failed: 0, met: 4 },
        ...{ lastResult: 'passed', duration: { n: 7, medianMs: 14 * minute } },
        trend: { direction: 'improving' },
      },
    ],
    layers: [{ layer: 'code', total: 8, succeeded: 7, duration: { n: 7, medianMs: 14_000 } }],
    newest: expect.arrayContaining([expect.objectContaining({ result: 'objective-missed', problems: [] })]),
    wouldNotHaveWorked: [
      {
        ...{ result: 'failed', outcome: 'failed', environment: 'eu-staging' },
        problems: [{ part: 'code', because: 'a rule of the branch forbids it' }],
      },
    ],
  })
  const text = writeReportSummary(report(history, { thresholds }))
  expect(text).toContain('8 rehearsals. The recovery time objective is 15 min.')
  expect(text).toMatch(/`staging` +\| 2026-03-07 00:00 +\| passed +\| 4 of 7 +\| 4 of 7 +\| 14 min +\|/)
  expect(text).toContain('`eu-staging`: code: a rule of the branch forbids it')
  expect(writeReportSummary(report(open()))).not.toContain('What would not have worked')
})

test.each([
  [
    { saw: 'not-recovered' },
    { part: 'verification', because: 'the environment was failing after the rollback: errors were 4 %' },
  ],
  [
    { afterwards: 'not-recovered' },
    { part: 'taking back', because: 'the environment was not verified after the rehearsal: latency was 9 s' },
  ],
  [{ isTakenBack: false }, { part: 'code', because: 'its rollback was not undone after the rehearsal' }],
] as const)(
  'a rehearsal does not pass by what was seen once it was taken back, or is not: %j',
  (how, problem) => {
    const history = open()
    rehearse(history, 'newest', { after: 0, took: 5, ...how })
    expect(report(history).rehearsals).toMatchObject({
      ...{ total: 1, passed: 0, failed: 1 },
      wouldNotHaveWorked: [{ problems: [problem] }],
    })
  },
)

test('a rehearsal that was killed did not pass, and says so', () => {
  const history = open()
  tell(history, 'newest', 0, began(0, false, true))
  expect(report(history).rehearsals.wouldNotHaveWorked).toMatchObject([
    { outcome: 'unfinished', problems: [{ part: 'run', because: 'the run ended before the rehearsal did' }] },
  ])
})

test('what a rehearsal deploys is no deployment and no rework, on record or not; what fails of it counts', () => {
  const add = (revision: string, after: number) =>
    history.collector.addDeployment({
      ...{ repository: '', environment: 'staging', outcome: 'succeeded', isRollback: false },
      ...{ revision: revisionOf(revision), committedAt: start },
      ...{ createdAt: start + after * minute, deployedAt: start + after * minute },
    })
  const history = open()
  add('newest', 1)
  rehearse(history, 'newest', { after: 60, took: 5 })
  add('restored newest', 62)
  add('again newest', 67)
  rehearse(history, 'unrecorded', { after: 600, took: 5 })
  tell(history, 'again unrecorded', 608, look('healthy', 607), 'staging')
  expect(report(history).dora).toMatchObject({
    changeFailRate: { deployments: 1, failed: 0 },
    reworkRate: { rework: 0 },
    leadTime: { n: 1, pending: 0 },
  })
  // as a rollback deploys it for good
  tell(history, 'bad', 900, look('unhealthy', 899), 'staging')
  tell(history, 'bad', 901, began(901), 'staging')
  tell(history, 'bad', 905, redeployed('restored newest'), 'staging')
  add('restored newest', 904)
  tell(history, 'again unrecorded', 1000, look('unhealthy', 607), 'staging')
  expect(report(history).dora).toMatchObject({
    changeFailRate: { deployments: 4, failed: 2 },
    reworkRate: { rework: 1 },
  })
})

test('that production was well during a rehearsal ends no failure that was there before', () => {
  const history = open()
  tell(history, 'bad', 1, look('unhealthy', 0), 'staging')
  rehearse(history, 'bad', { after: 10, took: 5 })
  expect(report(history).dora.failedDeploymentRecoveryTime).toMatchObject({ n: 0, pending: 1 })
  tell(history, 'bad', 30, began(30), 'staging')
  tell(history, 'bad', 35, seen('recovered'), 'staging')
  expect(report(history).dora.failedDeploymentRecoveryTime).toMatchObject({ n: 1, pending: 0 })
})

test('an incident that people opened is no failed deployment by itself, and is one once it is rolled back (apache/devlake 8890, devops-metrics-action 40)', () => {
  const history = open()
  const opened = { kind: 'incident-opened', severity: 'high', because: 'the provider is down' } as const
  tell(history, 'fine', 1, opened)
  expect(report(history).dora.changeFailRate).toMatchObject({ failed: 0 })
  for (const after of [10, 20, 30]) tell(history, 'bad', after, { ...opened, because: `call ${after}` })
  tell(history, 'bad', 40, began(40, false))
  tell(history, 'bad', 45, ended('complete'))
  expect(report(history).dora.changeFailRate).toMatchObject({ failed: 1 })
})

test('an automatic rollback that was taken back stays a rollback: a machine does not rehearse', () => {
  const history = open()
  fail(history, 'bad', 0)
  tell(history, 'bad', 60, {
    kind: 'rollback-undone',
    layer: 'code',
    from: 'x',
    now: 'y',
    because: 'it was right',
  })
  expect(report(history)).toMatchObject({ rollbacks: { total: 1 }, rehearsals: { total: 0 } })
})

test('downtime: incidents of one environment at the same time count once, those of two environments twice', () => {
  const history = open()
  fail(history, 'a', 0)
  fail(history, 'b', 5)
  tell(history, 'c', 2, look('unhealthy', 0, 1), 'staging')
  tell(history, 'c', 11, seen('recovered'), 'staging')
  const { downtime } = report(history)
  // production from minute 1 to 17, staging from 1 to 11
  expect(downtime.environments).toMatchObject([
    { environment: 'production', downtimeMs: 16 * minute, availability: 1 - 16 / (30 * 24 * 60) },
    { environment: 'staging', downtimeMs: 10 * minute },
  ])
  expect(downtime.averageMs).toBe((11 + 11 + 10) * (minute / 3))
})

test('each recommendation comes at its threshold, and not before; thresholds can be set', () => {
  const history = open()
  for (let each = 0; each < 10; each += 1)
    fail(history, `bad ${each}`, each * 100, each === 0 ? 'failed' : 'complete')
  const ids = (options: Partial<typeof usualThresholds>) =>
    report(history, { thresholds: { ...usualThresholds, sameCheck: 100, ...options } }).recommendations.map(
      ({ id }) => id,
    )
  expect(ids({})).toEqual(['open-incidents'])
  expect(ids({ successRate: 0.91 })).toEqual(['success-rate', 'open-incidents'])
  expect(ids({ rollbacks: 9 })).toEqual(['frequent-rollbacks', 'open-incidents'])
  expect(ids({ downtimeMs: 10 * minute })).toEqual(['long-downtime', 'open-incidents'])
  expect(ids({ objectiveMs: 7 * minute })).toEqual(['objective-missed', 'open-incidents'])
  expect(ids({ sameCheck: 9 })).toEqual(['recurrence', 'open-incidents'])
  for (let each = 0; each < 6; each += 1) {
    tell(history, `noticed ${each}`, 3000 + each, began(3000 + each, false))
    tell(history, `noticed ${each}`, 3010 + each, ended('complete'))
    tell(history, `noticed ${each}`, 3010 + each, seen('recovered'))
  }
  expect(ids({ rollbacks: 100 })).toEqual(['undetected', 'open-incidents'])
})

test('a trend improves or declines only when its whole interval does', () => {
  const points = (values: readonly number[]) => values.map((y, x) => ({ x, y }))
  expect(trendOf(points([1, 2, 3, 4, 5]), 'up')).toMatchObject({ direction: 'too-little-data', slope: null })
  expect(trendOf(points([1, 2, 3, 4, 5, 6]), 'up').direction).toBe('improving')
  expect(trendOf(points([1, 2, 3, 4, 5, 6]), 'down').direction).toBe('declining')
  expect(trendOf(points([3, 3, 3, 3, 3, 3]), 'down').direction).toBe('stable')
  expect(trendOf(points([1, 9, 2, 8, 1, 9]), 'down').direction).toBe('stable')
})

test('an interval of 95 % has the true slope in it 95 times of 100', () => {
  const random = randomOf(1)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  let within = 0
  for (let each = 0; each < 2000; each += 1) {
    const points = Array.from({ length: 12 }, (_, x) => ({ x, y: 0.3 * x + normal() }))
    const { low, high } = trendOf(points, 'up')
    if (low !== null && high !== null && low <= 0.3 && high >= 0.3) within += 1
  }
  expect(within / 2000).toBeGreaterThan(0.935)
  expect(within / 2000).toBeLessThan(0.965)
})

test.each([1, 2, 5, 10, 11, 15, 30, 100])(
  "97.5 %% of Student's t with %i degrees of freedom are below its quantile",
  (freedom) => {
    // by integration of the density, whose normalization cancels out
    const density = (t: number) => (1 + (t * t) / freedom) ** (-(freedom + 1) / 2)
    // t = tan(u) makes the infinite range finite
    const integral = (to: number) => {
      const steps = 20_000
      const width = to / steps
      let total = 0
      for (let step = 0; step < steps; step += 1) {
        const u = (step + 0.5) * width
        total += (density(Math.tan(u)) / Math.cos(u) ** 2) * width
      }
      return total
    }
    const share = 0.5 + integral(Math.atan(tQuantile(freedom))) / integral(Math.PI / 2) / 2
    expect(share).toBeCloseTo(0.975, 4)
  },
)

test('an id is seen again among 50,000, as a set of texts sees it', () => {
  const random = randomOf(5)
  const id = () =>
    Array.from({ length: 3 }, () =>
      Math.floor(random() * 300)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  const [seenIds, set] = [new SeenIds(), new Set<string>()]
  for (let each = 0; each < 50_000; each += 1) {
    const next = id()
    expect(seenIds.add(next)).toBe(!set.has(next))
    set.add(next)
  }
  expect(seenIds.size).toBe(set.size)
})

test('two repositories whose incidents have the same id stay two', () => {
  const history = open()
  fail(history, 'bad', 0)
  const other = new Collector()
  for (const [repository, key] of [
    ['o/a', 'a'],
    ['o/b', 'b'],
  ] as const)
    other.add(
      newEvent(
        {
          ...look('unhealthy', 0),
          incident: 'production-1',
          environment: 'production',
          revision: revisionOf('x'),
          at: new Date(start).toISOString(),
          actor: 'grace',
        },
        [key],
      ),
      repository,
    )
  const made = makeReport(makeRecords(other.collected()), { period, now: new Date(period.to) })
  expect(made.downtime.environments.map(({ repository }) => repository)).toEqual(['o/a', 'o/b'])
  expect(made.dora.changeFailRate).toMatchObject({ failed: 2, deployments: 2 })
})
