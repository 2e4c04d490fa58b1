/** Backups whose files are stored as they were dumped. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { differences } from '../../../src/layers/database/compare.ts'
import { kinds, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'

const scene = useServers()

describe.each(kinds)('without compression, a backup of %s', (kind) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await makeDatabase(kind, scene.servers, scene.folder)
    await database.fillDifficult()
    await database.fill(3000)
  })

  test.each([false, true])('comes back as it was (encrypted: %s)', async (isEncrypted) => {
    const then = await database.contents()
    const identity = isEncrypted ? await generateIdentity() : undefined
    const recipient = identity === undefined ? undefined : await identityToRecipient(identity)
    const manifest = await database.back({ compression: 'none', recipient })
    expect(manifest.compression).toBe('none')
    expect(manifest.verification).toMatchObject({ level: 'restore' })
    for (const { name, size, plainSize } of manifest.parts) {
      expect(name).not.toMatch(/\.zst$/)
      if (!isEncrypted) expect(size).toBe(plainSize)
    }
    await database.run("UPDATE t SET v = 'bad'")
    expect((await database.restore(manifest, { identity })).outcome).toBe('restored')
    expect(differences(then, await database.contents())).toEqual([])
  })

  test('is refused with one bit flipped', async () => {
    const manifest = await database.back({ compression: 'none', verify: 'checksums' })
    await database.run("UPDATE t SET v = 'bad'")
    const then = await database.contents()
    const folder = join(database.backups, manifest.name)
    for (const file of readdirSync(folder)
      .filter((name) => name !== 'manifest.json')
      .slice(0, 3)) {
      const whole = readFileSync(join(folder, file))
      const broken = Buffer.from(whole)
      broken.writeUInt8(broken.readUInt8(broken.length >> 1) ^ 4, broken.length >> 1)
      writeFileSync(join(folder, file), broken)
      await expect(database.restore(manifest)).rejects.toThrow(/damaged: the SHA-256/)
      writeFileSync(join(folder, file), whole)
    }
    expect(await database.contents()).toEqual(then)
  })
})

test("without compression, a backup of SQLite is a database that SQLite's own tool opens", async () => {
  const database = await makeDatabase('sqlite', scene.servers, scene.folder)
  await database.fill(10)
  const manifest = await database.back({ compression: 'none' })
  const file = join(database.backups, manifest.name, 'database.sqlite')
  expect(execFileSync('sqlite3', [file, 'SELECT count(*) FROM t'], { encoding: 'utf8' })).toBe('10\n')
})
