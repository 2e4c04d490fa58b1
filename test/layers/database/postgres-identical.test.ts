/**
 * Whatever a database of PostgreSQL holds, it comes back identical by an independent `pg_dump`, or its backup was refused:
 * a generated schema and rows, a backup, generated damage, a restore.
 */
import { beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RefusedError } from '../../../src/errors.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import { withSession } from '../../../src/layers/database/postgres/connect.ts'
import { readContents } from '../../../src/layers/database/postgres/contents.ts'
import { makeDatabase, useServers } from '../../support/databases.ts'
import { dumpText } from '../../support/postgres-dump.ts'
import { chanceOf, type Generated, generatedKinds, type Offer, readOffer } from './postgres-generated.ts'

const scene = useServers()
let offer: Offer
beforeAll(async () => {
  const { postgres } = scene.servers
  offer = await readOffer(postgres)
  await postgres.sql('postgres', 'CREATE ROLE reader; CREATE ROLE writer')
})

/** More of them, by `PROPERTY_RUNS=100`, are for who changes what is dumped or compared. */
const runs = Number(process.env['PROPERTY_RUNS'] ?? 3)

test(
  'what is backed up comes back identical, or the backup was refused',
  async () => {
    let restored = 0
    const [accepted, refused]: [string[], string[]] = [[], []]
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const chance = chanceOf(g, offer)
        const database = await makeDatabase('postgres', scene.servers, scene.folder)
        await database.run('CREATE TABLE one (a int)', 'GRANT CREATE ON SCHEMA public TO PUBLIC')
        const kinds = Array.from({ length: 4 + chance.upTo(8) }, () => chance.pick(...generatedKinds))
        const made = kinds.map((kind) => kind(chance))
        for (const sql of made.flatMap(({ create }) => create)) {
          // what the server itself does not take, such as an operator that is there, is no part of it
          const error = await database.run(sql).catch(String)
          if (error === undefined) accepted.push(sql)
          else refused.push(`${sql}: ${error}`)
        }
        const before = dumpText(database.url)
        const manifest = await database.back().catch((error: unknown) => {
          if (!(error instanceof RefusedError)) throw error
        })
        if (manifest === undefined) return
        const damaged: string[] = []
        for (const { damage } of chance.flip() ? made.slice(0, 3) : [chance.pick(...made)]) {
          const sql = chance.pick(...damage)
          // one damage may have taken what another is for
          if ((await database.run(sql).catch(String)) === undefined) damaged.push(sql)
        }
        await database.restore(manifest)
        expect({ damaged, dump: dumpText(database.url) }).toEqual({ damaged, dump: before })
        restored += 1
      }),
      { numRuns: runs, endOnFailure: true },
    )
    expect(restored).toBeGreaterThan(runs / 2)
    expect(refused.slice(accepted.length / 20)).toEqual([])
  },
  40_000 + runs * 15_000,
)

test('whatever differs in an independent dump differs in what is compared', async () => {
  const database = await makeDatabase('postgres', scene.servers, scene.folder)
  const damages: string[] = []
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const chance = chanceOf(g, offer)
      made = generatedKinds.map((kind) => kind(chance))
    }),
    { numRuns: 1 },
  )
  for (const { create, damage } of made) {
    for (const sql of create) await database.run(sql).catch(() => {})
    damages.push(...damage)
  }
  const connection = parseConnection(database.url)
  if (connection.engine !== 'postgres') throw new TypeError('it is no PostgreSQL')
  const before = dumpText(database.url)
  await withSession(connection, 'shop', async (session) => {
    const intact = JSON.stringify(await readContents(session, true))
    for (const sql of damages) {
      await session.query('RESET search_path; BEGIN')
      const error = await session.query(sql).catch(String)
      const seen = typeof error === 'string' || JSON.stringify(await readContents(session, true)) !== intact
      await session.query('ROLLBACK')
      if (seen) continue
      // then it has to be none
      await database.run(sql)
      expect({ sql, dump: dumpText(database.url) }).toEqual({ sql, dump: before })
    }
  })
})

let made: readonly Generated[] = []
