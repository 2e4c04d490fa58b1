/** A backup counts as verified once it was restored, beside or elsewhere, and compared. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { chooseBackup, readCatalog } from '../../../src/layers/database/catalog.ts'
import { differences } from '../../../src/layers/database/compare.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import type { Engine } from '../../../src/layers/database/engine.ts'
import { applyRetention } from '../../../src/layers/database/retention.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { describeVerification } from '../../../src/layers/database/verification.ts'
import { type Kind, kinds, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { startMariaDb } from '../../support/mariadb.ts'
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
    now: new Date(),
  })

describe.each(kinds)('on %s', (kind) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await open(kind)
  })

  test.each([false, true])(
    'a backup is restored once beside, compared and dropped (encrypted: %s), and says so',
    async (isEncrypted) => {
      await database.fillDifficult()
      const lines: string[] = []
      const recipient = isEncrypted ? await identityToRecipient(await generateIdentity()) : undefined
      const manifest = await database.back({ log: (line) => lines.push(line), recipient })
      expect(manifest.verification).toMatchObject({ level: 'restore', on: 'same-server' })
      expect(Date.parse(manifest.verification.at ?? '')).toBeGreaterThan(Date.now() - 60_000)
      expect(lines.join('\n')).toMatch(
        /the restored copy has the same schema .* the verification took [\d.]+ m?s/,
      )
      expect(await database.names()).toEqual(['shop'])
      // nothing of it stays in the clear
      expect(await readdir(join(scene.folder, 'scratch'))).toEqual([])
    },
  )

  test('one whose stored files were read only is not called verified', async () => {
    await database.fill(10)
    const manifest = await database.back({ verify: 'checksums' })
    expect(describeVerification(manifest)).toMatch(/^not verified by a restore: only the stored files/)
    const lines: string[] = []
    await database.run("UPDATE t SET v = 'bad'")
    await database.restore(manifest, { log: (line) => lines.push(line) })
    expect(lines[0]).toMatch(/is not verified by a restore/)
  })
})

describe('a backup of PostgreSQL that cannot be restored', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await open('postgres')
    await database.fill(10)
  })
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
    expect(backups[0]?.verification.failure).toMatch(/newest/)
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
    expect(lines.join('\n')).toMatch(/does not count: failed: the restore .* at .* failed/)

    // the way round
    await database.run('ALTER FUNCTION newest() SET search_path = public')
    const manifest = await database.back()
    expect(manifest.verification.level).toBe('restore')
  })

  test('is named when there is no other', async () => {
    await spoil()
    await expect(database.back()).rejects.toThrow(/cannot be restored/)
    await expect(latest(database)).rejects.toThrow(
      /there is no backup of this database .* failed: the restore .* at .* failed/,
    )
  })

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
  })
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
  })
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
  })

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
  })
})

describe('of MariaDB, elsewhere:', () => {
  const elsewhereOf = async (
    database: TestDatabase,
    where: Parameters<NonNullable<Engine['elsewhere']>>[0],
  ) => {
    const server = await (await database.engine()).elsewhere?.(where)
    if (server === undefined) throw new Error('there is no other server')
    return server
  }

  test('on a server that is started here, with all that is difficult in the database', async () => {
    const database = await open('mysql')
    await database.fillDifficult()
    await database.run(
      'CREATE TABLE history (a FLOAT) WITH SYSTEM VERSIONING',
      'INSERT INTO history VALUES (16777217)',
      'UPDATE history SET a = 0.1',
    )
    const server = await elsewhereOf(database, 'local')
    try {
      const manifest = await database.back({ verifyOn: { on: 'local-server', server } })
      expect(manifest.verification).toMatchObject({ level: 'restore', on: 'local-server' })
      expect(describeVerification(manifest)).toMatch(/^verified: restored at .* on a local server/)
      expect(await database.names()).toEqual(['shop'])
    } finally {
      await server.close()
    }
  })

  test('for a user who may only read the live server', async () => {
    const database = await open('mysql')
    await database.fill(100)
    const { sql, url } = scene.servers.mysql
    await sql(
      undefined,
      "CREATE OR REPLACE USER reader IDENTIFIED BY 'r'",
      'GRANT SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT ON shop.* TO reader',
    )
    const asReader = database.as(url('shop', 'reader', 'r'))
    await expect(asReader.back()).rejects.toThrow(
      /lacks INSERT.*set `verify-on` to another server or to local/,
    )
    const server = await elsewhereOf(asReader, 'local')
    try {
      const manifest = await asReader.back({ verifyOn: { on: 'local-server', server } })
      expect(manifest.verification).toMatchObject({ level: 'restore', on: 'local-server' })
    } finally {
      await server.close()
      await sql(undefined, 'DROP USER reader')
    }
  })

  test('a backup that was changed before it was restored there is failed', async () => {
    const database = await open('mysql')
    await database.fill(100)
    const server = await elsewhereOf(database, 'local')
    const stage: typeof server.stage = async (...given) => {
      const staged = await server.stage(...given)
      const contents = async () => {
        const found = await staged.contents()
        return { ...found, tables: found.tables.map((table) => ({ ...table, digest: '1' })) }
      }
      return { ...staged, contents }
    }
    try {
      await expect(
        database.back({ verifyOn: { on: 'local-server', server: { ...server, stage } } }),
      ).rejects.toThrow(/cannot be restored: the restored copy differs: the rows of table t differ/)
    } finally {
      await server.close()
    }
  })

  test('on a server of an address, which names what it lacks', async () => {
    const database = await open('mysql')
    await database.fill(100)
    const { sql } = scene.servers.mysql
    await sql(
      undefined,
      'CREATE DATABASE IF NOT EXISTS stock',
      'CREATE OR REPLACE TABLE stock.goods (id INT)',
    )
    await database.run('CREATE VIEW sold AS SELECT g.id FROM t JOIN stock.goods g ON g.id = t.id')
    const other = await startMariaDb()
    try {
      const where = parseConnection(other.url('app'))
      await expect(elsewhereOf(database, where)).rejects.toThrow(
        /verify-on.*lacks database stock, which a view of shop uses/,
      )
      await other.sql(undefined, 'CREATE DATABASE stock', 'CREATE TABLE stock.goods (id INT)')
      await other.sql(
        undefined,
        "CREATE USER weak IDENTIFIED BY 'w'",
        'GRANT ALL ON `shop%`.* TO weak',
        'GRANT SELECT ON stock.* TO weak',
      )
      const asWeak = parseConnection(other.url('app', 'weak', 'w'))
      await expect(elsewhereOf(database, asWeak)).rejects.toThrow(/verify-on.*denied/)
      const server = await elsewhereOf(database, where)
      const manifest = await database.back({ verifyOn: { on: 'other-server', server } })
      expect(manifest.verification).toMatchObject({ level: 'restore', on: 'other-server' })
      expect(await other.sql(undefined, "SHOW DATABASES LIKE 'shop%'")).toEqual([])
    } finally {
      await other.stop()
      await sql(undefined, 'DROP DATABASE stock')
    }
  })

  test('of another kind is refused', async () => {
    const where = parseConnection(scene.servers.postgres.url('shop'))
    await expect(elsewhereOf(await open('mysql'), where)).rejects.toThrow(
      /verify-on.*another kind of database/,
    )
  })
})

describe.each(['postgres', 'mysql'] as const)('a local server for %s', (kind) => {
  test('ends with the process that started it, killed at any instant, and leaves nothing', async () => {
    const database = await open(kind)
    await database.fill(10)
    const script = `
      const { openEngine } = await import(${JSON.stringify(openModule)})
      const { parseConnection } = await import(${JSON.stringify(connectionModule)})
      const engine = await openEngine(parseConnection(process.argv[1]), { env: process.env, scratch: process.argv[2], log: () => {} })
      console.log('begins')
      await engine.elsewhere('local')
      console.log('runs')
      setInterval(() => {}, 1000)`
    const temporary = await mkdtemp(join(tmpdir(), 'killed-'))
    await chmod(temporary, 0o755)
    try {
      for (const [instant, waitMs] of [
        ['begins', 100],
        ['begins', 900],
        ['runs', 0],
      ] as const) {
        const child = spawn(
          process.execPath,
          [
            '--input-type=module',
            '--disable-warning=ExperimentalWarning',
            '-e',
            script,
            database.url,
            join(scene.folder, 'tools'),
          ],
          { env: { ...process.env, TMPDIR: temporary }, stdio: ['ignore', 'pipe', 'inherit'] },
        )
        for await (const line of child.stdout) if (String(line).includes(instant)) break
        await sleep(waitMs)
        child.kill('SIGKILL')
        await expectSoon(async () => expect(await serversIn(temporary)).toEqual([]))
        // what was set up when it was killed is a folder without a server
        if (instant === 'runs') await expectSoon(async () => expect(await readdir(temporary)).toEqual([]))
        await rm(temporary, { recursive: true, force: true })
        await mkdir(temporary)
      }
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  })
})

const openModule = new URL('../../../src/layers/database/open.ts', import.meta.url).href
const connectionModule = new URL('../../../src/layers/database/connection.ts', import.meta.url).href

/** Command lines of processes that work in a folder. */
async function serversIn(folder: string): Promise<readonly string[]> {
  const all = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  return all.filter((line) => line.includes(`${folder}/verify-`) && !line.includes('--input-type'))
}

async function expectSoon(check: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await check()
    } catch (error) {
      if (tries === 200) throw error
      await sleep(100)
    }
  }
}
