/**
 * Takes the pictures of the dashboard for the documentation, in Debian's chromium: light, dark and phone, of a generated history.
 * `node script/dashboard-pictures.ts`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { renderDashboard } from '../src/views/dashboard/page.ts'
import { Collector, makeRecords } from '../src/views/report/report.ts'
import { generateHistory } from '../test/support/report-history.ts'

const pictures = fileURLToPath(new URL('../docs/pictures/', import.meta.url))
const period = { from: Date.parse('2026-08-01T00:00:00Z'), to: Date.parse('2026-11-01T00:00:00Z') }
const collector = new Collector()
const plan = {
  seed: 12,
  from: new Date(period.from),
  days: 92,
  deploymentsADay: 3,
  failing: 0.12,
  rehearsing: 0.1,
}
const { events, facts } = generateHistory({ ...plan, environments: ['production', 'production', 'staging'] })
for (const event of events) collector.add(event)
for (const fact of facts) collector.addDeployment(fact)
const page = renderDashboard(makeRecords(collector.collected()), {
  ...{ period, now: new Date(period.to), title: 'octo-org/shop' },
  dispatchUrl: 'https://github.com/octo-org/shop/actions/workflows/rollback.yml',
})
const folder = mkdtempSync(join(tmpdir(), 'dashboard-'))
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  const file = join(folder, 'dashboard.html')
  writeFileSync(file, page)
  for (const [name, colorScheme, width, height] of [
    ['dashboard-light', 'light', 1120, 1500],
    ['dashboard-dark', 'dark', 1120, 1500],
    ['dashboard-phone', 'light', 390, 1400],
  ] as const) {
    const tab = await browser.newPage({ colorScheme, viewport: { width, height }, deviceScaleFactor: 1.5 })
    await tab.goto(pathToFileURL(file).href)
    await tab.screenshot({ path: join(pictures, `${name}.png`) })
    await tab.close()
    process.stdout.write(`docs/pictures/${name}.png\n`)
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
