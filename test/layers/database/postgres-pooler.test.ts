/** A database behind the real PgBouncer: what needs a session of its own is refused by name, where the pooler gives none. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { differences } from '../../../src/layers/database/compare.ts'
import { makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { type PgBouncer, startPgBouncer } from '../../support/pgbouncer.ts'
import { dumpText } from '../../support/postgres-dump.ts'

const scene = useServers()
let database: TestDatabase
let pooler: PgBouncer
beforeEach(async () => {
  database = await makeDatabase('postgres', scene.servers, scene.folder)
  await database.fill(500)
})
afterEach(() => pooler.stop())

const refusal = /shop is behind a pooler that shares sessions between clients.*address of the server itself/

describe.each(['transaction', 'statement'] as const)('with %s pooling', (mode) => {
  test('a backup, a restore and a lock are refused at the plan, and nothing is changed', async () => {
    const manifest = await database.back()
    await database.run("UPDATE t SET v = 'bad'")
    const bad = await database.contents()
    pooler = await startPgBouncer(scene.servers.postgres, { mode })
    const pooled = database.as(pooler.url('shop'))
    await expect(pooled.back()).rejects.toThrow(refusal)
    await expect(pooled.restore(manifest, { dryRun: true })).rejects.toThrow(refusal)
    await expect((await pooled.engine()).lock()).rejects.toThrow(refusal)
    expect(differences(bad, await database.contents())).toEqual([])
    expect(await database.names()).toEqual(['shop'])
  })

  test('also while other clients use it', async () => {
    pooler = await startPgBouncer(scene.servers.postgres, { mode })
    const pooled = database.as(pooler.url('shop'))
    const engine = await pooled.engine()
    let isOver = false
    const others = Array.from({ length: 4 }, async () => {
      while (!isOver) await engine.query('SELECT count(*) AS n FROM t')
    })
    try {
      for (let round = 0; round < 5; round += 1)
        await expect(engine.inspect('backup')).rejects.toThrow(refusal)
    } finally {
      isOver = true
      await Promise.allSettled(others)
    }
  })
})

describe('with session pooling', () => {
  test('a backup is made, verified and restored through it, and clients go on', async () => {
    pooler = await startPgBouncer(scene.servers.postgres, { mode: 'session' })
    const pooled = database.as(pooler.url('shop'))
    const before = dumpText(database.url)
    const manifest = await pooled.back()
    expect(manifest.verification.level).toBe('restore')
    await database.run("UPDATE t SET v = 'bad'; CREATE TABLE spoiled (a int)")
    const client = await pooled.engine()
    await client.query('SELECT count(*) AS n FROM t')
    const { kept = '' } = await pooled.restore(manifest)
    expect(dumpText(database.url)).toEqual(before)
    expect(await client.query("SELECT count(*) AS n FROM t WHERE v = 'bad'")).toEqual([{ n: '0' }])
    expect(await database.names()).toEqual(['shop', kept])
  })

  test('that lets only the one database through, it is restored into schemas of that', async () => {
    pooler = await startPgBouncer(scene.servers.postgres, { mode: 'session', databases: ['shop'] })
    const pooled = database.as(pooler.url('shop'))
    const before = dumpText(database.url)
    const manifest = await pooled.back()
    await database.run("UPDATE t SET v = 'bad'")
    await pooled.restore(manifest, { keepOldMs: 0, now: () => new Date(Date.now() + 1000) })
    expect(dumpText(database.url)).toEqual(before)
  })
})
