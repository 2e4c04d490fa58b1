/** A backup in which anything was changed since it was made is refused, and the live database is not touched. */
import { copyFileSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { readBackup } from '../../../src/layers/database/catalog.ts'
import { type Manifest, readManifest, writeManifest } from '../../../src/layers/database/manifest.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { kinds, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { randomOf } from '../../support/random.ts'

const scene = useServers()

describe.each(kinds)('of %s, refused before anything is touched is a backup with', (kind) => {
  let database: TestDatabase
  let manifest: Manifest
  let files: readonly string[]
  const random = randomOf(5)
  const below = (limit: number) => Math.floor(random() * limit)
  const pathOf = (file: string) => join(database.backups, manifest.name, file)

  beforeEach(async () => {
    database = await makeDatabase(kind, scene.servers, scene.folder)
    await database.fillDifficult()
    await database.run('CREATE TABLE a_first (a INT)', 'INSERT INTO a_first VALUES (1), (2)')
    manifest = await database.back()
    files = readdirSync(join(database.backups, manifest.name)).sort()
    await database.run('INSERT INTO a_first VALUES (3)')
  })

  /** Restores what is there now, for which it has to be refused in these words; then what was changed is put back. */
  async function expectRefused(file: string, change: () => void, words: RegExp): Promise<void> {
    const whole = readFileSync(pathOf(file))
    change()
    const attempt = async () =>
      database.restore(await readBackup(openFolderStore(database.backups), manifest.name))
    await expect(attempt()).rejects.toThrow(words)
    writeFileSync(pathOf(file), whole)
  }

  /** Nothing of all that was tried has changed the live database, and the backup itself is good. */
  async function expectUntouched(then: Awaited<ReturnType<TestDatabase['contents']>>): Promise<void> {
    expect(await database.contents()).toEqual(then)
    expect((await database.names()).filter((name) => /_before_|_restoring_/.test(name))).toEqual([])
    expect((await database.restore(manifest)).outcome).toBe('restored')
  }

  test('one bit of any file flipped', async () => {
    const then = await database.contents()
    for (const file of files)
      for (let round = 0; round < (files.length > 5 ? 1 : 12); round += 1) {
        const broken = readFileSync(pathOf(file))
        const at = below(broken.length)
        broken.writeUInt8(broken.readUInt8(at) ^ (1 << below(8)), at)
        await expectRefused(file, () => writeFileSync(pathOf(file), broken), /damaged/)
      }
    await expectUntouched(then)
  })

  test('any file cut off at any length, empty, or gone', async () => {
    const then = await database.contents()
    // one after the other is read in the same way: the first ones, and the manifest
    for (const file of [...files.slice(0, 3), 'manifest.json']) {
      const { length } = readFileSync(pathOf(file))
      // the manifest ends with a line break, which says nothing
      const last = length - (file === 'manifest.json' ? 2 : 1)
      for (const size of [0, below(length - 1), last])
        await expectRefused(file, () => truncateSync(pathOf(file), size), /damaged/)
      const away = join(scene.folder, 'away')
      await expectRefused(file, () => renameSync(pathOf(file), away), /is missing|is not in/)
    }
    await expectUntouched(then)
  })

  test('a file of another backup, or another of its own', async () => {
    const then = await database.contents()
    const other = await database.back()
    const otherFiles = readdirSync(join(database.backups, other.name))
    for (const file of files.slice(-5)) {
      if (
        otherFiles.includes(file) &&
        !readFileSync(pathOf(file)).equals(readFileSync(join(database.backups, other.name, file)))
      )
        await expectRefused(
          file,
          () => copyFileSync(join(database.backups, other.name, file), pathOf(file)),
          /damaged/,
        )
      const another = files[(files.indexOf(file) + 1) % files.length] ?? ''
      if (!readFileSync(pathOf(file)).equals(readFileSync(pathOf(another))))
        await expectRefused(file, () => copyFileSync(pathOf(another), pathOf(file)), /damaged/)
    }
    await expectUntouched(then)
  })

  test('a manifest that lies, with a digest of its own that fits', async () => {
    const then = await database.contents()
    const [part, ...parts] = manifest.parts
    const [table, ...tables] = manifest.contents.tables
    if (part === undefined || table === undefined) throw new Error('it has none')
    const { contents } = manifest
    const zeros = '0'.repeat(64)
    const another = kind === 'mysql' ? 'postgres' : 'mysql'
    const lies: readonly [Partial<Manifest>, RegExp][] = [
      [{ engine: another }, /is of (mysql|postgres), and the database is of/],
      [
        { contents: { ...contents, tables: [{ ...table, rows: table.rows + 1 }, ...tables] } },
        /nothing was changed/,
      ],
      [{ contents: { ...contents, tables } }, /should not be there.*nothing was changed/],
      [
        { contents: { ...contents, tables: [...contents.tables, { name: 'more', rows: 0 }] } },
        /more is missing/,
      ],
      [{ contents: { ...contents, schema: zeros } }, /the schema .* differs.*nothing was changed/],
      [
        kind === 'sqlite'
          ? { contents: { ...contents, image: zeros } }
          : { contents: { ...contents, tables: [{ ...table, digest: zeros }, ...tables] } },
        /differs?; nothing was changed/,
      ],
      [{ parts: [{ ...part, size: part.size + 1 }, ...parts] }, /bytes and not/],
      [{ parts: [{ ...part, sha256: zeros }, ...parts] }, /SHA-256/],
      [{ parts: [{ ...part, plainSize: part.plainSize + 1 }, ...parts] }, /has \d+ bytes when it is opened/],
      [{ parts: [] }, /is empty/],
      [{ encrypted: true }, /is encrypted/],
    ]
    for (const [lie, words] of lies) {
      const told = writeManifest({ ...manifest, ...lie })
      expect(readManifest(told, manifest.name)).toMatchObject(lie)
      await expectRefused('manifest.json', () => writeFileSync(pathOf('manifest.json'), told), words)
    }
    for (const gone of manifest.parts.slice(-2)) {
      const rest = manifest.parts.filter((each) => each !== gone)
      const told = writeManifest({ ...manifest, parts: rest })
      await expectRefused('manifest.json', () => writeFileSync(pathOf('manifest.json'), told), /./)
    }
    await expectUntouched(then)
  })
})
