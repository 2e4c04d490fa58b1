import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseDocument, visit } from 'yaml'
import { InputError } from '../../src/errors.ts'
import { parseConfig } from '../support/parse-config.ts'
import { example } from './example.ts'

const places = countPlaces()
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    '5m',
    '5%',
    'http',
    'prometheus',
    'main',
    '__proto__',
    -1,
    0,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    null,
    {},
    [],
  ),
)
const names = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'type', 'checks', 'env', '<<', 'token'),
)

test('a file with anything else in the place of a key or value parses, or is refused with a place', () => {
  const changes = fc.array(fc.record({ place: fc.nat(places - 1), name: names, value: values }), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(changes, (all) => {
      const document = parseDocument(example)
      for (const { place, name, value } of all) mutate({ document, place, name, value })
      expectAnswer(document.toString())
    }),
    { numRuns: 500 },
  )
})

test('a file with any piece cut out or put in parses, or is refused with a place', () => {
  const edit = fc.record({
    at: fc.nat(example.length),
    cut: fc.nat(30),
    put: fc.string({ maxLength: 5, unit: 'grapheme' }),
  })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce(
        (sofar, { at, cut, put }) => sofar.slice(0, at) + put + sofar.slice(at + cut),
        example,
      )
      expectAnswer(text)
    }),
    { numRuns: 1_000 },
  )
})

test('any text at all parses, or is refused with a place', () => {
  const unit = fc.constantFrom(
    'a',
    ':',
    ' ',
    '\n',
    '\t',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '-',
    '?',
    '|',
    '&a',
    '*a',
    '!',
    '#',
    '%',
    '---',
    '\r',
    '\u2028',
    '\0',
  )
  fc.assert(fc.property(fc.string({ unit, maxLength: 60 }), expectAnswer), { numRuns: 2_000 })
})

function expectAnswer(text: string): void {
  try {
    expect(parseConfig({ text, file: 'rollback.yml' })).toHaveProperty('health.checks')
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    const [, line, column] = /^rollback\.yml:(\d+):(\d+): ./.exec(String((error as Error).message)) ?? []
    const shown = text.replace(/^\ufeff/, '').split('\n')[Number(line) - 1]
    expect(Number(column)).toBeGreaterThanOrEqual(1)
    expect(Number(column)).toBeLessThanOrEqual((shown ?? '').length + 1)
  }
}

function countPlaces(): number {
  let count = 0
  visit(parseDocument(example), {
    Pair: () => {
      count += 1
    },
  })
  return count
}

/** Gives the pair of that number another key, or another value, or both. */
function mutate({
  document,
  place,
  name,
  value,
}: {
  readonly document: ReturnType<typeof parseDocument>
  readonly place: number
  readonly name: string
  readonly value: unknown
}): void {
  let at = 0
  visit(document, {
    Pair(_, pair) {
      if (at++ !== place) return
      if (place % 2 === 0) pair.key = document.createNode(name)
      pair.value = document.createNode(value)
      return visit.BREAK
    },
  })
}
