/** 18, done-line 1: the dashboard in real Chromium; done-line 4: hostile text. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Event } from '../../../src/history/event.ts'
import { sayDuration } from '../../../src/text/duration.ts'
import { type DashboardOptions, renderDashboard } from '../../../src/views/dashboard/page.ts'
import { Collector, type DeploymentFact, makeRecords } from '../../../src/views/report/report.ts'
import { generateHistory } from '../../support/report-history.ts'

const day = 86_400_000
const period = { from: Date.parse('2026-08-01T00:00:00Z'), to: Date.parse('2026-11-01T00:00:00Z') }
const plan = { seed: 21, from: new Date(period.from), days: 92, deploymentsADay: 2 }
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

let browser: Browser
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashboard-'))
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
})

function write(
  name: string,
  events: readonly Event[],
  facts: readonly DeploymentFact[] = [],
  actionItems: DashboardOptions['actionItems'] = undefined,
): string {
  const collector = new Collector()
  for (const event of events) collector.add(event)
  for (const fact of facts) collector.addDeployment(fact)
  const page = renderDashboard(makeRecords(collector.collected()), {
    ...{ period, now: new Date(period.to), title: 'octo-org/shop', actionItems },
    dispatchUrl: 'https://github.com/octo-org/shop/actions/workflows/rollback.yml',
  })
  const file = join(folder, `${name}.html`)
  writeFileSync(file, page)
  return pathToFileURL(file).href
}

/** All of its rules; what passed is not described, nor where it is: that takes longer than the rules. */
const runAxe = `axe.run({ resultTypes: ['violations'], selectors: false })`

/** What axe found. */
interface Checked {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

interface Opened {
  readonly page: Page
  /** what the page said, asked for, or tried to open */
  readonly noise: readonly string[]
  readonly leave: () => Promise<void>
}

/** Pages that tests have left, by their options: a new one is a process of its own, which takes longer than what it shows. */
const left = new Map<string, Page>()

async function open(url: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Opened> {
  const key = JSON.stringify(options)
  const page =
    left.get(key) ?? (await browser.newPage({ viewport: { width: 1120, height: 900 }, ...options }))
  left.delete(key)
  const noise: string[] = []
  page.on('console', (said) => noise.push(said.text()))
  page.on('pageerror', (error) => noise.push(error.message))
  page.on('dialog', (dialog) => {
    noise.push(dialog.message())
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url.split('#')[0]) noise.push(request.url())
  })
  await page.goto(url)
  return {
    page,
    noise,
    async leave() {
      page.removeAllListeners()
      // the next document is another one, also at the same address
      await page.goto('about:blank')
      left.set(key, page)
    },
  }
}

/** The figure of a tile that is seen. */
const figure = (page: Page, name: string) =>
  page
    .locator('.tiles li:visible', { has: page.locator('.name', { hasText: new RegExp(`^${name}$`) }) })
    .locator('b')
    .textContent()

/** The rollbacks of a history, counted from its events alone: a rollback is a beginning that was not taken back. */
function count(events: readonly Event[], isMeant: (event: Event) => boolean): number {
  const rehearsed = new Set(
    events.flatMap((event) =>
      event.kind === 'rollback-began' && event.rehearsal === true ? [event.incident] : [],
    ),
  )
  const began = events.filter((event) => event.kind === 'rollback-began' && !rehearsed.has(event.incident))
  const alone = new Set(began.map(({ incident }) => incident))
  const without = events.filter(
    ({ kind, incident }) =>
      (kind === 'rollback-applied' || kind === 'rollback-failed') &&
      !alone.has(incident) &&
      !rehearsed.has(incident),
  )
  return [...began, ...without].filter(isMeant).length
}

const { events, facts } = generateHistory(plan)
const within = ({ at }: Event) => Date.parse(at) >= period.from && Date.parse(at) < period.to

test('the content is what independent counts of the events say', async () => {
  const { page, noise, leave } = await open(write('content', events, facts))
  expect(await figure(page, 'Rollbacks')).toBe(String(count(events, within)))
  const bad = new Set(
    events
      .filter(({ kind }) => kind === 'health-checked')
      .filter((event) => 'verdict' in event && event.verdict === 'unhealthy')
      .map(({ incident }) => incident),
  )
  const began = new Set(
    events
      .filter(({ kind }) => kind.startsWith('rollback-') && kind !== 'rollback-undone')
      .map(({ incident }) => incident),
  )
  const rehearsed = new Set(
    events
      .filter((event) => event.kind === 'rollback-began' && event.rehearsal === true)
      .map(({ incident }) => incident),
  )
  const failed = new Set([...bad, ...[...began].filter((each) => !rehearsed.has(each))])
  const about = await page.locator('.tiles li:visible', { hasText: 'Change fail rate' }).textContent()
  expect(about).toContain(`${failed.size} failed of `)
  expect(await page.locator('tbody tr[data-at]').count()).toBe(Math.min(100, count(events, within)))
  expect(noise).toEqual([])
  await leave()
})

/** The rehearsals of an environment, counted from the events alone: those that ended complete, and how long they took. */
function rehearsedIn(environment: string, history: readonly Event[]) {
  const began = history.filter(
    (event) => event.kind === 'rollback-began' && event.rehearsal === true && within(event),
  )
  return began.flatMap((event) => {
    if (event.kind !== 'rollback-began' || event.environment !== environment) return []
    const end = history.find((each) => each.kind === 'rollback-ended' && each.incident === event.incident)
    const isComplete = end?.kind === 'rollback-ended' && end.outcome === 'complete'
    return [
      { at: event.at, tookMs: isComplete ? Date.parse(end.at) - Date.parse(event.startedAt) : undefined },
    ]
  })
}

test('rehearsals: each environment with its last one, its recovery times, and what would not have worked; the filters hold for them', async () => {
  const history = generateHistory({ ...plan, rehearsing: 0.5 })
  const { page, noise, leave } = await open(write('rehearsals', history.events, history.facts))
  const section = page.locator('section[aria-labelledby=rehearsals]')
  const own = rehearsedIn('staging', history.events)
  const took = own
    .flatMap(({ tookMs = Number.NaN }) => (Number.isNaN(tookMs) ? [] : [tookMs]))
    .sort((a, b) => a - b)
  const middle = ((took[(took.length - 1) >> 1] ?? 0) + (took[took.length >> 1] ?? 0)) / 2
  const row = section.locator('tr[data-place][data-environment=staging]')
  expect(await row.locator('td').nth(0).textContent()).toBe(own.at(-1)?.at.slice(0, 16).replace('T', ' '))
  expect(await row.locator('td').nth(2).textContent()).toMatch(new RegExp(`^\\d+ of ${own.length}$`))
  expect(await row.locator('td').nth(4).textContent()).toBe(sayDuration(middle))
  const failures = section.locator('li[data-environment]')
  expect(await failures.count()).toBeGreaterThan(0)
  expect(await failures.first().textContent()).toMatch(/: (?:verification|taking back|code): /)
  await page.selectOption('select[name=environment]', 'staging')
  for (const some of [section.locator('tbody tr[data-environment]'), failures])
    for (const each of await some.all())
      expect(await each.isVisible()).toBe((await each.getAttribute('data-environment')) === 'staging')
  expect(noise).toEqual([])
  await leave()
})

test('open action items are listed, overdue ones first, and hostile words stay words', async () => {
  const item = { owner: 'grace', due: '2026-12-04', isOverdue: true, issue: 7 }
  const url = 'https://github.com/octo-org/shop/issues/7'
  const items = [
    { ...item, text: 'Add a check', url },
    {
      ...item,
      text: '</script><img src=x onerror=alert(1)> =cmd|x \u202egnp',
      url: 'javascript:alert(1)',
      due: null,
      isOverdue: false,
    },
  ]
  const { page, noise, leave } = await open(write('items', [], [], items))
  const section = page.locator('section[aria-labelledby=actions]')
  expect(await section.locator('caption').textContent()).toBe('1 of 2 are overdue')
  expect(await section.locator('tbody tr').allTextContents()).toEqual([
    'Add a checkgrace2026-12-04 overdue#7',
    expect.stringContaining('</script><img src=x onerror=alert(1)> =cmd|x'),
  ])
  expect(await section.locator('a').count()).toBe(1)
  expect(await section.locator('img').count()).toBe(0)
  expect(noise).toEqual([])
  await leave()
})

describe('filters', () => {
  test.each([
    ['environment=staging', (event: Event) => event.environment === 'staging'],
    ['period=30', ({ at }: Event) => Date.parse(at) >= period.to - 30 * day],
    ['layer=ota', (event: Event) => 'layers' in event && event.layers.some(({ layer }) => layer === 'ota')],
    [
      `environment=${encodeURIComponent('größe "eu"')}&layer=code&period=30`,
      (event: Event) =>
        event.environment === 'größe "eu"' &&
        'layers' in event &&
        event.layers.some(({ layer }) => layer === 'code') &&
        Date.parse(event.at) >= period.to - 30 * day,
    ],
  ])('#%s shows what it says', async (hash, isMeant) => {
    const { page, noise, leave } = await open(`${write('filters', events, facts)}#${hash}`)
    const expected = count(events, (event) => within(event) && isMeant(event))
    expect(expected).toBeGreaterThan(0)
    expect(await figure(page, 'Rollbacks')).toBe(String(expected))
    expect(await page.locator('tbody tr[data-at]:visible').count()).toBe(Math.min(100, expected))
    expect(noise).toEqual([])
    await leave()
  })

  test('by keyboard alone; the address has the choice, the way back takes it back, and what matches nothing says so', async () => {
    const { page, noise, leave } = await open(write('keyboard', events, facts))
    const all = await figure(page, 'Rollbacks')
    await page.keyboard.press('Tab')
    expect(await page.evaluate<unknown>('document.activeElement.textContent')).toBe('Skip to the content')
    await page.keyboard.press('Tab')
    expect(await page.evaluate<unknown>('document.activeElement.name')).toBe('environment')
    await page.keyboard.press('ArrowDown')
    expect(new URL(page.url()).hash).toBe('#environment=production')
    const own = await figure(page, 'Rollbacks')
    expect(own).toBe(String(count(events, (event) => within(event) && event.environment === 'production')))
    for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await figure(page, 'Rollbacks')).toBe(all)
    await page.goBack()
    expect(await figure(page, 'Rollbacks')).toBe(own)
    await page.goBack()
    expect(await figure(page, 'Rollbacks')).toBe(all)
    expect(noise).toEqual([])
    await leave()
  })

  test('an address that names nothing of the page shows everything; a choice without a rollback says so', async () => {
    const url = write('nothing', events.filter(({ environment }) => environment === 'staging').slice(0, 40))
    const { page, leave } = await open(`${url}#environment=<b>&layer=x&period=9`)
    expect(await page.locator('[data-none]:visible').count()).toBe(0)
    await page.goto(`${url}#period=7`)
    expect(await page.getByText('No rollback matches the filters.').isVisible()).toBe(true)
    expect(await page.locator('tbody tr[data-at]:visible').count()).toBe(0)
    await leave()
  })

  test('an environment without figures of its own says so, and never that nothing matches', async () => {
    const some = events.filter(({ environment }) => environment === 'staging').slice(0, 40)
    const environments = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const many = environments.flatMap((environment) =>
      some.map((event) => ({
        ...event,
        environment,
        incident: `${environment}-${event.incident}`,
        id: createHash('sha256').update(`${environment} ${event.id}`).digest('hex').slice(0, 24),
      })),
    )
    const { page, leave } = await open(`${write('many', many)}#environment=g`)
    expect(await page.locator('tbody tr[data-at]:visible').count()).toBeGreaterThan(0)
    expect(await page.locator('[data-none]:visible').count()).toBe(0)
    expect(await page.getByText('The 6 most used environments have figures of their own').count()).toBe(2)
    await leave()
  })
})

test.each([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 360, height: 740 } }],
] as const)('axe finds nothing wrong: %s', async (_, options) => {
  const { page, leave } = await open(write('axe', events.slice(-150), facts.slice(-30)), {
    ...options,
    bypassCSP: true,
  })
  await page.addScriptTag({ path: axe })
  const { violations } = await page.evaluate<Checked>(runAxe)
  expect(
    violations.map(({ id, nodes }) => ({
      id,
      first: nodes[0]?.html,
    })),
  ).toEqual([])
  await leave()
})

test('on a phone nothing is wider than the page; the tables scroll in themselves', async () => {
  const { page, leave } = await open(write('phone', events, facts), { viewport: { width: 360, height: 740 } })
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  await leave()
})

test('without a script everything is there to read, and no control that does nothing', async () => {
  const { page, noise, leave } = await open(write('plain', events, facts), { javaScriptEnabled: false })
  expect(await page.locator('form').isVisible()).toBe(false)
  expect(await figure(page, 'Rollbacks')).toBe(String(count(events, within)))
  expect(await page.locator('svg:visible').count()).toBe(6)
  expect(noise).toEqual([])
  await leave()
})

test('printed, it has no filters, and tables are whole', async () => {
  const { page } = await open(write('print', events, facts))
  await page.emulateMedia({ media: 'print' })
  expect(await page.locator('form').isVisible()).toBe(false)
  expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000)
  await page.close()
})

test.each([
  ['no event', []],
  ['one event', events.slice(0, 1)],
] as const)('with %s it says what there is, and axe finds nothing wrong', async (name, some) => {
  const { page, noise, leave } = await open(write(name.replace(' ', '-'), some), { bypassCSP: true })
  expect(await figure(page, 'Rollbacks')).toBe('0')
  expect(await figure(page, 'Success rate')).toBe('–')
  await page.addScriptTag({ path: axe })
  const { violations } = await page.evaluate<Checked>(runAxe)
  expect(violations.map(({ id }) => id)).toEqual([])
  expect(noise).toEqual([])
  await leave()
})

test('no mark of an axis is there twice, also where a share was 0 % all the time', async () => {
  const { page, leave } = await open(write('axes', events.slice(0, 1), facts))
  for (const chart of await page.locator('svg:visible').all()) {
    const marks = await chart.locator('.grid + .axis').allTextContents()
    expect(marks).toEqual([...new Set(marks)])
  }
  await leave()
})

test('without an event it claims nothing of post-mortems and says that there was no rollback', async () => {
  const { page, leave } = await open(write('none', [], [], []))
  const text = (await page.locator('main').textContent()) ?? ''
  expect(text).not.toContain('is done')
  expect(await page.locator('section[aria-labelledby=by]').textContent()).toContain('No rollback')
  await leave()
})

test('on a phone the reason of a rollback is wide enough to be read', async () => {
  const { page, leave } = await open(write('reasons', events, facts), {
    viewport: { width: 360, height: 740 },
  })
  const box = await page.locator('td.why:visible').first().boundingBox()
  expect(box?.width).toBeGreaterThanOrEqual(240)
  await leave()
})

test('hostile text breaks out of nothing: no element, attribute, script, request or dialog comes of it', async () => {
  const hostile = [
    '</title></script></style></bdi><script>alert(1)</script>',
    '"><img src=x onerror=alert(2)>',
    "' onmouseover='alert(3)",
    '<!-- --> ]]> @everyone ]() `x` =cmd|',
    '\u202edesrever\u2066',
    'x'.repeat(65_536),
  ]
  const of = (text: string, index: number) =>
    generateHistory({ ...plan, seed: index, days: 20, environments: [`e ${text.slice(0, 200)}`], text })
      .events
  const { page, noise, leave } = await open(write('hostile', hostile.flatMap(of)))
  expect(await page.locator('script').count()).toBe(1)
  expect(await page.locator('img, iframe, object, [onerror], [onmouseover]').count()).toBe(0)
  expect(await page.locator('body').textContent()).toContain('<script>alert(1)</script>')
  expect(await page.locator('main').textContent()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
  await page.selectOption('select[name=environment]', { index: 1 })
  expect(await page.locator('tbody tr[data-at]:visible').count()).toBeGreaterThan(0)
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1120)
  expect(noise).toEqual([])
  await leave()
})

test('its policy allows no other style and script: what is put in by others does not run', async () => {
  const { page, leave } = await open(write('policy', events))
  const refused = await page.evaluate<{
    readonly told: readonly string[]
    readonly title: string
  }>(`(async () => {
    const told = []
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => told.push(effectiveDirective))
    const script = document.createElement('script')
    script.textContent = 'document.title = "pwned"'
    const style = document.createElement('style')
    style.textContent = 'body { display: none }'
    const image = document.createElement('img')
    image.src = 'https://example.com/x.png'
    document.body.append(script, style, image)
    await new Promise((resolve) => setTimeout(resolve, 100))
    return { told: told.sort(), title: document.title }
  })()`)
  expect(refused.told).toEqual(['img-src', 'script-src-elem', 'style-src-elem'])
  expect(refused.title).not.toBe('pwned')
  await leave()
})
