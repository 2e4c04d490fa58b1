/** A backup counts as verified once it was restored, beside or elsewhere, and compared. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { chooseBackup, readCatalog } from '../../../src/layers/database/catalog.ts'
import { differences } from '../../../src/layers/database/compare.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import { applyRetention } from '../../../src/layers/database/retention.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { describeVerification } from '../../../src/layers/database/verification.ts'
import { type Kind, kinds, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { startPostgres } from '../../support/postgres.ts'

const scene = useServers()
const open = (kind: Kind) => makeDatabase(kind, scene.servers, scene.folder)
const storeOf = ({ backups }: TestDatabase) => openFolderStore(backups)
const latest = async (database: TestDatabase) =>
  chooseBackup(storeOf(database), {
    wanted: 'latest',
    revision: '',
    source: (await database.engine()).source,
    environment: 'production',
    allowOtherSource: false,
  })

describe.each(kinds)('on %s', (kind) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await open(kind)
  }, 60_000)

  test.each([false, true])(
    'a backup is restored once beside, compared and dropped (encrypted: %s), and says so',
    async (isEncrypted) => {
      await database.fillDifficult()
      const lines: string[] = []
      const recipient = isEncrypted ? await identityToRecipient(await generateIdentity()) : undefined
      const manifest = await database.back({ log: (line) => lines.push(line), recipient })
      expect(manifest.verification).toMatchObject({ level: 'restore', on: 'same-server' })
      expect(Date.parse(manifest.verification?.at ?? '')).toBeGreaterThan(Date.now() - 60_000)
      expect(lines.join('\n')).toMatch(/the restored copy has the same schema .* verifying took [\d.]+ m?s/)
      expect(await database.names()).toEqual(['shop'])
      // nothing of it stays in the clear
      expect(await readdir(join(scene.folder, 'scratch'))).toEqual([])
    },
    60_000,
  )

  test('one whose stored files were read only is not called verified', async () => {
    await database.fill(10)
    const manifest = await database.back({ verify: 'checksums' })
    expect(describeVerification(manifest)).toMatch(/^not verified by a restore: only the stored files/)
    const lines: string[] = []
    await database.run("UPDATE t SET v = 'bad'")
    await database.restore(manifest, { log: (line) => lines.push(line) })
    expect(lines[0]).toMatch(/is not verified by a restore/)
  }, 60_000)
})

describe('a backup of PostgreSQL that cannot be restored', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await open('postgres')
    await database.fill(10)
  }, 60_000)
  const spoil = () =>
    database.run(
      'CREATE FUNCTION newest() RETURNS bigint LANGUAGE sql AS $$ SELECT max(id) FROM t $$; CREATE MATERIALIZED VIEW shown AS SELECT newest() AS id',
    )

  test('is failed, by name and with the way round, and is neither the latest nor counted', async () => {
    const good = await database.back()
    await spoil()
    await expect(database.back({ now: () => new Date(Date.now() + 60_000) })).rejects.toThrow(
      /cannot be restored: function newest uses names without their schema.*ALTER FUNCTION … SET search_path/,
    )
    const { backups } = await readCatalog(storeOf(database))
    expect(backups).toHaveLength(2)
    expect(backups[0]?.verification?.failure).toMatch(/newest/)
    expect(await database.names()).toEqual(['shop'])
    expect((await latest(database)).name).toBe(good.name)

    const lines: string[] = []
    const deleted = await applyRetention({
      store: storeOf(database),
      source: good.source,
      environment: 'production',
      rule: { keep: 1, keepForMs: 0, liveRevisions: new Set(), now: new Date(Date.now() + 120_000) },
      log: (line) => lines.push(line),
    })
    expect(deleted).toEqual([])
    expect(lines.join('\n')).toMatch(/does not count: failed: restored at/)

    // the way round
    await database.run('ALTER FUNCTION newest() SET search_path = public')
    const manifest = await database.back()
    expect(manifest.verification?.level).toBe('restore')
  }, 90_000)

  test('is named when there is no other', async () => {
    await spoil()
    await expect(database.back()).rejects.toThrow(/cannot be restored/)
    await expect(latest(database)).rejects.toThrow(
      /there is no backup of this database .* failed: restored at/,
    )
  }, 60_000)

  test('and was only read again is refused before the swap, whatever is verified then', async () => {
    const manifest = await database.back({ verify: 'checksums' })
    const other = { ...manifest, contents: { ...manifest.contents, schema: '0'.repeat(64) } }
    await database.run("UPDATE t SET v = 'bad'")
    const bad = await database.contents()
    await expect(database.restore(other, { verify: 'checksums' })).rejects.toThrow(
      /has another schema than its manifest says.*nothing was changed/,
    )
    expect(differences(bad, await database.contents())).toEqual([])
    expect(await database.names()).toEqual(['shop'])
  }, 60_000)
})

describe('of PostgreSQL, beyond the limit,', () => {
  test('the schema and the rows of some tables are restored, which is said', async () => {
    const database = await open('postgres')
    await database.fill(5000)
    await database.run(
      `CREATE TABLE "a b" (id int PRIMARY KEY, t int REFERENCES t); INSERT INTO "a b" SELECT i, i FROM generate_series(1, 100) i;
       CREATE TABLE small (a int); INSERT INTO small VALUES (1), (2);
       CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM t; COMMENT ON CONSTRAINT "a b_t_fkey" ON "a b" IS 'x'`,
    )
    const lines: string[] = []
    const manifest = await database.back({ verifyLimit: 5_000, log: (line) => lines.push(line) })
    expect(manifest.verification).toMatchObject({ level: 'sample', tables: ['public.a b', 'public.small'] })
    expect(lines.join('\n')).toMatch(/a sample: the backup has .* verify-limit is 5.0 KB/)
    expect(describeVerification(manifest)).toMatch(/^partly verified: .*rows of 2 of 3 tables/)
    expect(await database.names()).toEqual(['shop'])
  }, 60_000)
})

describe('of PostgreSQL, elsewhere:', () => {
  test('on a server that is started here, with the roles it needs', async () => {
    const database = await open('postgres')
    const { sql } = scene.servers.postgres
    await database.fillDifficult()
    await sql('postgres', 'DROP ROLE IF EXISTS "odd role"; CREATE ROLE "odd role"')
    await database.run('GRANT SELECT ON audit TO "odd role"')
    const server = await (await database.engine()).elsewhere?.('local')
    if (server === undefined) throw new Error('there is no other server')
    try {
      const manifest = await database.back({ verifyOn: { on: 'local-server', server } })
      expect(manifest.verification).toMatchObject({ level: 'restore', on: 'local-server' })
    } finally {
      await server.close()
      await sql('shop', 'DROP OWNED BY "odd role"; DROP ROLE "odd role"')
    }
  }, 90_000)

  test('on a server of an address, which names what it lacks', async () => {
    const database = await open('postgres')
    await database.fill(100)
    const { sql } = scene.servers.postgres
    const other = await startPostgres()
    try {
      const elsewhere = async () => {
        const server = await (await database.engine()).elsewhere?.(parseConnection(other.url('postgres')))
        if (server === undefined) throw new Error('there is no other server')
        return server
      }
      await sql('postgres', 'DROP ROLE IF EXISTS reader; CREATE ROLE reader')
      await database.run('GRANT SELECT ON t TO reader')
      await expect(elsewhere()).rejects.toThrow(/verify-on.*lacks role reader: CREATE ROLE reader/)
      await other.sql('postgres', 'CREATE ROLE reader')
      const server = await elsewhere()
      const manifest = await database.back({ verifyOn: { on: 'other-server', server } })
      expect(manifest.verification).toMatchObject({ level: 'restore', on: 'other-server' })
      expect(
        await other.sql('postgres', "SELECT datname FROM pg_database WHERE datname LIKE 'shop%'"),
      ).toEqual([])
      await sql('shop', 'DROP OWNED BY reader; DROP ROLE reader')
    } finally {
      await other.stop()
    }
  }, 90_000)
})
