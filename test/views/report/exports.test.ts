/** 18: JSON, CSV, Prometheus text and OpenMetrics are views of one report; done-line 4: hostile text is text in each. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { marked } from 'marked'
import { renderDashboard } from '../../../src/views/dashboard/page.ts'
import { writeCsv } from '../../../src/views/report/csv.ts'
import { type Dialect, writeMetrics } from '../../../src/views/report/metrics.ts'
import { Collector, makeRecords, makeReport } from '../../../src/views/report/report.ts'
import { Rows } from '../../../src/views/report/rows.ts'
import { writeReportSummary } from '../../../src/views/report/summary.ts'
import { generateHistory } from '../../support/report-history.ts'

const period = { from: Date.parse('2026-01-01T00:00:00Z'), to: Date.parse('2026-04-01T00:00:00Z') }
const now = new Date(period.to)

function reportOf(text = '', deploymentsADay = 3) {
  const collector = new Collector()
  const from = new Date(period.from)
  const { events, facts } = generateHistory({ seed: 4, from, days: 90, deploymentsADay, text })
  for (const event of events) collector.add(event)
  for (const fact of facts) collector.addDeployment(fact)
  const records = makeRecords(collector.collected())
  return { records, report: makeReport(records, { period, now }), events }
}

function schema(name: string) {
  const path = fileURLToPath(new URL(`../../../schema/${name}.schema.json`, import.meta.url))
  const ajv = new Ajv2020({ allErrors: true })
  addFormats.default(ajv)
  return ajv.compile(JSON.parse(readFileSync(path, 'utf8')))
}

test('the report and the events fit their published JSON Schemas, by another validator than the one that they are made of', () => {
  const { report, events } = reportOf()
  const fits = schema('report')
  expect({ fits: fits(JSON.parse(JSON.stringify(report))), errors: fits.errors }).toEqual({
    fits: true,
    errors: null,
  })
  expect(fits({ ...report, rollbacks: {} })).toBe(false)
  const isEvent = schema('event')
  for (const event of events) expect({ event, fits: isEvent(event) }).toEqual({ event, fits: true })
  expect(isEvent({ ...events[0], revision: 'HEAD' })).toBe(false)
})

describe('metrics', () => {
  function promtool(args: readonly string[], input = '') {
    const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}` }
  }

  test.each([
    ['a year of use', ''],
    ['hostile names', ' "x"\\ \n# EOF\n{a="b"} 1'],
  ])('of %s pass promtool check metrics', (_, text) => {
    const written = writeMetrics(reportOf(text).report, 'prometheus')
    expect(written).toContain('rollback_dora_change_fail_ratio 0.')
    expect(promtool(['check', 'metrics'], written)).toEqual({ status: 0, said: '' })
  })

  test('of an empty history pass, too, and have no figure where there is no data', () => {
    const report = makeReport(makeRecords(new Collector().collected()), { period, now })
    const written = writeMetrics(report, 'prometheus')
    expect(written).not.toContain('ratio')
    expect(promtool(['check', 'metrics'], written)).toEqual({ status: 0, said: '' })
  })

  test('as OpenMetrics are read by Prometheus itself, which finds each sample', () => {
    const { report } = reportOf(' "q"\\ \n')
    const folder = mkdtempSync(join(tmpdir(), 'openmetrics-'))
    try {
      const written = writeMetrics(report, 'openmetrics')
      expect(written.endsWith('# EOF\n')).toBe(true)
      const file = join(folder, 'metrics')
      // without a log of writes promtool dumps nothing
      mkdirSync(join(folder, 'data/wal'), { recursive: true })
      writeFileSync(file, written)
      const made = promtool(['tsdb', 'create-blocks-from', 'openmetrics', file, join(folder, 'data')])
      expect(made).toMatchObject({ status: 0 })
      const dumped = promtool(['tsdb', 'dump', join(folder, 'data')]).said
      const samples = (text: string) =>
        text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
      expect(samples(dumped)).toBe(samples(written))
      expect(dumped).toContain(`rollback_dora_deployments"} ${report.dora.deploymentFrequency.n} `)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('the two dialects have the same figures', () => {
    const { report } = reportOf()
    const figures = (dialect: Dialect) =>
      writeMetrics(report, dialect)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.replace(` ${Date.parse(report.generatedAt) / 1000}`, ''))
    expect(figures('openmetrics')).toEqual(figures('prometheus'))
  })
})

describe('CSV', () => {
  /** By Python's own reader, which is nobody's of ours. */
  function read(csv: string): readonly (readonly string[])[] {
    const program =
      'import csv,io,json,sys; print(json.dumps(list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode(), newline="")))))'
    return JSON.parse(
      spawnSync('python3', ['-c', program], { input: csv, encoding: 'utf8', maxBuffer: 2 ** 28 }).stdout,
    )
  }

  test.each([
    '=cmd|" /C calc"!A0',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    'a,"b"\r\n=1',
    '\u202e=1',
    'x'.repeat(65_536),
  ])('a reason %# arrives as it is, and is no formula', (reason) => {
    const { records } = reportOf()
    const rollbacks = Rows.of(
      [...records.rollbacks].map(
        (each) =>
          new Proxy(each, { get: (of, key) => (key === 'reason' ? reason : Reflect.get(of, key, of)) }),
      ),
    )
    const rows = read([...writeCsv({ ...records, rollbacks }, period)].join(''))
    const at = rows[0]?.indexOf('reason') ?? -1
    expect(rows.length).toBe(rollbacks.length + 1)
    for (const row of rows.slice(1)) {
      expect(row[at]?.replace(/^'/, '')).toBe(reason)
      for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
    }
  })

  test('has the rollbacks of the period, oldest first', () => {
    const { records, report } = reportOf()
    const rows = read([...writeCsv(records, period)].join('')).slice(1)
    expect(rows.length).toBe(report.rollbacks.total)
    const times = rows.map(([at]) => at)
    expect(times).toEqual(times.toSorted())
  })
})

test('project-chip/connectedhomeip#72981: what is published stays bounded, however long the history is', () => {
  const [some, many] = [reportOf('', 5), reportOf('', 50)]
  expect(many.events.length).toBeGreaterThan(10_000)
  const size = ({ records, report }: ReturnType<typeof reportOf>) => ({
    page: renderDashboard(records, { period, now, title: 'octo-org/shop' }).length,
    summary: writeReportSummary(report).length,
    json: JSON.stringify(report).length,
  })
  const [small, large] = [size(some), size(many)]
  for (const key of ['page', 'summary', 'json'] as const) expect(large[key]).toBeLessThan(small[key] * 1.5)
  expect(large.page).toBeLessThan(1_500_000)
  expect(large.summary).toBeLessThan(100_000)
})

describe('the job summary', () => {
  const hostile = '@everyone [x](javascript:1) <script>alert(1)</script> | `a` <!-- --> ]() \u202e ```\n# h'

  test('has the figures, a chart, and the recommendations with their evidence', () => {
    const { report } = reportOf()
    const summary = writeReportSummary(report)
    expect(summary).toContain(`${report.rollbacks.total} rollbacks`)
    expect(summary).toContain('```mermaid\nxychart-beta')
    expect(report.recommendations.length).toBeGreaterThan(0)
    for (const { evidence } of report.recommendations) expect(summary).toContain(evidence)
  })

  test('nothing that people wrote breaks out of it', () => {
    const html = marked.parse(writeReportSummary(reportOf(hostile).report), { async: false, gfm: true })
    expect(html).not.toMatch(/<script|<h1|href="javascript|<!--/)
    expect(html).not.toMatch(/@everyone/)
    // each row of the table has all of its cells and no more
    expect(html.match(/<tr>/g)?.length).toBeGreaterThan(20)
  })

  test('of an empty history says so', () => {
    const report = makeReport(makeRecords(new Collector().collected()), { period, now })
    expect(writeReportSummary(report)).toContain('There is nothing to report yet')
  })
})
