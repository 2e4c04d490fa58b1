import { describe, expect, test } from '@jest/globals'
import { compareValues } from '../../../src/layers/config/compare.ts'
import { type Format, readDocument } from '../../../src/layers/config/document.ts'
import { maskChange } from '../../../src/layers/config/mask.ts'

function diff(format: Format, before: string, after: string, known: readonly string[] = []) {
  const read = (text: string) => readDocument(`app.${format}`, format, Buffer.from(text))
  const rules = { known, writeOnly: new Set(['smtp.pin']) }
  return compareValues(read(before), read(after)).map((change) => {
    const { kind, path, before: from, after: to } = maskChange(change, rules)
    return [kind, path, from, to].filter((each) => each !== undefined).join(' ')
  })
}

describe('what is different', () => {
  test('is told with its path', () => {
    expect(diff('json', '{"a": {"b": 1, "x": 1}}', '{"a": {"b": 2, "c.d": 3}}')).toEqual([
      'changed a.b 1 2',
      'removed a.x 1',
      'added a["c.d"] 3',
    ])
  })

  test('an item inserted at the front of a list is one addition', () => {
    expect(diff('json', '{"a": [1, 2, 3]}', '{"a": [0, 1, 2, 3]}')).toEqual(['added a[0] 0'])
    expect(
      diff(
        'yaml',
        'a: [{name: x, v: 1}, {name: y, v: 2}]',
        'a: [{name: n, v: 0}, {name: x, v: 1}, {name: y, v: 3}]',
      ),
    ).toEqual(['added a[0] {"name": "n", "v": 0}', 'changed a[2].v 2 3'])
  })

  test('a number that looks like a string is another value', () => {
    expect(diff('yaml', 'a: 1', 'a: "1"')).toEqual(['changed a 1 "1"'])
  })

  test('integers over 2^53 are not rounded', () => {
    expect(diff('json', '{"a": 9007199254740992}', '{"a": 9007199254740993}')).toEqual([
      'changed a 9007199254740992 9007199254740993',
    ])
    expect(diff('toml', 'a = 9223372036854775806', 'a = 9223372036854775807')).toHaveLength(1)
  })

  test('the order of keys and the layout are no difference', () => {
    expect(diff('yaml', 'a: 1\nb: 2\n', '{b: 2, "a": 1}')).toEqual([])
  })

  test('__proto__ is a key like any other', () => {
    expect(diff('json', '{}', '{"__proto__": {"x": 1}}')).toEqual(['added __proto__ {"x": 1}'])
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  test('two lists of ten thousand items are compared', () => {
    const items = Array.from({ length: 10_000 }, (_, index) => index)
    expect(diff('json', JSON.stringify(items), JSON.stringify([-1, ...items]))).toEqual(['added [0] -1'])
  })
})

describe('a secret is not shown', () => {
  test.each([
    ['by its key', '{"db": {"password": "hunter2"}}', '{"db": {"password": "swordfish"}}'],
    ['by its shape, on both sides', '{"a": "x"}', '{"a": "ghp_0123456789abcdefghij0123"}'],
    ['by its schema', '{"smtp": {"pin": 1234}}', '{"smtp": {"pin": 9999}}'],
    ['that is known', '{"a": "hunter2 is it"}', '{"a": "swordfish"}'],
    ['in an address', '{"a": "postgres://me:hunter2@db/x"}', '{"a": "postgres://me:swordfish@db/x"}'],
    ['inside of what was added', '{}', '{"x": {"y": {"api-key": "swordfish"}}}'],
  ])('%s', (_, before, after) => {
    const [line = '', ...more] = diff('json', before, after, ['hunter2'])
    expect(more).toEqual([])
    expect(line).toContain('***')
    expect(line).not.toMatch(/hunter2|swordfish|ghp_|1234|9999/)
  })
})

describe('a file that is malformed is refused with its line', () => {
  test.each<[Format, string, string]>([
    ['json', '{"a": 1,\n "a": 2}', 'app.json:2:2 sets "a" again, which line 1 sets already'],
    ['json', '{"a": 1,}', 'app.json:1:9 is not JSON here'],
    ['jsonc', '{"a" 1}', 'app.jsonc:1:6 is not JSON here: colon expected'],
    [
      'yaml',
      'a: 1\nb: 2\na: 3\n',
      'app.yaml:3:1 sets "a" again, which line 1 sets already; keep one of them',
    ],
    ['yaml', 'a: [1\nb: 2', 'app.yaml:2:'],
    ['yaml', 'x:\n  - a: 1\n    a: 2\n', 'app.yaml:3:5 sets "a" again, which line 2 sets already'],
    ['toml', 'a = 1\na = 2\n', 'sets "a" again, which line 1 sets already'],
    ['toml', '[x]\na = 1\n[y]\na = 1\n[x]\n', 'sets "x" again, which line 1 sets already'],
    ['toml', 'a = [\n', 'app.toml:'],
    ['env', 'A=1\nB=2\nA=3\n', 'app.env:3:1 sets "A" again, which line 1 sets already'],
    ['env', 'A=1\nnonsense\n', 'app.env:2:1 is not NAME=value'],
    ['env', 'A="never closed\n', 'app.env:1:1 opens a " that is never closed'],
    ['properties', 'a=1\na: 2\n', 'app.properties:2:1 sets "a" again, which line 1 sets already'],
  ])('%s: %s', (format, text, message) => {
    expect(() => diff(format, text, text)).toThrow(message)
  })

  test('aliases that make a small file huge are refused at once', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg'].map((pair) => [...pair]))
      bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${of}`).join(', ')}]`)
    expect(() => diff('yaml', bomb.join('\n'), '')).toThrow(/more than 1000000 values/)
  })

  test('anchors and aliases are what they stand for', () => {
    const text = 'base: &base { host: good }\nlive: *base\n'
    expect(diff('yaml', text, text.replace('good', 'bad'))).toEqual([
      'changed base.host "good" "bad"',
      'changed live.host "good" "bad"',
    ])
  })

  test('a file of 10 MB is compared within seconds', () => {
    const items = Array.from(
      { length: 150_000 },
      (_, index) => `{"id": ${index}, "value": "${'x'.repeat(40)}"}`,
    )
    const before = `[${items.join(',')}]`
    expect(before.length).toBeGreaterThan(9_000_000)
    expect(diff('json', before, before.replace('"id": 5,', '"id": -5,'))).toHaveLength(2)
  })

  test('what is no UTF-8 is refused', () => {
    expect(() => readDocument('a.json', 'json', Buffer.from([0x7b, 0xff, 0x7d]))).toThrow('not UTF-8 text')
  })
})
