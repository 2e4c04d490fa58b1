/** A file of flagd, changed on a real disk and evaluated by flagd's own evaluator. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openFlagd } from '../../../src/layers/flags/flagd.ts'
import { openFlagsLayer } from '../../../src/layers/flags/layer.ts'
import { onMachine } from '../../../src/rollback/open-flags.ts'

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

const write = (text: string) => writeFileSync(join(folder, 'flags.json'), text)
const read = () => readFileSync(join(folder, 'flags.json'), 'utf8')
const open = (disable: readonly string[] = ['checkout'], snapshot?: string) =>
  openFlagsLayer({
    open: async () => openFlagd(onMachine(folder, 'flags.json')),
    disable,
    only: [],
    findSnapshot: async () => ({
      name: 'a backup',
      foundBy: 'by its name',
      flags: new Map([['checkout', snapshot ?? flag()]]),
    }),
    keep: async () => undefined,
    earlier: undefined,
    log: () => {},
  })

describe('a flag is switched off', () => {
  test('by its state, and no other byte of the file changes', async () => {
    write(file())
    const plan = await open().plan()
    expect(plan.view.warnings.join()).toContain('the default in the code that asks decides')
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
      'has the flag "a" again',
    ],
    ['no JSON', '{ "flags": ', 'is not JSON'],
    ['no flags', '{}', 'has no object "flags"'],
  ])('%s', async (_, text, said) => {
    write(text)
    await expect(open().plan()).rejects.toThrow(said)
    expect(read()).toBe(text)
  })

  test('a file that is not there', async () => {
    await expect(open().plan()).rejects.toThrow('does not exist; correct the path')
  })
})
