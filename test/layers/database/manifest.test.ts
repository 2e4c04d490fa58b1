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
  schema: 1,
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
  contents: { tables: [], schema: '0'.repeat(64) },
  migrations: [],
  parts: [{ name: 'part', size: 1, sha256: '0'.repeat(64), plainSize: 1 }],
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
    expect(read).toThrow(/damaged: its manifest is not one of this version/)
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
