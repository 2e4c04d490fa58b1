/**
 * Objects of every kind of MariaDB and SQLite come back identical by an independent dump, or their backup was refused: generated
 * from the servers' own lists, backed up, damaged, restored.
 */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RefusedError } from '../../../src/errors.ts'
import { diceOf } from '../../support/chance.ts'
import { makeDatabase, useServers } from '../../support/databases.ts'
import { administrator } from '../../support/mariadb.ts'
import { type OtherOffer, otherKinds } from './other-generated.ts'

const scene = useServers()
const runs = Number(process.env['PROPERTY_RUNS'] ?? 3)

async function readOffer(): Promise<OtherOffer> {
  const { sql } = scene.servers.mysql
  const listed = async (text: string) =>
    (await sql(undefined, text)).map((row) => String(Object.values(row)[0]))
  const database = new DatabaseSync(':memory:')
  const modules = database
    .prepare('SELECT name FROM pragma_module_list')
    .all()
    .map(({ name }) => String(name))
  database.close()
  return {
    // the others keep none, or elsewhere
    engines: await listed(
      "SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT') AND ENGINE NOT IN ('MRG_MyISAM', 'PERFORMANCE_SCHEMA', 'SEQUENCE', 'FEDERATED', 'BLACKHOLE', 'MEMORY')",
    ),
    collations: await listed(
      "SELECT COLLATION_NAME FROM information_schema.COLLATIONS WHERE CHARACTER_SET_NAME = 'utf8mb4' AND COLLATION_NAME <> '' ORDER BY 1",
    ),
    modules: modules.filter((name) => /^(?:fts\d|rtree|rtree_i32)$/.test(name)),
  }
}

function dump(kind: 'mysql' | 'sqlite'): string {
  if (kind === 'sqlite')
    return execFileSync('sqlite3', [join(scene.folder, 'shop'), '.dump'], { encoding: 'utf8' })
  return execFileSync(
    'mariadb-dump',
    [
      ...[
        '--no-defaults',
        '-h127.0.0.1',
        `-P${scene.servers.mysql.port}`,
        `-u${administrator.name}`,
        '--hex-blob',
      ],
      ...['--dump-history', '--routines', '--events', '--order-by-primary', '--skip-comments', '--', 'shop'],
    ],
    { env: { PATH: process.env['PATH'], MYSQL_PWD: administrator.password }, encoding: 'utf8' },
  )
}

test.each(['mysql', 'sqlite'] as const)(
  'on %s, objects of every kind come back identical, or the backup was refused',
  async (kind) => {
    const offer = await readOffer()
    let restored = 0
    const [accepted, refused]: [string[], string[]] = [[], []]
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        const dice = diceOf(g)
        // names of MariaDB have characters of three bytes at most
        const narrow = (text: string) => (kind === 'mysql' ? text.replaceAll('🦆', 'ü') : text)
        const quote = kind === 'mysql' ? '`' : '"'
        const chance = {
          ...dice,
          offer,
          name: () => `${quote}${narrow(dice.rawName()).replaceAll(quote, quote + quote)}${quote}`,
          text: () => {
            const text = narrow(dice.rawText()).replaceAll("'", "''")
            return `'${kind === 'mysql' ? text.replaceAll('\\', '\\\\') : text}'`
          },
        }
        if (kind === 'sqlite') rmSync(join(scene.folder, 'shop'), { force: true })
        const database = await makeDatabase(kind, scene.servers, scene.folder)
        await database.run('CREATE TABLE one (a INT PRIMARY KEY)')
        const made = Array.from({ length: 3 + chance.upTo(6) }, () =>
          chance.pick(...otherKinds[kind])(chance),
        )
        for (const sql of made.flatMap(({ create }) => create)) {
          const error = await database.run(sql).catch(String)
          if (error === undefined) accepted.push(sql)
          else refused.push(`${sql}: ${error}`)
        }
        const before = dump(kind)
        const manifest = await database.back().catch((error: unknown) => {
          if (!(error instanceof RefusedError)) throw error
          if (process.env['PROPERTY_RUNS'] !== undefined) process.stderr.write(`${error.message}\n`)
        })
        if (manifest === undefined) return
        const damaged: string[] = []
        for (const { damage } of chance.flip() ? made.slice(0, 3) : [chance.pick(...made)]) {
          const sql = chance.pick(...damage)
          if ((await database.run(sql).catch(String)) === undefined) damaged.push(sql)
        }
        await database.restore(manifest)
        expect({ damaged, dump: dump(kind).split('\n') }).toEqual({ damaged, dump: before.split('\n') })
        restored += 1
      }),
      { numRuns: runs, endOnFailure: true },
    )
    expect(restored).toBeGreaterThan(runs / 2)
    expect(refused.slice(accepted.length / 20)).toEqual([])
  },
  40_000 + runs * 15_000,
)

test.each([
  ['limit', 'ALTER SEQUENCE s MAXVALUE 99', 'maxvalue 100'],
  ['next value', 'DO SETVAL(s, 90)', 'SETVAL(`s`, 1, 0)'],
])(
  'a sequence of MariaDB whose %s was changed since is not taken for restored',
  async (_, change, dumped) => {
    const database = await makeDatabase('mysql', scene.servers, scene.folder)
    await database.run('CREATE TABLE one (a INT PRIMARY KEY)', 'CREATE SEQUENCE s MAXVALUE 100')
    const manifest = await database.back()
    await database.run(change)
    expect(await database.restore(manifest)).toMatchObject({ outcome: 'restored' })
    expect(dump('mysql')).toContain(dumped)
    expect(await database.restore(manifest)).toMatchObject({ outcome: 'already-restored' })
  },
)
