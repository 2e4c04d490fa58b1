/** Names of backups and of their parts become paths and keys: none of them leaves the place where backups are kept. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { InputError, RefusedError } from '../../../src/errors.ts'
import { chooseBackup, readBackup, readCatalog } from '../../../src/layers/database/catalog.ts'
import {
  type Manifest,
  newBackupName,
  parseBackupName,
  readManifest,
  writeManifest,
} from '../../../src/layers/database/manifest.ts'
import { applyRetention } from '../../../src/layers/database/retention.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { manifestFile } from '../../../src/layers/database/store/store.ts'

const hostile = [
  '',
  '.',
  '..',
  '../outside',
  '../../etc/passwd',
  'a/../../outside',
  'a/b',
  '/etc/passwd',
  './a',
  '..\\outside',
  'C:\\outside',
  'a..b',
  '....//outside',
  '%2e%2e%2foutside',
  '..%2foutside',
  '\u2025/outside',
  '\uff0e\uff0e\uff0foutside',
  'a\0',
  'a\n',
  'a\r\n..',
  '\n../outside',
  ' a',
  'a ',
  '~',
  '-rf',
  '.hidden',
  '_a',
  '$HOME',
  '*',
  'ä',
  'a:b',
  'x'.repeat(101),
]

let root: string
let folder: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'manifest-'))
  folder = join(root, 'backups')
  await mkdir(folder)
})
afterEach(() => rm(root, { recursive: true, force: true }))

const name = newBackupName(new Date(), 'a'.repeat(40))
const manifest: Manifest = {
  format: 3,
  name,
  engine: 'sqlite',
  database: 'app',
  source: 's',
  server: '',
  tool: '',
  environment: 'production',
  before: 'a'.repeat(40),
  createdAt: new Date().toISOString(),
  pinned: false,
  encrypted: false,
  compression: 'zstd',
  contents: { tables: [], schema: '0'.repeat(64) },
  migrations: [],
  parts: [{ name: 'part', size: 1, sha256: '0'.repeat(64), plainSize: 1 }],
  verification: { level: 'checksums', at: new Date().toISOString() },
}
/** As somebody writes it who can write to the storage: with the digest that fits. */
const forge = (changed: object) => {
  const text = JSON.stringify({ ...manifest, ...changed })
  return JSON.stringify({
    sha256: createHash('sha256').update(text).digest('hex'),
    manifest: JSON.parse(text),
  })
}

test('a name that is made is one that is read', () => {
  expect(parseBackupName(name)).toBe(name)
  expect(readManifest(writeManifest(manifest), name)).toEqual(manifest)
  // what is refused below is the name alone
  expect(readManifest(forge({}), name)).toEqual(manifest)
})

describe('a manifest of', () => {
  const older =
    'and this version of the actions reads format 3: restore it with the version that made it, and make a new backup with this one'
  const newer = 'and this version of the actions reads format 3: use the version that made it, or a newer one'
  const none = `backup ${name} is damaged: its manifest has no format version`
  test.each<[string, object, string]>([
    [
      'the time before there were versions is refused as an older one',
      { format: undefined, schema: 1 },
      `backup ${name} has no format version, ${older}`,
    ],
    ['an older format is refused', { format: 1 }, `backup ${name} has format 1, ${older}`],
    [
      'the format before digests of PostgreSQL had foreign options is refused',
      { format: 2 },
      `backup ${name} has format 2, ${older}`,
    ],
    ['a newer format is refused', { format: 4 }, `backup ${name} has format 4, ${newer}`],
    [
      'a newer format is refused whatever is in it',
      { format: 4, contents: 'in another file', parts: { '../x': 1 } },
      `backup ${name} has format 4, ${newer}`,
    ],
    ['no version is damaged', { format: undefined }, none],
    ['a version that is garbage is damaged', { format: '../3\n::error::x' }, none],
    ['a version that is text is damaged', { format: '3' }, none],
    ['a version that is no whole number is damaged', { format: 2.5 }, none],
    ['a version below one is damaged', { format: 0 }, none],
    ['a version beyond all numbers is damaged', { format: 1e300 }, none],
  ])('%s', (_what, changed, refusal) => {
    const attempt = () => readManifest(forge(changed), name)
    expect(attempt).toThrow(RefusedError)
    expect(attempt).toThrow(new RefusedError(refusal))
  })

  test.each(['', 'null', '[]', '1', '{"manifest": null}', '{"manifest": [], "sha256": 1}', '{"format": 3}'])(
    'garbage is damaged: %s',
    (text) => {
      expect(() => readManifest(text, name)).toThrow(/^backup .* is damaged: its manifest /)
    },
  )

  test('another format is not deleted by a retention, and not counted', async () => {
    const store = openFolderStore(folder)
    const logged: string[] = []
    for (const [at, changed] of [{ format: 1 }, { format: 4 }, { format: undefined, schema: 1 }].entries()) {
      const old = `20200101T00000${at}Z-aaaaaaa-aaaaaa`
      await store.write(`${old}/${manifestFile}`, Readable.from([forge({ ...changed, name: old })]))
      await store.write(`${old}/part`, Readable.from(['x']))
    }
    await applyRetention({
      store,
      source: 's',
      environment: 'production',
      rule: { keep: 0, keepForMs: 0, liveRevisions: new Set(), now: new Date() },
      log: (line) => void logged.push(line),
    })
    expect(await readdir(folder)).toHaveLength(3)
    expect(logged).toHaveLength(3)
    expect(logged[0]).toMatch(/^20200101T000000Z-aaaaaaa-aaaaaa is kept and does not count: .* has format 1,/)
    const choice = {
      revision: '',
      source: 's',
      environment: 'production',
      allowOtherSource: false,
      now: new Date(),
    }
    await expect(chooseBackup(store, { ...choice, wanted: 'latest' })).rejects.toThrow(
      /there is no backup of this database .*3 that cannot be used: backup 20200101T000002Z\S+ has no format version, and this version of the actions reads format 3: restore it with the version that made it/,
    )
    await expect(
      chooseBackup(store, { ...choice, wanted: '20200101T000000Z-aaaaaaa-aaaaaa' }),
    ).rejects.toThrow(
      /^backup 20200101T000000Z-aaaaaaa-aaaaaa has format 1, and this version of the actions reads format 3: restore it with the version that made it, and make a new backup with this one$/,
    )
  })
})

test('of a backup from the future, which is the newest is not known: it is restored by its name alone', async () => {
  const store = openFolderStore(folder)
  const now = new Date('2026-11-24T12:00:00Z')
  const write = async (createdAt: string) => {
    const made = { ...manifest, name: newBackupName(new Date(createdAt), manifest.before), createdAt }
    await store.write(`${made.name}/${manifestFile}`, Readable.from([writeManifest(made)]))
    return made
  }
  const choice = {
    revision: manifest.before,
    source: 's',
    environment: 'production',
    allowOtherSource: false,
    now,
  }
  await expect(chooseBackup(store, { ...choice, wanted: 'latest' })).rejects.toThrow(
    `there is no backup of this database in ${folder} (0 others); nothing is stored there: check \`database.storage\``,
  )
  const sound = await write('2026-11-24T12:08:00.000Z')
  // clocks of two machines are never the same
  expect(await chooseBackup(store, { ...choice, wanted: 'latest' })).toEqual(sound)
  const future = await write('2036-11-24T12:00:00.000Z')
  for (const wanted of ['latest', 'before-deployment'])
    await expect(chooseBackup(store, { ...choice, wanted })).rejects.toThrow(
      `backup ${future.name} says that it was made at 2036-11-24T12:00:00.000Z, and it is 2026-11-24T12:00:00.000Z here: which backup is the newest is not known; check the clocks, and name one in \`backup\``,
    )
  for (const named of [sound, future])
    expect(await chooseBackup(store, { ...choice, wanted: named.name })).toEqual(named)
})

test('no text that is taken for a name leaves the folder', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', '-', '%', '2', 'e', '\0', '\n') }),
        fc.string(),
      ),
      (text) => {
        let parsed: string
        try {
          parsed = parseBackupName(text)
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
          return
        }
        expect(join(folder, parsed, manifestFile)).toBe(`${folder}/${parsed}/${manifestFile}`)
      },
    ),
    { numRuns: 2000 },
  )
})

describe.each(hostile.map((each) => [JSON.stringify(each), each] as const))('the name %s', (_shown, text) => {
  test('is refused where it is asked for, and nothing is read', async () => {
    // what it would lead to is there
    await mkdir(join(root, 'outside'))
    await writeFile(join(root, 'outside', manifestFile), forge({ name: text }))
    const store = openFolderStore(folder)
    expect(() => parseBackupName(text)).toThrow(InputError)
    await expect(readBackup(store, text)).rejects.toThrow(InputError)
    const choice = {
      wanted: text,
      now: new Date(),
      revision: '',
      source: 's',
      environment: 'production',
      allowOtherSource: true,
    }
    await expect(chooseBackup(store, choice)).rejects.toThrow(
      /`backup` is ".*"; write the name of a backup, of letters, digits, dots and dashes/s,
    )
  })

  test('is refused as the name of a backup or of a part in a manifest, whose digest is right', () => {
    expect(() => readManifest(forge({ name: text }), text)).toThrow(RefusedError)
    const [part] = manifest.parts
    const read = () => readManifest(forge({ parts: [{ ...part, name: text }] }), name)
    expect(read).toThrow(/damaged: its manifest is not one of a backup/)
  })
})

test('what is in the storage under a hostile name is no backup, and a retention deletes nothing outside', async () => {
  const store = openFolderStore(folder)
  await writeFile(join(root, 'part'), 'kept')
  await store.write(
    `${name}/${manifestFile}`,
    Readable.from([
      forge({ parts: [{ name: '../../part', size: 1, sha256: '0'.repeat(64), plainSize: 1 }] }),
    ]),
  )
  for (const odd of ['-rf', '.hidden', 'a b', '$(touch x)'])
    await store.write(`${odd}/${manifestFile}`, Readable.from([forge({ name: odd })]))
  const { backups, broken } = await readCatalog(store)
  expect(backups).toEqual([])
  expect(broken.map((each) => each.name).sort()).toEqual(['$(touch x)', '-rf', '.hidden', name, 'a b'].sort())
  await applyRetention({
    store,
    source: 's',
    environment: 'production',
    rule: { keep: 0, keepForMs: 0, liveRevisions: new Set(), now: new Date(Date.now() + 1e10) },
    log: () => {},
  })
  expect(await readdir(root)).toEqual(['backups', 'part'])
  expect(existsSync('x')).toBe(false)
})
