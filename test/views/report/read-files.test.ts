/** 18, speed: a history is read from files in chunks, and each line is what it is through the API. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Event } from '../../../src/history/event.ts'
import { formatLines, parseLines } from '../../../src/history/history.ts'
import { readEventFiles } from '../../../src/views/report/read-files.ts'
import { Texts } from '../../../src/views/report/texts.ts'
import { generateHistory, randomOf } from '../../support/report-history.ts'

const file = 'v1/events/2026/2026-01/all.jsonl'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-files-'))
  mkdirSync(join(folder, 'v1/events/2026/2026-01'), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function read(content: string | Buffer) {
  writeFileSync(join(folder, file), content)
  const events: Event[] = []
  const unreadable = await readEventFiles(folder, (event) => events.push(event))
  return { events, unreadable }
}

const plan = { seed: 3, from: new Date('2026-01-01T00:00:00Z'), days: 20, deploymentsADay: 130 }

test('several chunks, line separators of Unicode in a text, a mark in front, odd lines and no last line end: as through the API', async () => {
  const { events } = generateHistory({ ...plan, text: ' größe 🦆 \u2028\u2029\u0085 \r' })
  const lines = events.map(
    (event, n) => `${formatLines([event], n)}${n % 50 === 0 ? 'odd\n\n \r\n{"kind":1}\n' : ''}`,
  )
  const text = `\ufeff${lines.join('').trimEnd()}`
  expect(Buffer.byteLength(text)).toBeGreaterThan(3 << 20)
  const { lines: expected, unreadable } = parseLines({ file, text })
  const seen = await read(text)
  expect(seen.unreadable).toEqual(unreadable)
  expect(seen.unreadable).toHaveLength(2 * Math.ceil(events.length / 50))
  expect(seen.events).toEqual(expected.map(({ event }) => event))
  expect(seen.events).toHaveLength(events.length)
})

test('a line that never ends is named, takes no more memory than 16 MB, and hides no other', async () => {
  const [first, second] = generateHistory(plan).events
  if (first === undefined || second === undefined) throw new Error('there are no events')
  const endless = Buffer.alloc(40 << 20, 'x')
  const content = [formatLines([first], 0), endless, `\n${formatLines([second], 1)}`, endless]
  expect(await read(Buffer.concat(content.map((each) => Buffer.from(each))))).toEqual({
    events: [first, second],
    unreadable: [2, 4].map((line) => ({ file, line, why: 'longer than 16 MB' })),
  })
})

test('texts by number: the same one for the same text, and each comes back as it was', () => {
  const random = randomOf(7)
  const letters = ['a', 'b', '\n', 'ü', 'ÿ', '🦆', '\ud800', '\u0000', '漢']
  const [texts, numbers] = [new Texts(), new Map<string, number>()]
  for (let n = 0; n < 20_000; n += 1) {
    const text = Array.from(
      { length: Math.floor(random() * 6) },
      () => letters[Math.floor(random() * letters.length)],
    ).join('')
    const number = texts.number(text)
    expect(number).toBe(numbers.get(text) ?? numbers.size)
    numbers.set(text, number)
  }
  // longer than a part of the memory, before and after short and empty ones
  for (const text of ['x'.repeat(300_000), 'short', '漢'.repeat(200_000), 'last', 'y'.repeat(1 << 18), 'z'])
    numbers.set(text, texts.number(text))
  const others = new Texts()
  expect([...['x'.repeat(300_000), '', 'a', ''].map((text) => others.number(text))]).toEqual([0, 1, 2, 1])
  expect([0, 1, 2].map((number) => others.text(number).length)).toEqual([300_000, 0, 1])
  for (const [text, number] of numbers) expect(texts.text(number)).toBe(text)
})
