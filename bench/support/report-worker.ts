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
  readonly readMs: number
  readonly totalMs: number
  /** the most that the process had */
  readonly megabytes: number
  readonly rollbacks: number
}

const [folder = '', from = '', to = ''] = process.argv.slice(2)
const period = { from: Number(from), to: Number(to) }
const began = performance.now()
const collector = new Collector()
const unreadable = (await readEventFiles(folder, (event) => collector.add(event))).length
const records = makeRecords(collector.collected())
const options = { period, now: new Date(period.to), unreadable }
const report = makeReport(records, options)
const readMs = performance.now() - began
await pipeline(Readable.from(writeCsv(records, period)), createWriteStream(join(folder, 'rollbacks.csv')))
await writeFile(join(folder, 'index.html'), renderDashboard(records, { ...options, title: 'bench' }))
const made: Made = {
  readMs,
  totalMs: performance.now() - began,
  megabytes: Math.round(process.resourceUsage().maxRSS / 1000),
  rollbacks: report.rollbacks.total,
}
process.stdout.write(JSON.stringify(made))
