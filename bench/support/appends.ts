import { openBranchHistory } from '../../src/history/branch-history.ts'
import { type Event, newEvent } from '../../src/history/event.ts'
import { fileOf, formatLines } from '../../src/history/history.ts'
import { openShop, type Shop } from '../../test/support/repository.ts'
import { slowDown } from './slow-api.ts'

const branch = 'rollback-history'
const appends = 25

/** What an append costs in a month that has 10 events, and in one that has 10,000. Time and bytes, as ratios. */
export async function measureAppends(say: (line: string) => void): Promise<Readonly<Record<string, number>>> {
  const [few, many] = [await openMonth(10), await openMonth(10_000)]
  try {
    // in turns, so that what else the machine does falls on both
    for (let n = -2; n < appends; n += 1) for (const each of [few, many]) await each.append(n)
    for (const { count, cost } of [few, many]) {
      const { ms, bytes, requests } = cost()
      say(`append to ${count} events: ${ms.toFixed(1)} ms, ${bytes} bytes, ${requests} requests`)
    }
    const [a, b] = [few.cost(), many.cost()]
    return {
      append_time_10000_to_10: Math.round((b.ms / a.ms) * 100) / 100,
      append_bytes_10000_to_10: Math.round((b.bytes / a.bytes) * 100) / 100,
      read_10000_requests: await many.readAll(),
    }
  } finally {
    await Promise.all([few.close(), many.close()])
  }
}

function eventOf(n: number): Event {
  const at = new Date(Date.UTC(2026, 10, 1) + n * 60_000).toISOString()
  const about = { incident: `production-${n}`, environment: 'production', revision: 'a'.repeat(40) }
  const what = { issue: n, url: `https://github.com/octo-org/shop/issues/${n}` }
  return newEvent({ kind: 'postmortem-opened', ...what, at, actor: 'grace', ...about }, [String(n)])
}

async function openMonth(count: number) {
  const shop = await openShop()
  await shop.commit({ 'README.md': '# Shop\n' })
  await fill(shop, count)
  const api = await slowDown(shop.github.apiUrl, 0)
  const repository = shop.open({}, { apiUrl: api.url })
  const history = openBranchHistory({ repository, branch })
  const times: number[] = []
  let before = 0
  return {
    count,
    async append(n: number) {
      if (n === 0) before = api.requests.length
      const from = performance.now()
      await history.append(eventOf(20_000 + n))
      if (n >= 0) times.push(performance.now() - from)
    },
    cost() {
      const own = api.requests.slice(before)
      return {
        ms: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN,
        bytes: Math.round(own.reduce((sum, { bytes }) => sum + bytes, 0) / appends),
        requests: own.length / appends,
      }
    },
    async readAll() {
      const from = api.requests.length
      const { events } = await openBranchHistory({ repository, branch }).read()
      if (events.length !== count + appends + 2) throw new Error(`${events.length} events were read`)
      const requests = api.requests.length - from
      before = Math.min(before, from)
      return requests
    },
    async close() {
      await api.stop()
      await shop.close()
    },
  }
}

/** Makes the history in one stream, as an importer does, with the files that appends and compactions leave. */
async function fill({ hosted }: Shop, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => eventOf(n))
  const small = events.slice(-99).map((event) => [fileOf([event]), [event]] as const)
  const merged = Array.from({ length: Math.ceil((count - small.length) / 100) }, (_, n) => {
    const own = events.slice(0, -99).slice(n * 100, (n + 1) * 100)
    return [`v1/events/2026/2026-11/merged-${String(n).padStart(24, '0')}.jsonl`, own] as const
  })
  const files = [...merged, ...small].map(([path, own]) => {
    const text = formatLines(own, 0)
    return `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`
  })
  const head = `commit refs/heads/${branch}\ncommitter Ada <ada@example.com> 1900000000 +0000\ndata 1\nx\n`
  await hosted.git.git(['fast-import', '--quiet'], { input: Buffer.from(`${head}${files.join('')}`) })
}
