/** Makes all files of a report from those of a history: `node report-worker.ts FOLDER FROM TO`. */
import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { renderDashboard } from '../../src/views/dashboard/page.ts'
import { writeCsv } from '../../src/views/report/csv.ts'
import { readEventFiles } from '../../src/views/report/read-files.ts'
import { Collector, makeRecords, makeReport } from '../../src/views/report/report.ts'

export interface Made {
  /** from the start of the process to the statistics, and to the last file */
  readonly statisticsMs: number
  readonly totalMs: number
  /** the most that the process had */
  readonly megabytes: number
  readonly rollbacks: number
}

const [folder = '', from = '', to = ''] = process.argv.slice(2)
const period = { from: Number(from), to: Number(to) }
// in a function of its own, so that the ids that were seen are not kept longer
async function read() {
  const collector = new Collector()
  const unreadable = await readEventFiles(folder, (event) => collector.add(event))
  return { unreadable: unreadable.length, collected: collector.collected() }
}
const { unreadable, collected } = await read()
const records = makeRecords(collected)
const options = { period, now: new Date(period.to), unreadable }
const report = makeReport(records, options)
// since the process started
const statisticsMs = performance.now()
await pipeline(Readable.from(writeCsv(records, period)), createWriteStream(join(folder, 'rollbacks.csv')))
await writeFile(join(folder, 'index.html'), renderDashboard(records, { ...options, title: 'bench' }))
const made: Made = {
  statisticsMs,
  totalMs: performance.now(),
  megabytes: Math.round(process.resourceUsage().maxRSS / 1000),
  rollbacks: report.rollbacks.total,
}
process.stdout.write(JSON.stringify(made))
