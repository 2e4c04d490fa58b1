/** knex, sequelize-cli and umzug as they are, on real databases: undone is what the bad revision applied, by the commands of the README. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { readBackup } from '../../../src/layers/database/catalog.ts'
import { runInCheckout } from '../../../src/layers/database/migrations/command.ts'
import { undoDeployment } from '../../../src/layers/database/migrations/deployment.ts'
import type { Revision } from '../../../src/layers/database/migrations/plan.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { type Kind, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { openWorkRepository, type WorkRepository } from '../../support/work-repository.ts'

const scene = useServers()
const packages = join(import.meta.dirname, '../../../.cache/test-servers/migration-tools/node_modules')
const readme = readFileSync(join(import.meta.dirname, '../../../actions/db-restore/README.md'), 'utf8')

/** Migrations, each with what applies and what undoes it; the last two are the bad revision's. */
const names = ['20260101_users', '20260202_shops', '20260303_stars', '20260404_notes'] as const
const all = names.map((name) => `${name}.js`)
/** what is left when an umzug that does not have the newest files undoes one */
const withoutShops = all.filter((name) => !name.includes('shops'))
const steps = {
  knex: [
    ["knex.schema.createTable('users', (t) => t.integer('id'))", "knex.schema.dropTable('users')"],
    ["knex.schema.createTable('shops', (t) => t.integer('id'))", "knex.schema.dropTable('shops')"],
    [
      "knex.schema.alterTable('users', (t) => t.integer('stars'))",
      "knex.schema.alterTable('users', (t) => t.dropColumn('stars'))",
    ],
    ["knex.schema.createTable('notes', (t) => t.text('body'))", "knex.schema.dropTable('notes')"],
  ],
  sequelize: [
    ["q.createTable('users', { id: 'INTEGER' })", "q.dropTable('users')"],
    ["q.createTable('shops', { id: 'INTEGER' })", "q.dropTable('shops')"],
    ["q.addColumn('users', 'stars', 'INTEGER')", "q.removeColumn('users', 'stars')"],
    ["q.createTable('notes', { body: 'TEXT' })", "q.dropTable('notes')"],
  ],
} as const
const isMysql = "process.env.DATABASE_URL.startsWith('mysql')"

const tools = {
  knex: {
    table: 'knex_migrations',
    setUp: {
      'knexfile.js': `const [kind, path] = process.env.DATABASE_URL.split(/:(.*)/)
        const database = kind === 'sqlite' ? { client: 'better-sqlite3', connection: { filename: path }, useNullAsDefault: true } : { client: 'pg', connection: process.env.DATABASE_URL }
        module.exports = { ...database, migrations: { directory: 'db' } }`,
    },
    write: (up: string, down: string) => `exports.up = (knex) => ${up}\nexports.down = (knex) => ${down}\n`,
    steps: steps.knex,
    apply: 'knex migrate:latest',
    undoOne: 'knex migrate:down',
    // what it does by itself in the good revision, which has no file of the newest migration
    alone: /migration directory is corrupt/,
  },
  'sequelize-cli': {
    table: 'SequelizeMeta',
    setUp: {
      '.sequelizerc': "module.exports = { config: 'config.js', 'migrations-path': 'db' }",
      'config.js': `module.exports = { development: { use_env_variable: 'DATABASE_URL', dialect: ${isMysql} ? 'mysql' : 'postgres' } }`,
    },
    write: (up: string, down: string) => `module.exports = { up: (q) => ${up}, down: (q) => ${down} }\n`,
    steps: steps.sequelize,
    apply: 'sequelize-cli db:migrate',
    undoOne: 'sequelize-cli db:migrate:undo',
    alone: /Unable to find migration: 20260404_notes/,
  },
  umzug: {
    table: 'SequelizeMeta',
    setUp: {
      'migrate.js': `const { Sequelize } = require('sequelize')
        const { Umzug, SequelizeStorage } = require('umzug')
        const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false })
        const umzug = new Umzug({ migrations: { glob: 'db/*.js' }, context: sequelize.getQueryInterface(), storage: new SequelizeStorage({ sequelize }), logger: console })
        umzug.runAsCLI().then((ok) => sequelize.close().then(() => { process.exitCode = ok ? 0 : 1 }))`,
    },
    write: (up: string, down: string) =>
      `exports.up = ({ context: q }) => ${up}\nexports.down = ({ context: q }) => ${down}\n`,
    steps: steps.sequelize,
    apply: 'node migrate.js up',
    undoOne: 'node migrate.js down',
    alone: undefined,
  },
} as const

const pairs: readonly [keyof typeof tools, Kind][] = [
  ['knex', 'sqlite'],
  ['knex', 'postgres'],
  ['sequelize-cli', 'mysql'],
  ['umzug', 'postgres'],
]

describe.each(pairs)('%s on %s', (tool, kind) => {
  const { table, setUp, write, steps, apply, undoOne, alone } = tools[tool]
  let repository: WorkRepository
  let good: Revision
  let bad: Revision
  beforeAll(async () => {
    repository = await openWorkRepository()
    await repository.write('.gitignore', 'node_modules\n')
    for (const [path, text] of Object.entries(setUp)) await repository.write(path, text)
    const commit = async (from: number, to: number) => {
      for (const [at, [up, down]] of steps.entries())
        if (at >= from && at < to) await repository.write(`db/${names[at]}.js`, write(up, down))
      return readRevision(repository, await repository.commit(`${to} migrations`))
    }
    good = await commit(0, 2)
    bad = await commit(2, 4)
    await repository.link('node_modules', packages)
  })
  afterAll(() => repository.remove())

  let database: TestDatabase
  let env: NodeJS.ProcessEnv
  const run = (command: string) =>
    promisify(execFile)('bash', ['-ec', command], { cwd: repository.directory, env })
  beforeEach(async () => {
    database = await makeDatabase(kind, scene.servers, scene.folder)
    env = { PATH: `${packages}/.bin:${process.env['PATH']}`, HOME: scene.folder, DATABASE_URL: database.url }
    for (const { id } of [good, bad]) {
      await repository.git('checkout', '--quiet', id)
      await run(apply)
    }
  })

  const undo = async (command: string) =>
    undoDeployment({
      engine: await database.engine(),
      store: openFolderStore(database.backups),
      folder: 'db',
      bad,
      selection: { by: 'added', good },
      command: (undone) =>
        runInCheckout(command, undone, { revision: bad.id, checkout: repository.directory, env }),
      environment: 'production',
      allowDataLoss: false,
      allowIrregular: false,
      dryRun: false,
      expected: undefined,
      recipient: undefined,
      scratch: scene.folder,
      now: () => new Date(),
      log: () => {},
    })

  const applied = async () => {
    const engine = await database.engine()
    const rows = await engine.query(`SELECT name FROM ${engine.quoteName(table)} ORDER BY name`)
    return rows.map(({ name }) => name)
  }

  const isApplied = async (table: string) => (await (await database.engine()).columnsOf(table)).length > 0

  test('undoes what the bad revision applied, in a checkout of that and in no other', async () => {
    await repository.git('checkout', '--quiet', good.id)
    if (alone === undefined) {
      await run(undoOne)
      expect(await applied()).toEqual(withoutShops)
      expect(await isApplied('shops')).toBe(false)
      await run(apply)
    } else await expect(run(undoOne)).rejects.toThrow(alone)
    const [, command = ''] = new RegExp(`^\\| ${tool} \\| \`([^\`]+)\``, 'm').exec(readme) ?? []
    expect(command).toContain(undoOne)
    await expect(undo(command)).rejects.toThrow(`has to run in a checkout of ${bad.id}`)
    expect(await applied()).toEqual(all)

    await repository.git('checkout', '--quiet', bad.id)
    const { undone } = await undo(command)
    expect(undone).toEqual(['20260404_notes.js', '20260303_stars.js'])
    expect(await applied()).toEqual(all.slice(0, 2))
    expect(await (await database.engine()).columnsOf('users')).not.toContain('stars')
    expect(await isApplied('shops')).toBe(true)
    expect(await isApplied('notes')).toBe(false)
    expect((await undo(command)).outcome).toBe('nothing-to-undo')
  })

  if (tool === 'umzug')
    test('is found out when it undoes another one, and the backup has what that took', async () => {
      await database.run('INSERT INTO shops (id) VALUES (7)')
      const error = await undo(`git checkout --quiet ${good.id}; ${undoOne}`).catch(String)
      expect(await applied()).toEqual(withoutShops)
      expect(error).toMatch(
        /20260404_notes\.js is still applied.*20260202_shops\.js is gone, and should not be/,
      )
      const [, name = ''] = /backup (\S+) has it as it was/.exec(String(error)) ?? []
      await database.restore(await readBackup(openFolderStore(database.backups), name))
      expect(await applied()).toEqual(all)
      expect(await (await database.engine()).query('SELECT id FROM shops')).toEqual([{ id: '7' }])
    })
})

async function readRevision({ git }: WorkRepository, id: string): Promise<Revision> {
  const paths = (await git('ls-tree', '-r', '--name-only', id)).split('\n')
  return {
    id,
    paths,
    read: async (path) => (paths.includes(path) ? git('show', `${id}:${path}`) : undefined),
  }
}
