import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Event, newEvent } from '../../src/history/event.ts'
import { openFileHistory } from '../../src/history/file-history.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'history-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function opened(issue: number, at = '2026-11-24T03:00:00.000Z'): Event {
  const draft = {
    incident: 'production-abc',
    environment: 'production',
    revision: 'a'.repeat(40),
    actor: 'grace',
    url: 'https://x/1',
  }
  return newEvent({ kind: 'postmortem-opened', at, issue, ...draft }, [String(issue)])
}

describe('a history in a folder', () => {
  test('gives back what was appended, oldest first, across months', async () => {
    const history = openFileHistory({ directory })
    await history.append(opened(2, '2026-11-01T00:00:00.000Z'))
    await history.append(opened(1, '2026-10-31T23:59:59.000Z'))
    const { events, unreadable } = await history.read()
    expect(events).toEqual([opened(1, '2026-10-31T23:59:59.000Z'), opened(2, '2026-11-01T00:00:00.000Z')])
    expect(unreadable).toEqual([])
    expect(await readdir(join(directory, 'v1/events/2026'))).toEqual(['2026-10.jsonl', '2026-11.jsonl'])
  })

  test('holds an event once, however often it is appended and whenever it is seen again', async () => {
    const history = openFileHistory({ directory })
    expect(await history.append(opened(1))).toBe('appended')
    expect(await history.append(opened(1, '2026-11-24T04:00:00.000Z'))).toBe('already-there')
    await history.append(opened(1, '2026-12-01T00:00:00.000Z'))
    expect((await history.read()).events).toEqual([opened(1)])
  })

  test('reads since a time', async () => {
    const history = openFileHistory({ directory })
    for (const day of ['2026-09-01', '2026-10-15', '2026-11-20'])
      await history.append(opened(Number(day.slice(8)), `${day}T00:00:00.000Z`))
    const { events } = await history.read({ since: new Date('2026-10-15T00:00:00.000Z') })
    expect(events.map(({ at }) => at.slice(0, 10))).toEqual(['2026-10-15', '2026-11-20'])
  })

  test('reports a damaged line, keeps its bytes, and goes on', async () => {
    const history = openFileHistory({ directory })
    await history.append(opened(1))
    const file = join(directory, 'v1/events/2026/2026-11.jsonl')
    await appendFile(file, '{"schema":1,"kind":"from-the-future"}\n{"cut o')
    await history.append(opened(2))
    const { events, unreadable } = await history.read()
    expect(events.map((event) => event.kind === 'postmortem-opened' && event.issue)).toEqual([1, 2])
    expect(unreadable.map(({ line, why }) => [line, why.split(':')[0]])).toEqual([
      [2, 'not an event of this version'],
      [3, 'not JSON'],
    ])
    expect(await readFile(file, 'utf8')).toContain('{"cut o\n')
  })

  test('loses no event of many writers at once, and has each once', async () => {
    const history = openFileHistory({ directory })
    await history.append(opened(0))
    const numbers = Array.from({ length: 12 }, (_, n) => n + 1)
    const add = (n: number) => openFileHistory({ directory }).append(opened(n))
    await Promise.all([...numbers, ...numbers].map(add))
    expect((await history.read()).events).toHaveLength(13)
  })
})
