/** Databases that others wrote come back identical by an independent dump. An optional tier: `script/public-schemas` fetches them. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { makeDatabase, makePostgres, type TestDatabase, useServers } from '../../support/databases.ts'
import { administrator } from '../../support/mariadb.ts'
import { startPostgres } from '../../support/postgres.ts'
import { dumpText } from '../../support/postgres-dump.ts'
import { type PublicSchema, publicSchemas } from './public-schemas.ts'

const root = join(import.meta.dirname, '../../..')
const folder = join(root, '.cache/public-schemas')
const isFetched = existsSync(folder)
if (!isFetched)
  process.stderr.write('skipped, as script/public-schemas was not run: databases that others wrote\n')

const scene = useServers()

describe('named in the README', () => {
  const readme = readFileSync(join(root, 'actions/db-restore/README.md'), 'utf8')
  test.each(publicSchemas.map(({ name, source }) => [name, source.split('@')[0] ?? '']))(
    '%s of %s',
    (name, repository) => {
      expect(readme).toContain(`[${name}](https://github.com/${repository})`)
    },
  )
})

const withFetched = isFetched ? describe : describe.skip
withFetched('comes back identical after damage:', () => {
  test.each(publicSchemas.map((each) => [each.name, each.kind, each] as const))(
    '%s on %s',
    async (_name, kind, schema) => {
      const server =
        schema.major === undefined ? undefined : await startPostgres({ bin: binOf(schema.major) })
      try {
        const bin = schema.major === undefined ? '/usr/lib/postgresql/15/bin' : binOf(schema.major)
        const database =
          server === undefined
            ? await makeDatabase(kind, scene.servers, scene.folder)
            : await makePostgres(server, scene.folder, {
                ...process.env,
                PATH: `${bin}:${process.env['PATH']}`,
              })
        if (kind === 'postgres')
          await (server ?? scene.servers.postgres).sql(
            'postgres',
            'DO $$ BEGIN CREATE ROLE postgres SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL; END $$',
          )
        load(database, schema, bin)
        const before = dump(database, bin)
        expect(before.length).toBeGreaterThan(10_000)
        const manifest = await database.back()
        expect(manifest.verification.level).toBe('restore')
        await damage(
          database,
          manifest.contents.tables.map(({ name }) => name),
        )
        expect(await database.contents()).not.toEqual(manifest.contents)
        await database.restore(manifest)
        expect(dump(database, bin)).toBe(before)
        if (kind === 'mysql') expect(await foreignKeysOut()).toEqual([])
      } finally {
        await server?.stop()
      }
    },
  )
})

/** Of the live database and of the replaced one: those that refer to another. */
async function foreignKeysOut(): Promise<readonly unknown[]> {
  return scene.servers.mysql.sql(
    undefined,
    'SELECT * FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA <> UNIQUE_CONSTRAINT_SCHEMA',
  )
}

function binOf(major: number): string {
  return join(root, `.cache/test-servers/postgres-${major}/bin`)
}

/** By the engine's own client, into the database that is there. */
function load(
  { kind, url }: TestDatabase,
  { source, files, without, ownName }: PublicSchema,
  bin: string,
): void {
  const [repository = ''] = source.split('@')
  for (const file of files) {
    // a database of their own name, and what is not installed here
    const script = readFileSync(join(folder, repository, file), 'utf8')
      .replace(/^(?:(?:DROP|CREATE) (?:DATABASE|SCHEMA)(?! public)[^;]*|USE [^;]*|\\c .*);?$/gim, '')
      .split(/;\s*\n/)
      .filter((statement) => without === undefined || !without.test(statement))
      .join(';\n')
      .replaceAll(ownName === undefined ? /(?!)/g : new RegExp(`\\b${ownName}\\.`, 'g'), 'shop.')
    const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
      execFileSync(command, args, {
        input: script,
        env: { PATH: process.env['PATH'], ...env },
        stdio: ['pipe', 'ignore', 'pipe'],
        maxBuffer: 1 << 28,
      })
    if (kind === 'sqlite') run('sqlite3', [url.replace('sqlite:', '')])
    else if (kind === 'mysql') scene.servers.mysql.script('shop', script)
    else
      run(join(bin, 'psql'), [
        '--no-psqlrc',
        '--quiet',
        url.replace(/:[^:@/]*@/, '@'),
        ...(without === undefined ? ['--set=ON_ERROR_STOP=1'] : []),
      ])
  }
}

function dump({ kind, url }: TestDatabase, bin: string): string {
  if (kind === 'postgres') return dumpText(url, bin).join('\n')
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const
  if (kind === 'sqlite') return execFileSync('sqlite3', [url.replace('sqlite:', ''), '.dump'], options)
  const connect = ['--no-defaults', '-h127.0.0.1', `-P${scene.servers.mysql.port}`, `-u${administrator.name}`]
  return execFileSync(
    'mariadb-dump',
    [
      ...connect,
      '--hex-blob',
      '--routines',
      '--events',
      '--order-by-primary',
      '--skip-comments',
      // else the tool fails at a view that calls a function that reads a table
      ...['--single-transaction', '--skip-lock-tables'],
      '--',
      'shop',
    ],
    { ...options, env: { PATH: process.env['PATH'], MYSQL_PWD: administrator.password } },
  )
}

/** Empties every third table, changes the columns of another third, drops the rest where nothing hinders it, and adds one. */
async function damage(database: TestDatabase, tables: readonly string[]): Promise<void> {
  const { kind } = database
  const quote = (name: string) =>
    kind === 'mysql'
      ? `\`${name}\``
      : kind === 'sqlite'
        ? `"${name}"`
        : name
            .split('.')
            .map((part) => `"${part}"`)
            .join('.')
  const before = {
    postgres: "SET session_replication_role = 'replica'",
    mysql: 'SET foreign_key_checks = 0',
    sqlite: 'PRAGMA foreign_keys = OFF',
  }[kind]
  for (const [at, name] of tables.entries()) {
    const statement = [
      `DELETE FROM ${quote(name)}`,
      `ALTER TABLE ${quote(name)} ADD COLUMN spoiled INT`,
      `DROP TABLE ${quote(name)}${kind === 'postgres' ? ' CASCADE' : ''}`,
    ][at % 3]
    await database.run(before, statement ?? '').catch(() => {})
  }
  await database.run('CREATE TABLE spoiled (a INT)')
}
