/** 18, speed: the quick check of a line and the full parser say the same of every line, whatever is in it. */
import { expect, test } from '@jest/globals'
import { z } from 'zod'
import { eventSchema } from '../../src/history/event.ts'
import { parseLine } from '../../src/history/history.ts'
import { compileCheck } from '../../src/history/quick-check.ts'
import { randomOf } from '../support/report-history.ts'

type Json = z.core.JSONSchema.JSONSchema
const random = randomOf(18)
const upTo = (most: number) => Math.floor(random() * most)
const pick = <T>(among: readonly T[]): T | undefined => among[upTo(among.length)]

const texts: Readonly<Record<string, () => string>> = {
  '^[0-9a-f]{24}$': () => String(upTo(1e9)).padStart(24, 'a'),
  '^[0-9a-f]{40}(?:[0-9a-f]{24})?$': () => String(upTo(1e9)).padStart(pick([40, 64]) ?? 40, 'b'),
}

/** A value that a JSON Schema accepts. */
function make(schema: Json): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return pick(schema.enum)
  if (schema.anyOf) return make(pick(schema.anyOf) ?? {})
  if (schema.type === 'array') return Array.from({ length: upTo(3) }, () => make(ofSchema(schema.items)))
  if (schema.type === 'boolean') return random() < 0.5
  if (schema.type === 'integer') return upTo(100) + 2
  if (schema.type === 'number') return random() * 1000
  if (schema.format === 'date-time') return new Date(1.7e12 + upTo(1e11)).toISOString()
  if (schema.type === 'string') return (texts[schema.pattern ?? ''] ?? (() => `a${upTo(9)} "ü\u2028`))()
  const { properties = {}, required = [], additionalProperties } = schema
  const own = Object.entries(properties)
    .filter(([key]) => required.includes(key) || random() < 0.5)
    .map(([key, value]) => [key, make(ofSchema(value))])
  const more = additionalProperties ? [['other', make(ofSchema(additionalProperties))]] : []
  return Object.fromEntries([...own, ...more])
}

/** A part of a JSON Schema can be `true`, and be absent. */
function ofSchema(schema: unknown): Json {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema) ? { ...schema } : {}
}

const odd: readonly unknown[] = [
  ...[
    null,
    '',
    0,
    -1,
    1.5,
    1e308,
    true,
    [],
    {},
    [[]],
    'x',
    '2026-02-30T00:00:00.000Z',
    '2026-11-24T03:00:00Z',
  ],
  ...['2026-11-31T00:00:00.000Z', '2028-02-29T00:00:00.000Z', '2026-11-24T03:00:00+01:00', 'ABCDEF', 2 ** 53],
  ...['a'.repeat(25), 'b'.repeat(41), '2026-11-24T24:00:00.000Z', 'constructor', { length: 1 }],
]

/** Changes one thing anywhere in a value: another value, a key less or a key more. */
function spoil(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.1) return pick(odd)
  if (Array.isArray(value)) {
    const place = upTo(value.length)
    return value.length === 0 ? [pick(odd)] : value.map((each, n) => (n === place ? spoil(each) : each))
  }
  const entries = Object.entries(value)
  const place = upTo(entries.length)
  const how = upTo(5)
  if (how === 0) return Object.fromEntries(entries.filter((_, n) => n !== place))
  // what a reader of JSON makes of such a key is a key of its own
  if (how === 1)
    return JSON.parse(JSON.stringify(value).replace(/^\{/, '{"__proto__": 1,').replace(',}', '}'))
  if (how === 2) return { ...value, [pick(['extra', 'order', 'toString', 'length']) ?? '']: pick(odd) }
  return Object.fromEntries(entries.map(([key, each], n) => [key, n === place ? spoil(each) : each]))
}

/** The full parser alone. */
function parseInFull(line: string): unknown {
  const json = JSON.parse(line)
  const parsed = eventSchema.safeParse(json)
  if (!parsed.success) return 'not an event'
  return { event: parsed.data, order: z.object({ order: z.number().catch(0) }).parse(json).order, text: line }
}

const kinds = ofSchema(z.toJSONSchema(eventSchema, { io: 'input' })).oneOf ?? []

test('the quick way and the full parser read the same of 6,000 lines of every kind, half of them spoiled', () => {
  expect(kinds).toHaveLength(eventSchema.options.length)
  const seen = { whole: 0, spoiled: 0, refused: 0 }
  for (let n = 0; n < 6_000; n += 1) {
    const made = make(ofSchema(kinds[n % kinds.length]))
    const event = random() < 0.5 ? made : spoil(made)
    const line = JSON.stringify(random() < 0.5 && typeof event === 'object' ? { ...event, order: n } : event)
    const expected = parseInFull(line)
    const read = parseLine(line)
    if (expected === 'not an event') {
      expect({ line, read }).toEqual({ line, read: expect.stringMatching(/^not an event of this version: /) })
      seen.refused += 1
    } else {
      expect(read).toEqual(expected)
      seen[event === made ? 'whole' : 'spoiled'] += 1
    }
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(100)
})

test('the quick way is taken for each kind of event as it is written', () => {
  const isAsWritten = compileCheck(eventSchema, ['order'])
  for (const kind of kinds) {
    const event = JSON.parse(JSON.stringify(make(ofSchema(kind))))
    expect({ event, isAsWritten: isAsWritten({ ...event, order: 1 }) }).toEqual({ event, isAsWritten: true })
    expect(isAsWritten({ ...event, orders: 1 })).toBe(false)
  }
})

test('a schema that changes what it reads, or wants more, is asked itself', () => {
  const upper = compileCheck(z.object({ a: z.string().toUpperCase(), b: z.number().min(5).optional() }))
  expect([{ a: 'A' }, { a: 'a' }, { a: 'A', b: 4 }, { a: 'A', b: 5 }].map((each) => upper(each))).toEqual([
    true,
    false,
    false,
    true,
  ])
  const list = compileCheck(z.object({ list: z.array(z.string()).min(1) }))
  expect([{ list: [] }, { list: ['a'] }].map((each) => list(each))).toEqual([false, false])
  const refined = compileCheck(z.object({ a: z.string() }).refine(({ a }) => a === 'x'))
  expect(refined({ a: 'y' })).toBe(false)
})
