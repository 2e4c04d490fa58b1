/** 18: a history is pruned by age. Incidents stay, lines that cannot be read stay, and nobody who writes at the time loses anything. */
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { pruneHistory } from '../../src/history/carry-out-prune.ts'
import { type Event, type EventDraft, newEvent } from '../../src/history/event.ts'
import { fileOf, formatLines, parseLines } from '../../src/history/history.ts'
import { planPrune } from '../../src/history/prune.ts'
import { openShop, type Shop } from '../support/repository.ts'

const branch = 'rollback-history'
const day = 86_400_000
const now = new Date('2026-11-27T00:00:00.000Z')
const at = (days: number) => new Date(now.getTime() - days * day).toISOString()

type Look = Extract<EventDraft, { kind: 'health-checked' }>
let count = 0

function about(name: string, days: number) {
  count += 1
  const incident = `production-${name}`
  return { incident, environment: 'production', revision: 'a'.repeat(40), at: at(days), actor: 'grace' }
}
function looked(name: string, days: number, verdict: Look['verdict'] = 'healthy'): Event {
  const decision = verdict === 'unhealthy' ? 'roll-back' : 'keep'
  const what = { reasonCode: 'checked', because: 'looked', startedAt: at(days), checks: [] }
  return newEvent({ kind: 'health-checked', verdict, decision, ...what, ...about(name, days) }, [`${count}`])
}
function held(days: number): Event {
  return newEvent({ kind: 'hold-set', because: 'audit', ...about('hold', days) }, [`${count}`])
}

let shop: Shop
beforeEach(async () => {
  shop = await openShop()
})
afterEach(() => shop.close())

/** Puts files on the branch in one stream. */
async function put(files: ReadonlyMap<string, string | Buffer>): Promise<void> {
  const from = await shop.hosted.git.readRef(`refs/heads/${branch}`)
  const head = `commit refs/heads/${branch}\ncommitter Ada <ada@example.com> 1900000000 +0000\ndata 1\nx\n${from === undefined ? '' : `from ${from.sha}\n`}`
  const parts = [...files].flatMap(([path, content]) => {
    const bytes = Buffer.from(content)
    return [Buffer.from(`M 100644 inline ${path}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')]
  })
  await shop.hosted.git.git(['fast-import', '--quiet'], {
    input: Buffer.concat([Buffer.from(head), ...parts]),
  })
}

const filesOf = (events: readonly Event[]) =>
  new Map(events.map((event, n) => [fileOf([event]), formatLines([event], n)]))

async function stored(): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await shop.hosted.git.readTree(`refs/heads/${branch}`, { recursive: true })
  const blobs = entries.filter(({ type }) => type === 'blob')
  return new Map(
    await Promise.all(
      blobs.map(async ({ path, sha }) => [path, await shop.hosted.git.readBlob(sha)] as const),
    ),
  )
}

async function incidents(): Promise<readonly string[]> {
  const files = [...(await stored())].filter(([path]) => path.endsWith('.jsonl'))
  const lines = files.flatMap(([file, text]) => parseLines({ file, text: text.toString() }).lines)
  return lines.map(({ event }) => event.incident.replace('production-', '')).sort()
}

const said: string[] = []
const prune = (days = 400) => {
  said.length = 0
  const log = (line: string) => void said.push(line)
  return pruneHistory(shop.repository, { branch, retentionDays: days, now, log })
}

const old = [
  ...[
    looked('fine', 500),
    looked('unsure', 500, 'inconclusive'),
    looked('recent', 500),
    looked('recent', 300),
  ],
  ...[
    looked('bad', 500, 'unhealthy'),
    looked('bad', 501),
    held(600),
    looked('newest', 450),
    looked('young', 399),
  ],
]

test('old looks at good deployments go; incidents, holds, what is younger and what goes on stay', async () => {
  await put(filesOf(old))
  expect(await prune()).toMatchObject({ removed: 3 })
  expect(await incidents()).toEqual(['bad', 'bad', 'hold', 'recent', 'recent', 'young'])
})

test('the newest healthy look of an environment stays, however old: it is the way back', async () => {
  await put(filesOf([looked('fine', 500), looked('newest', 450)]))
  expect(await prune()).toMatchObject({ removed: 1 })
  expect(await incidents()).toEqual(['newest'])
})

test('each month that is over becomes one file, in one commit that the log names; the months at hand stay as they are', async () => {
  const many = Array.from({ length: 300 }, (_, n) => looked(`a${n}`, 100 + (n % 90)))
  const fresh = [looked('today', 0), looked('yesterday', 1)]
  await put(filesOf([...many, ...fresh]))
  const events = await incidents()
  const before = shop.github.requests.length
  const { months } = await prune()
  const months2026 = new Set(many.map((event) => event.at.slice(0, 7)))
  expect(months).toBe(months2026.size)
  expect([...(await stored()).keys()]).toHaveLength(months2026.size + fresh.length)
  expect(await incidents()).toEqual(events)
  expect(said).toHaveLength(months + 1)
  expect(said[0]).toMatch(/^2026-0\d: \d+ files before, 1 now$/)
  // where the branch is, its files by four requests, and one a month
  expect(shop.github.requests.length - before).toBeLessThanOrEqual(months + 6)
})

test('run twice it does nothing, and writes nothing', async () => {
  await put(filesOf(old))
  await prune()
  const head = await shop.head(branch)
  expect(await prune()).toEqual({ removed: 0, months: 0 })
  expect(await shop.head(branch)).toBe(head)
})

test('a file with a line that cannot be read, or with a mark in front, stays byte for byte, and is named', async () => {
  const [a, b, c] = [looked('a', 500), looked('b', 500), looked('c', 500)]
  const month = fileOf([a]).replace(/\/[^/]+$/, '')
  const damaged = Buffer.concat([
    Buffer.from(formatLines([a], 0)),
    Buffer.from([0x7b, 0xff, 0x0a]),
    Buffer.from('{"schema":2,"kind":"new","incident":"production-c"}\n'),
  ])
  const marked = Buffer.from(`\ufeff${formatLines([b], 0)}`)
  await put(
    new Map<string, string | Buffer>([
      [`${month}/damaged.jsonl`, damaged],
      [`${month}/marked.jsonl`, marked],
      ['v1/notes.txt', 'mine'],
      ...filesOf([c, looked('d', 500), looked('newest', 450)]),
    ]),
  )
  // c is of an incident that only a newer version can read
  expect(await prune()).toMatchObject({ removed: 1 })
  const files = await stored()
  expect(files.get(`${month}/damaged.jsonl`)).toEqual(damaged)
  expect(files.get(`${month}/marked.jsonl`)).toEqual(marked)
  expect(files.get('v1/notes.txt')?.toString()).toBe('mine')
  expect(await incidents()).toEqual(['a', 'b', 'c', 'newest'])
  for (const name of ['damaged', 'marked']) expect(said.join('\n')).toContain(`${month}/${name}.jsonl stays`)
})

test('what somebody writes in between is not lost: it is read again', async () => {
  await put(filesOf(old))
  const late = looked('late', 500, 'unhealthy')
  let isFirst = true
  shop.github.onRequest(async ({ path }) => {
    if (path !== '/graphql' || !isFirst) return
    isFirst = false
    await put(filesOf([late]))
  })
  await prune()
  expect(await incidents()).toContain('late')
  expect(await prune()).toEqual({ removed: 0, months: 0 })
})

test('two that prune at once end with the same history, and lose nothing', async () => {
  await put(filesOf(old))
  await Promise.allSettled([prune(), prune()])
  await prune()
  expect(await incidents()).toEqual(['bad', 'bad', 'hold', 'recent', 'recent', 'young'])
})

test('killed after any of its commits, the next run does the rest', async () => {
  const events = Array.from({ length: 40 }, (_, n) =>
    looked(`k${n}`, 120 + n * 10, n % 3 === 0 ? 'unhealthy' : 'healthy'),
  )
  const files = filesOf(events)
  const whole = planPrune(asStored(files), { before: new Date(now.getTime() - 400 * day), now })
  await put(files)
  await prune()
  const expected = await incidents()
  for (const stop of [0, 1, whole.steps.length - 1]) {
    // what a run leaves that ends after so many commits
    const left = new Map(files)
    for (const { additions, deletions } of whole.steps.slice(0, stop)) {
      for (const path of deletions) left.delete(path)
      for (const { path, text } of additions) left.set(path, text)
    }
    const rest = planPrune(asStored(left), { before: new Date(now.getTime() - 400 * day), now })
    expect(rest.steps).toEqual(whole.steps.slice(stop))
  }
  expect(expected.length).toBeGreaterThan(20)
})

test('10,000 files of years (connectedhomeip#72981) are planned in a second or two, a file a month', () => {
  const events = Array.from({ length: 10_000 }, (_, n) => looked(`y${n}`, 60 + (n % 800)))
  const { steps } = planPrune(asStored(filesOf(events)), { before: new Date(now.getTime() - 400 * day), now })
  expect(steps.reduce((sum, { removed }) => sum + removed, 0)).toBeGreaterThan(4_000)
  for (const { additions } of steps) expect(additions.length).toBeLessThanOrEqual(1)
})

test('less than 90 days is refused, before anything is read', async () => {
  const before = shop.github.requests.length
  await expect(prune(89)).rejects.toThrow('`retention-days` is 89; write at least 90')
  expect(shop.github.requests).toHaveLength(before)
})

function asStored(files: ReadonlyMap<string, string>) {
  return new Map(
    [...files].map(([path, text]) => [path, { text, bytes: Buffer.from(text), blob: '' }] as const),
  )
}

test('imported records of deployments are removed by age, and keep no old check from being removed', async () => {
  const recorded = (name: string, days: number) =>
    newEvent(
      {
        ...{ kind: 'deployment-recorded', outcome: 'succeeded', isRollback: false, imported: true },
        ...{ ...about(name, days), createdAt: at(days) },
      },
      ['imported'],
    )
  const bad = [looked('bad', 500, 'unhealthy'), recorded('bad', 501)]
  await put(
    filesOf([
      recorded('fine', 500),
      looked('fine', 500),
      recorded('young', 300),
      ...bad,
      looked('newest', 1),
    ]),
  )
  await prune()
  expect(await incidents()).toEqual(['bad', 'bad', 'newest', 'young'])
})
