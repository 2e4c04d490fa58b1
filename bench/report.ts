/**
 * The report of 100,000 and of 1,000,000 events: statistics, CSV and dashboard from files, streamed, against DuckDB, which counts
 * the same rollbacks of the same file; and the page of 100,000 events in Chromium.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { formatLines } from '../src/history/history.ts'
import { openDuckDB, sqlOf } from '../test/support/duckdb.ts'
import { generateHistory } from '../test/support/report-history.ts'
import type { Findings } from './main.ts'
import type { Made } from './support/report-worker.ts'

const day = 86_400_000
const from = Date.parse('2025-11-01T00:00:00Z')
const root = fileURLToPath(new URL('..', import.meta.url))

/** As users run it: Node that strips types itself takes 18 MB more. @returns the path of the worker, and that of the folder to remove */
function compileWorker(): { readonly worker: string; readonly compiled: string } {
  mkdirSync(join(root, 'lib'), { recursive: true })
  const compiled = mkdtempSync(join(root, 'lib/bench-'))
  const project = join(compiled, 'tsconfig.json')
  const settings = {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: { rootDir: root, outDir: compiled },
    include: [],
    files: [join(root, 'bench/support/report-worker.ts')],
  }
  writeFileSync(project, JSON.stringify(settings))
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['--project', project], { cwd: root, stdio: 'inherit' })
  return { worker: join(compiled, 'bench/support/report-worker.js'), compiled }
}

/** Of a history of so many events in 365 days, in files of its months. */
async function write(folder: string, wanted: number): Promise<number> {
  let written = 0
  const each = wanted / 50
  for (let part = 0; written < wanted; part += 1) {
    const { events } = generateHistory({
      ...{ seed: part + 1, from: new Date(from + ((part * 7) % 350) * day), days: 14 },
      deploymentsADay: Math.ceil(each / 30),
      environments: ['production', 'staging', 'eu', 'us'],
    })
    const own = events.slice(0, wanted - written)
    const months = Map.groupBy(own, ({ at }) => at.slice(0, 7))
    for (const [month, some] of months) {
      const path = join(folder, 'v1/events', month.slice(0, 4), month)
      mkdirSync(path, { recursive: true })
      await appendFile(join(path, 'all.jsonl'), formatLines(some, written))
    }
    written += own.length
  }
  return written
}

/** In a process of its own, whose memory is that of the report. */
function make(worker: string, folder: string): Made {
  const to = from + 365 * day
  return JSON.parse(
    execFileSync(process.execPath, [worker, folder, String(from), String(to)], { encoding: 'utf8' }),
  )
}

const headings = [
  'Rollbacks',
  'Rollbacks by environment, trigger, outcome, reason and month',
  'Rollbacks by layer and method',
  'Downtime',
  'DORA',
  'Trend of the rollbacks a week',
]

/** The same statistics by the statements of docs/warehouse.md, which tests hold equal to ours; the start of the process is in it. */
async function reportByDuckDB(folder: string): Promise<number> {
  const since = performance.now()
  const duckdb = openDuckDB()
  await writeFile(join(folder, 'deployments.jsonl'), '')
  const tables = sqlOf('Tables').replaceAll("'history/", `'${folder}/`)
  await duckdb.run(tables.replace("'deployments", `'${folder}/deployments`))
  for (const heading of headings) {
    const sql = sqlOf(heading).replaceAll('$from', String(from))
    await duckdb.run(sql.replaceAll('$to', String(from + 365 * day)))
  }
  duckdb.close()
  return performance.now() - since
}

/** Far less than a report: the rollbacks by how they ended and how long they took, on one core, without the start of the process. */
async function countByDuckDB(folder: string): Promise<number> {
  const duckdb = openDuckDB()
  await duckdb.run('SELECT 1')
  const since = performance.now()
  await duckdb.run(`
    SET threads = 1;
    SELECT outcome, count(*), quantile_cont(took, 0.5), quantile_cont(took, 0.9) FROM (
      SELECT incident, arg_max(outcome, "at") FILTER (kind = 'rollback-ended') AS outcome,
        max(epoch_ms(CAST("at" AS TIMESTAMPTZ))) FILTER (kind = 'rollback-ended')
          - min(epoch_ms(CAST("startedAt" AS TIMESTAMPTZ))) FILTER (kind = 'rollback-began') AS took
      FROM (
        SELECT DISTINCT ON (id) * FROM read_json('${folder}/v1/events/**/*.jsonl', format = 'newline_delimited', columns = {
          id: 'VARCHAR', kind: 'VARCHAR', incident: 'VARCHAR', outcome: 'VARCHAR', "at": 'VARCHAR', "startedAt": 'VARCHAR'
        })
      ) GROUP BY incident
    ) GROUP BY outcome`)
  duckdb.close()
  return performance.now() - since
}

/** From the start of the navigation to a filter that has done its work. */
async function openPage(file: string): Promise<number> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  const tab = await browser.newPage()
  const since = performance.now()
  await tab.goto(pathToFileURL(file).href)
  await tab.selectOption('select[name=environment]', 'staging')
  await tab.locator('[data-view=rollbacks][data-environment=staging]:visible').first().waitFor()
  const took = performance.now() - since
  await browser.close()
  return took
}

export async function measure(say: (line: string) => void): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-report-'))
  const { worker, compiled } = compileWorker()
  try {
    const [small, large] = [join(folder, 'small'), join(folder, 'large')]
    say(`written: ${await write(small, 100_000)} and ${await write(large, 1_000_000)} events`)
    // the first run finds the files cold
    make(worker, small)
    const [some, all] = [make(worker, small), make(worker, large)]
    const [duckdbSome, duckdbAll] = [await reportByDuckDB(small), await reportByDuckDB(large)]
    const little = await countByDuckDB(large)
    for (const [name, made, theirs] of [
      ['100,000', some, duckdbSome],
      ['1,000,000', all, duckdbAll],
    ] as const)
      say(
        `${name} events: ${Math.round(made.totalMs)} ms (statistics ${Math.round(made.statisticsMs)}), DuckDB ${Math.round(theirs)} ms; ${made.megabytes} MB; ${made.rollbacks} rollbacks`,
      )
    const page = join(small, 'index.html')
    const interactive = await openPage(page)
    return {
      figures: {
        'MB at 1,000,000 events': all.megabytes,
        'time of ten times the events': all.totalMs / some.totalMs,
        'time against DuckDB at 100,000': some.statisticsMs / duckdbSome,
        'time against DuckDB at 1,000,000': all.statisticsMs / duckdbAll,
        'time against a single count of DuckDB at 1,000,000': all.statisticsMs / little,
        'page at 100,000 events, MB': statSync(page).size / 1e6,
        'page at 1,000,000 events, MB': statSync(join(large, 'index.html')).size / 1e6,
        'interactive at 100,000 events, ms': interactive,
      },
      goals: {
        'MB at 1,000,000 events': { atMost: 300 },
        'time of ten times the events': { atMost: 11 },
        'time against DuckDB at 100,000': { atMost: 2 },
        'time against DuckDB at 1,000,000': { atMost: 2 },
        'page at 100,000 events, MB': { atMost: 1.5 },
        'interactive at 100,000 events, ms': { atMost: 1000 },
      },
    }
  } finally {
    for (const each of [folder, compiled]) rmSync(each, { recursive: true, force: true })
  }
}
