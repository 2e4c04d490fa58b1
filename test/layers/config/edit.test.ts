/** One key goes back, and only its bytes change. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { InputError } from '../../../src/errors.ts'
import type { Format } from '../../../src/layers/config/document.ts'
import { restoreKeys } from '../../../src/layers/config/edit.ts'

function back(format: Format, current: string, target: string, ...keys: string[]): string {
  const file = format === 'env' ? '.env' : `app.${format}`
  const options = { file, format, current: Buffer.from(current), target: Buffer.from(target) }
  return restoreKeys(options, keys).toString()
}

describe('JSON', () => {
  test('a value goes back, with the bytes it had', () => {
    expect(back('json', '{\r\n  "a": 2,\r\n  "b":   [1]\r\n}', '{"a": 1.0, "b": []}', 'a')).toBe(
      '{\r\n  "a": 1.0,\r\n  "b":   [1]\r\n}',
    )
  })

  test('a byte order mark stays', () => {
    expect(back('json', '\ufeff{"a": 2}', '{"a": 1}', 'a')).toBe('\ufeff{"a": 1}')
  })

  test('a key that was added goes, and the comments of its neighbours stay', () => {
    const now = '{\n  // of a\n  "a": 1,\n  // of b\n  "b": 2,\n  // of c\n  "c": 3\n}'
    expect(back('jsonc', now, '{"a": 1, "c": 3}', 'b')).toBe(
      '{\n  // of a\n  "a": 1,\n  // of b\n  // of c\n  "c": 3\n}',
    )
    expect(back('jsonc', now, '{"a": 1, "b": 2}', 'c')).toBe(
      '{\n  // of a\n  "a": 1,\n  // of b\n  "b": 2\n  // of c\n}',
    )
  })

  test('a key that was removed comes back', () => {
    expect(back('json', '{\n  "a": 1\n}', '{"a": 1, "b": {"x": 12345678901234567890}}', 'b')).toBe(
      '{\n  "a": 1,\n  "b": {"x": 12345678901234567890}\n}',
    )
  })

  test('an item of a list goes back', () => {
    expect(back('json', '{"a": [1, 5, 3]}', '{"a": [1, 2, 3]}', 'a[1]')).toBe('{"a": [1, 2, 3]}')
  })
})

describe('YAML', () => {
  const layout =
    '# top\nserver:   {port: 8080}   # flow\napi:\n    baseUrl: "https://bad"   # quoted\n    retries:  3\n'

  test('a value goes back, and nothing of the layout changes', () => {
    expect(back('yaml', layout, 'api: {baseUrl: https://good}', 'api.baseUrl')).toBe(
      layout.replace('"https://bad"', 'https://good'),
    )
  })

  test('a key that was added goes, with its line', () => {
    expect(
      back('yaml', layout, 'server: {port: 8080}\napi:\n    baseUrl: "https://bad"\n', 'api.retries'),
    ).toBe(layout.replace('    retries:  3\n', ''))
  })

  test('a key that was removed comes back at the end of its mapping', () => {
    expect(back('yaml', 'api:\n  a: 1\nlog: x\n', 'api:\n  a: 1\n  b: 2 # two\nlog: x\n', 'api.b')).toBe(
      'api:\n  a: 1\n  b: 2 # two\nlog: x\n',
    )
  })

  test('what cannot go back alone is refused, and says what to do', () => {
    expect(() => back('yaml', 'a: &x 1\nb: *x\n', 'a: 2\nb: 2\n', 'b.c')).toThrow('write a key it has')
    expect(() => back('yaml', 'a:\n    b: 1\n', 'a:\n  - 1\n  - 2\n', 'a')).toThrow('restore the whole file')
  })
})

describe('.env and .properties', () => {
  test('a setting goes back, with the lines it takes up', () => {
    expect(back('env', '# c\r\nA=1\r\nB="x\r\ny"\r\nC=3\r\n', 'A=1\nB=plain\nC=3\n', 'B')).toBe(
      '# c\r\nA=1\r\nB=plain\r\nC=3\r\n',
    )
    expect(back('properties', 'db.url=bad\ndb.user = me\n', 'db.url = \\\n  good\n', 'db.url')).toBe(
      'db.url = \\\n  good\ndb.user = me\n',
    )
  })

  test('a setting that was removed comes back behind the one it followed', () => {
    expect(back('env', 'A=1\nC=3', 'A=1\nB=2\nC=3\n', 'B')).toBe('A=1\nB=2\nC=3')
  })
})

describe('TOML', () => {
  const good =
    'title = "shop"\n\n# where it is\n[api]\nbaseUrl = "https://good" # live\nhosts = [\n  "a",\n  "b",\n]\n'
  const bad =
    'title = "shop"\n\n# where it is\n[api]\nbaseUrl = "https://bad"\nhosts = ["c"]\nnew = 1 # theirs\n[other]\nbaseUrl = "x"\n'

  test('a value goes back, with the lines it had, and no other byte changes', () => {
    expect(back('toml', bad, good, 'api.baseUrl')).toBe(
      bad.replace('baseUrl = "https://bad"', 'baseUrl = "https://good" # live'),
    )
    expect(back('toml', bad, good, 'api.hosts')).toBe(
      bad.replace('hosts = ["c"]', 'hosts = [\n  "a",\n  "b",\n]'),
    )
  })

  test('a key that was added goes, and one that was removed comes back in its table', () => {
    expect(back('toml', bad, good, 'api.new')).toBe(bad.replace('new = 1 # theirs\n', ''))
    expect(back('toml', bad.replace('hosts = ["c"]\n', ''), good, 'api.hosts')).toContain(
      'new = 1 # theirs\nhosts = [\n  "a",\n  "b",\n]\n[other]',
    )
  })

  const withoutTable = 'title = "shop" # ours\n[other]\nbaseUrl = "x"\n'

  test.each(['\n', '\r\n'])(
    'a key whose table was removed comes back with the table, and nothing else (%j)',
    (ending) => {
      const now = withoutTable.replaceAll('\n', ending)
      expect(back('toml', now, good.replaceAll('\n', ending), 'api.baseUrl')).toBe(
        `${now}\n[api]\nbaseUrl = "https://good" # live\n`.replaceAll(/\r?\n/g, ending),
      )
      // then a second key of it, behind the first
      expect(back('toml', now, good.replaceAll('\n', ending), 'api.baseUrl', 'api.hosts')).toBe(
        `${now}\n[api]\nbaseUrl = "https://good" # live\nhosts = [\n  "a",\n  "b",\n]\n`.replaceAll(
          /\r?\n/g,
          ending,
        ),
      )
    },
  )

  test('a key comes back into a table that is there and empty, that is nested, and into a text without a last line break', () => {
    expect(back('toml', '[api]\n[other]\nx = 1\n', good, 'api.baseUrl')).toBe(
      '[api]\nbaseUrl = "https://good" # live\n[other]\nx = 1\n',
    )
    expect(back('toml', 'a = 1', '[b.c."d.e"]\nf = 2\ng = 3\n', 'b.c["d.e"].f')).toBe(
      'a = 1\n\n[b.c."d.e"]\nf = 2\n',
    )
    expect(back('toml', '# nothing\n[b]\n', 'a = 1\n[b]\n', 'a')).toBe('a = 1\n# nothing\n[b]\n')
    expect(back('toml', '', good, 'api.baseUrl')).toBe('[api]\nbaseUrl = "https://good" # live\n')
  })

  test('a whole table that was removed comes back with those below it, and one that was added goes', () => {
    const target = `${good}[api.limits]\nrate = 1\n[rest]\nz = 1\n`
    expect(back('toml', withoutTable, target, 'api')).toBe(
      `${withoutTable}\n[api]\nbaseUrl = "https://good" # live\nhosts = [\n  "a",\n  "b",\n]\n\n[api.limits]\nrate = 1\n`,
    )
    expect(back('toml', bad, good, 'other')).toBe(bad.replace('[other]\nbaseUrl = "x"\n', ''))
  })

  test('a key of a list of tables cannot go back alone', () => {
    expect(() => back('toml', '[[a]]\nb = 1\n', '[[a]]\nb = 2\n', 'a[0].b')).toThrow(
      'cannot be restored alone',
    )
  })
})

describe('a key whose mapping was removed comes back with it, and nothing else', () => {
  test('in JSON', () => {
    const result = back(
      'json',
      '{\n  "a": 1\n}\n',
      '{"api": {"url": {"base": "x", "path": "y"}, "z": 1}}',
      'api.url.base',
    )
    expect(result).toContain('{\n  "a": 1,\n  "api": ')
    expect(JSON.parse(result)).toEqual({ a: 1, api: { url: { base: 'x' } } })
  })

  test('in YAML', () => {
    const target = 'b: 1\napi: # of the shop\n    url:\n        base: x # said\n        path: y\n    z: 1\n'
    expect(back('yaml', '# top\na: 1 # one\n', target, 'api.url.base')).toBe(
      '# top\na: 1 # one\napi: # of the shop\n    url:\n        base: x # said\n',
    )
    expect(() => back('yaml', 'a: 1\n', 'api: { base: x, z: 1 }\n', 'api.base')).toThrow(
      'cannot be restored alone',
    )
  })
})

test('a key that neither version has is an error that names it', () => {
  expect(() => back('json', '{"a": 1}', '{"a": 2}', 'api.baseurl')).toThrow('"api.baseurl"')
})

const scalar = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.string({ unit: 'grapheme' }))
const tree = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,4}$/),
  fc.oneof(scalar, fc.array(scalar, { maxLength: 4 })),
  { minKeys: 1 },
)

/** What a document should say once one of its keys is that of another one. */
function withKey(
  now: Readonly<Record<string, unknown>>,
  good: Readonly<Record<string, unknown>>,
  pick: number,
) {
  const keys = [...new Set([...Object.keys(now), ...Object.keys(good)])]
  const key = keys[pick % keys.length] ?? ''
  const { [key]: _, ...others } = now
  return { key, wanted: Object.hasOwn(good, key) ? { ...others, [key]: good[key] } : others }
}

test('one key of any JSON document goes back, and no other changes', () => {
  fc.assert(
    fc.property(tree, tree, fc.nat(), (now, good, pick) => {
      const { key, wanted } = withKey(now, good, pick)
      const result = back('json', JSON.stringify(now, null, 1), JSON.stringify(good), key)
      expect(JSON.parse(result)).toEqual(wanted)
    }),
    { numRuns: 300 },
  )
})

test('one key of any YAML document goes back, and no other changes, or it is refused', () => {
  let refused = 0
  fc.assert(
    fc.property(tree, tree, fc.nat(), (now, good, pick) => {
      const { key, wanted } = withKey(now, good, pick)
      try {
        const result = back('yaml', stringify(now), stringify(good), key)
        expect(parse(result) ?? {}).toEqual(wanted)
      } catch (error) {
        if (!(error instanceof InputError)) throw error
        refused++
      }
    }),
    { numRuns: 300 },
  )
  expect(refused).toBeLessThan(30)
})

/** What stands between the start and the end that two texts have in common, of each. */
function between(before: string, after: string): readonly [string, string] {
  let start = 0
  while (start < before.length && before[start] === after[start]) start++
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end++
  return [before.slice(start, before.length - end), after.slice(start, after.length - end)]
}

const values = {
  env: ['', '1', '"x\ny"', "'a # b'", 'v # said', '"q \\" w"'],
  properties: ['1', 'a\\\n  b', '\\u00e9', 'a=b', '# no comment'],
  toml: ['1', "'no # comment'", '[\n  "a", # one\n]', '"""\nx = 1\n[t]\n"""', '{ a = 1 }', '0xff # said'],
} as const

test.each([
  ['env', '\n'],
  ['env', '\r\n'],
  ['properties', '\n'],
  ['properties', '\r\n'],
  ['toml', '\n'],
  ['toml', '\r\n'],
] as const)(
  'one key of any %s file goes back, and only the bytes of its lines change (%j)',
  (format, ending) => {
    const entry = fc.record({
      key: fc.stringMatching(/^[a-z]{1,2}$/),
      value: fc.constantFrom(...values[format]),
      before: fc.constantFrom('', '\n', '# of a colleague = [x]\n'),
    })
    const file = fc.uniqueArray(entry, { selector: ({ key }) => key, minLength: 1, maxLength: 6 })
    const own = ({ key, value }: { readonly key: string; readonly value: string }) =>
      `${key} = ${value}\n`.replaceAll('\n', ending)
    const write = (entries: readonly { key: string; value: string; before: string }[]) =>
      entries.map((each) => each.before.replaceAll('\n', ending) + own(each)).join('')
    fc.assert(
      fc.property(file, file, fc.nat(), (now, good, pick) => {
        const keys = [...now, ...good].map(({ key }) => key)
        const key = keys[pick % keys.length] ?? ''
        const [mine, wanted] = [now, good].map((entries) => entries.find((each) => each.key === key))
        const result = back(format, write(now), write(good), key)
        const [gone, came] = between(write(now), result)
        expect(gone.length).toBeLessThanOrEqual(mine === undefined ? 0 : own(mine).length)
        expect(came.length).toBeLessThanOrEqual(wanted === undefined ? 0 : own(wanted).length)
        if (wanted !== undefined) expect(result).toContain(own(wanted))
      }),
      { numRuns: 200 },
    )
  },
)
