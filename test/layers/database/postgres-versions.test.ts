/** PostgreSQL 16, 17 and 18 with their own clients: objects of every kind come back as an independent dump has them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makePostgres, type TestDatabase } from '../../support/databases.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { dumpText } from '../../support/postgres-dump.ts'
import { newKinds, objectKinds } from './postgres-kinds.ts'

const binOf = (major: number) =>
  join(import.meta.dirname, `../../../.cache/test-servers/postgres-${major}/bin`)

/** These builds have no ICU, and not all of them have XML and the extensions of contrib. */
const notBuilt = /ICU is not supported|unsupported XML feature|extension "citext" is not available/

describe.each([16, 17, 18])('PostgreSQL %d', (major) => {
  const env = { ...process.env, PATH: `${binOf(major)}:${process.env['PATH']}` }
  let server: PostgresServer
  let folder: string
  let database: TestDatabase
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'versions-'))
    server = await startPostgres({ bin: binOf(major) })
    await server.sql('postgres', 'CREATE ROLE reader; CREATE ROLE writer')
    database = await makePostgres(server, folder, env)
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('needs clients of its own version', async () => {
    const old = await makePostgres(server, folder, { ...process.env, PATH: '/usr/bin' })
    await old.run('CREATE TABLE t (a int)')
    await expect(old.back()).rejects.toThrow(
      new RegExp(
        `the server is PostgreSQL ${major}\\..* and pg_dump is of version 15.*: install postgresql-client-${major}`,
      ),
    )
  })

  test('what is backed up comes back identical after damage', async () => {
    database = await makePostgres(server, folder, env)
    const kinds = Object.entries({ ...objectKinds, ...newKinds }).filter(
      ([name]) => Number(/^since (\d+)/.exec(name)?.[1] ?? 0) <= major,
    )
    const left: string[] = []
    for (const [name, sql] of kinds)
      await database.run(sql).catch((error: unknown) => {
        if (!notBuilt.test(String(error))) throw error
        left.push(name)
      })
    expect(kinds.length - left.length).toBeGreaterThan(30)
    const dump = () => dumpText(database.url, binOf(major))
    const before = dump()
    const manifest = await database.back()
    expect(manifest).toMatchObject({
      server: expect.stringMatching(`^PostgreSQL ${major}\\.`),
      tool: expect.stringMatching(`^pg_dump ${major}\\.`),
      verification: { level: 'restore' },
    })
    await database.run(
      'DROP PUBLICATION whole, part; DROP EVENT TRIGGER watched; SELECT lo_unlink(815)',
      'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE other (a int)',
    )
    await database.restore(manifest)
    expect(dump()).toEqual(before)
  })
})
