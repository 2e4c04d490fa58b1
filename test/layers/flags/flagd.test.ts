/** A file of flagd, changed on a real disk and evaluated by flagd's own evaluator. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openFlagd } from '../../../src/layers/flags/flagd.ts'
import { onMachine } from '../../../src/rollback/flag-file.ts'
import { openLayerOn } from '../../support/flags-layer.ts'

const targeting = `{ "if": [{ "in": ["@example.com", { "var": "email" }] }, "on", "off"] }`
const flag = (state = 'ENABLED') =>
  `{\n      "state": "${state}",\n      "variants": { "on": true, "off": false },\n      "defaultVariant": "on",\n      "targeting": ${targeting}\n    }`
const file = (checkout = flag(), search = flag()) =>
  `{\r\n  "flags": {\n    "checkout":   ${checkout},\n    "search": ${search}\n  }\n}\n`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flagd-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

let name: string
beforeEach(() => {
  name = 'flags.json'
})
const write = (text: string) => writeFileSync(join(folder, name), text)
const read = () => readFileSync(join(folder, name), 'utf8')
const open = (disable: readonly string[] = ['checkout'], snapshot?: string) =>
  openLayerOn(() => openFlagd(onMachine(folder, name)), {
    disable,
    findSnapshot: async () => ({
      name: 'a backup',
      foundBy: 'by its name',
      flags: new Map([['checkout', snapshot ?? flag()]]),
    }),
  })

describe('a flag is switched off', () => {
  test('by its state, and no other byte of the file changes', async () => {
    write(file())
    const plan = await open().plan()
    expect(plan.view.warnings.join()).toContain('clients use the default in their code')
    const receipt = await plan.apply()
    expect(read()).toBe(file(flag('DISABLED')))
    expect(receipt).toMatchObject({ outcome: 'rolled-back', verified: { ok: true } })
  })

  test('and undone exactly, with its targeting', async () => {
    write(file())
    const receipt = await (await open().plan()).apply()
    const said = await open().undo(receipt)
    expect(said).toContain('as before the rollback again')
    expect(read()).toBe(file())
    expect(await open().undo(receipt)).toContain('already')
  })

  test('once: one that is off is off already', async () => {
    write(file(flag('DISABLED')))
    const { view } = await open().plan()
    expect(view).toMatchObject({ state: 'nothing', left: 'checkout is off already' })
  })

  test('and not undone over what somebody changed since', async () => {
    write(file())
    const receipt = await (await open().plan()).apply()
    write(file(flag('DISABLED').replace('"on": true', '"on": "yes"')))
    await expect(open().undo(receipt)).rejects.toThrow('the flag checkout was changed after the rollback')
  })

  test('not when it changed since the plan (growthbook 6070): nobody is overwritten', async () => {
    write(file())
    const plan = await open().plan()
    const theirs = file(flag().replace('"defaultVariant": "on"', '"defaultVariant": "off"'))
    write(theirs)
    await expect(plan.apply()).rejects.toThrow('the flag checkout has changed since the plan was made')
    expect(read()).toBe(theirs)
  })

  test('while a change of another flag is no conflict, and is kept', async () => {
    write(file())
    const plan = await open().plan()
    write(file(flag(), flag('DISABLED')))
    await plan.apply()
    expect(read()).toBe(file(flag('DISABLED'), flag('DISABLED')))
  })

  test('a name that is not there is an error that lists those that are', async () => {
    write(file())
    await expect(open(['chekout']).plan()).rejects.toThrow('has "chekout", which flagd, flags.json in')
  })
})

describe('a flag is restored', () => {
  test('byte for byte, and the others stay as they are', async () => {
    const bad = flag().replace('@example.com', '')
    write(file(bad, flag('DISABLED')))
    const receipt = await (await open([]).plan()).apply()
    expect(read()).toBe(file(flag(), flag('DISABLED')))
    expect(receipt.verified).toMatchObject({ ok: true })
    expect((await open([]).plan()).view.state).toBe('nothing')
  })

  test('flags that were added since are left, and listed (growthbook 4227)', async () => {
    write(file(flag('DISABLED')))
    expect((await open([]).plan()).view.warnings).toContainEqual(
      expect.stringContaining('added since, and left as they are: search'),
    )
  })
})

describe('a file that flagd would not load is refused, and stays as it is', () => {
  test.each([
    [
      'a default that is no variant',
      file(flag().replace('"defaultVariant": "on"', '"defaultVariant": "maybe"')),
      'flagd cannot load',
    ],
    [
      'a flag that is there twice',
      `{ "flags": { "a": ${flag()}, "a": ${flag()} } }`,
      'sets "a" again, which line 1 sets already',
    ],
    ['no JSON', '{ "flags": ', 'is not JSON'],
    ['a state that flagd does not know', file(flag('ON')), 'flagd cannot load'],
    ['no flags', '{}', 'has no object "flags"'],
    ['a list of flags', '{ "flags": [] }', 'has a list "flags"'],
  ])('%s', async (_, text, said) => {
    write(text)
    await expect(open().plan()).rejects.toThrow(said)
    expect(read()).toBe(text)
  })

  test('a file that is not there', async () => {
    await expect(open().plan()).rejects.toThrow('does not exist; correct the path')
  })
})

test('a flag whose default is off and whose targeting is kept is still served on: only its state switches it off', async () => {
  const targeted = `{ "if": [true, "on", "off"] }`
  const kept = flag()
    .replace('"defaultVariant": "on"', '"defaultVariant": "off"')
    .replace(targeting, targeted)
  write(file(kept))
  const service = openFlagd(onMachine(folder, name))
  expect((await service.serve?.(['checkout']))?.get('checkout')).toEqual({
    value: 'on',
    reason: 'TARGETING_MATCH',
    isOff: false,
  })
  const plan = await open().plan()
  expect(plan.view.warnings).toContain(
    'flagd returns no value for a DISABLED flag: clients use the default in their code',
  )
  await plan.apply()
  expect(read()).toBe(file(kept.replace('ENABLED', 'DISABLED')))
  expect((await service.serve?.(['checkout']))?.get('checkout')).toEqual({
    value: 'off',
    reason: 'DISABLED',
    isOff: true,
  })
})

describe('a file is checked with the JSON Schema that flagd publishes', () => {
  const mixed = flag().replace('"off": false', '"off": "no"')

  test('what it does not allow is a warning with its place, as in flagd itself, and the flag is switched off', async () => {
    write(file(flag(), mixed))
    const plan = await open().plan()
    expect(plan.view.warnings.join('\n')).toMatch(
      /flags\.json in .* does not fit the JSON Schema of flagd: flags\.search\.variants\.off: .*"string" is invalid. Expected "boolean"/,
    )
    await plan.apply()
    expect(read()).toBe(file(flag('DISABLED'), mixed))
  })

  test('a definition that brings such a thing in is not restored', async () => {
    write(file())
    const before = read()
    const plan = await open([], mixed).plan()
    await expect(plan.apply()).rejects.toThrow(
      /would not fit the JSON Schema of flagd: flags\.checkout\.variants\.off: .*; nothing was changed/,
    )
    expect(read()).toBe(before)
  })

  test.each([
    ['unknown operator of a targeting', flag().replace('"if"', '"iff"'), /flags\.search\.targeting/],
    [
      'metadata',
      flag().replace('"variants"', '"metadata": { "owner": {} }, "variants"'),
      /flags\.search\.metadata\.owner/,
    ],
  ])('%s', async (_, search, said) => {
    write(file(flag(), search))
    const [first, ...more] = (await openFlagd(onMachine(folder, name)).problems?.()) ?? []
    expect(first).toMatch(said)
    expect(more).toEqual([])
  })

  test('its verdict is that of ajv, another validator', async () => {
    const { Ajv } = await import('ajv')
    const ajv = new Ajv({ strict: false })
    const schemas = new URL('../../../src/layers/flags/flagd-schemas/', import.meta.url)
    const [flags, more] = ['flags.json', 'targeting.json'].map((each): object =>
      JSON.parse(readFileSync(new URL(each, schemas), 'utf8')),
    )
    const validate = ajv.addSchema(more ?? {}).compile(flags ?? {})
    const { schemaProblems } = await import('../../../src/layers/flags/flagd-schema.ts')
    for (const [search, isValid] of [
      [flag(), true],
      [mixed, false],
      [flag().replace('"if"', '"iff"'), false],
      [flag('ON'), false],
      [flag().replace('"variants"', '"variant"'), false],
    ] as const) {
      const value: unknown = JSON.parse(file(flag(), search))
      expect([search, schemaProblems(value).length === 0]).toEqual([search, isValid])
      expect([search, validate(value)]).toEqual([search, isValid])
    }
  })
})

describe('a file in YAML', () => {
  beforeEach(() => {
    name = 'flags.flagd.yaml'
  })
  const definition = (state = 'ENABLED') =>
    `    state: ${state} # asked by the shop\n    variants:\n      on: true\n      off: false\n    defaultVariant: on\n    targeting: { if: [{ in: ["@example.com", { var: email }] }, on, off] }\n`
  const yaml = (state?: string, search = '{state: "ENABLED", variants: {a: 1}, defaultVariant: a}') =>
    `# flags of the shop\nflags:\n  checkout:\n${definition(state)}  search:   ${search}\n`

  test.each([
    ['LF', (text: string) => text],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
  ])('is switched off, evaluated and undone, and no other byte changes: %s', async (_, form) => {
    write(form(yaml()))
    const receipt = await (await open()).plan().then((plan) => plan.apply())
    expect(read()).toBe(form(yaml('DISABLED')))
    expect(receipt.verified).toMatchObject({ ok: true, evidence: expect.stringContaining('checkout as off') })
    expect(await open().undo(receipt)).toContain('as before the rollback again')
    expect(read()).toBe(form(yaml()))
  })

  test('is restored byte for byte from a backup', async () => {
    write(yaml())
    const state = (await openFlagd(onMachine(folder, name)).list()).get('checkout')?.state
    write(yaml().replace('@example.com', ''))
    await (await open([], state).plan()).apply()
    expect(read()).toBe(yaml())
  })

  test('a flag in flow style is switched off, too', async () => {
    write(yaml())
    await (await open(['search']).plan()).apply()
    expect(read()).toBe(yaml().replace('"ENABLED"', 'DISABLED'))
  })

  test('aliases and merge keys are resolved, and a flag that another one shares is not changed alone', async () => {
    const shared = `flags:\n  checkout: &base\n${definition()}  search: *base\n  third:\n    <<: *base\n    state: ENABLED\n`
    write(shared)
    await expect((await open().plan()).apply()).rejects.toThrow(
      /cannot be changed alone .*: search shares a part/,
    )
    await expect((await open(['search']).plan()).apply()).rejects.toThrow(
      'has no "state", so it cannot be changed alone',
    )
    expect(read()).toBe(shared)
    const receipt = await (await open(['third']).plan()).apply()
    expect(read()).toBe(shared.replace(/ENABLED\n$/, 'DISABLED\n'))
    await open().undo(receipt)
    const served = await openFlagd(onMachine(folder, name)).serve?.(['third'])
    expect(served?.get('third')).toMatchObject({ isOff: false })
  })

  test('a definition in another layout is refused, and the file stays', async () => {
    write(yaml())
    const state = (await openFlagd(onMachine(folder, name)).list()).get('checkout')?.state
    const other = yaml().replace(
      / {2}checkout:\n(?: {4}.*\n)+/,
      '  checkout: {state: ENABLED, variants: {on: true}, defaultVariant: on}\n',
    )
    write(other)
    await expect((await open([], state).plan()).apply()).rejects.toThrow(
      'its layout has changed; nothing was changed',
    )
    expect(read()).toBe(other)
  })

  test.each([
    [
      'a flag twice',
      yaml().replace('search:', 'checkout:'),
      /:10:3 sets "checkout" again, which line 3 sets already/,
    ],
    ['two documents', `${yaml()}---\nflags: {}\n`, /has 2 documents/],
    ['an empty flag', yaml(undefined, ''), /the flag "search" is empty|flagd cannot load/],
    ['a list', 'flags: []\n', /has a list "flags"/],
    [
      'aliases that make it huge',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\nflags: {}\n`,
      /cannot be read/,
    ],
  ])('%s is refused', async (_, text, said) => {
    write(text)
    await expect(open().plan()).rejects.toThrow(said)
    expect(read()).toBe(text)
  })
})
