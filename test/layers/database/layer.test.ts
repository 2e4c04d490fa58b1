/** The database as a layer of a rollback, on real databases of every kind. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { makeBackup } from '../../../src/layers/database/backup.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import type { Engine } from '../../../src/layers/database/engine.ts'
import { openDatabaseLayer } from '../../../src/layers/database/layer.ts'
import type { DatabaseLayerOptions } from '../../../src/layers/database/layer-options.ts'
import type { Revision, Selection } from '../../../src/layers/database/migrations/plan.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { type Servers, startServers } from '../../support/databases.ts'

const revision = (id: string, files: Readonly<Record<string, string>>): Revision => ({
  id: id.repeat(40),
  paths: Object.keys(files),
  read: async (path) => files[path],
})
const first = { 'db/1_users.up.sql': 'x', 'db/1_users.down.sql': 'DROP TABLE users;' }
const good = revision('a', first)
const bad = revision('b', {
  ...first,
  'db/2_stars.up.sql': 'x',
  'db/2_stars.down.sql': 'ALTER TABLE users DROP COLUMN stars;',
  'db/3_notes.up.sql': 'x',
  'db/3_notes.down.sql': 'DROP TABLE notes;',
})

let server: Servers
let folder: string
let engine: Engine
beforeAll(async () => {
  server = await startServers()
})
afterAll(() => server.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layer-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The database as it was before the bad deployment, backed up. */
async function prepare(kind: string, recipient?: string): Promise<void> {
  await server.postgres.sql('postgres', 'DROP DATABASE IF EXISTS shop WITH (FORCE)')
  await server.postgres.sql('postgres', 'CREATE DATABASE shop')
  await server.mysql.sql(undefined, 'DROP DATABASE IF EXISTS shop', 'CREATE DATABASE shop')
  const url = {
    sqlite: `sqlite:${folder}/shop`,
    postgres: server.postgres.url('shop'),
    mysql: server.mysql.url('shop'),
  }[kind]
  engine = await openEngine(parseConnection(url ?? ''), {
    env: process.env,
    scratch: join(folder, 'tools'),
    log: () => {},
  })
  for (const { name } of await engine.listKept()) await engine.dropKept(name)
  await run(
    'CREATE TABLE schema_migrations (version bigint, dirty boolean)',
    'INSERT INTO schema_migrations VALUES (1, FALSE)',
    'CREATE TABLE users (id int)',
    'INSERT INTO users VALUES (1), (2)',
  )
  await makeBackup({
    engine,
    store: openFolderStore(join(folder, 'backups')),
    environment: 'production',
    before: bad.id,
    migrations: [],
    pinned: false,
    recipient,
    verify: 'restore',
    scratch: join(folder, 'scratch'),
    now: () => new Date(),
    log: () => {},
  })
}

const deploy = () =>
  run(
    'ALTER TABLE users ADD stars int',
    'CREATE TABLE notes (body varchar(9))',
    'UPDATE schema_migrations SET version = 3',
  )

const run = (...statements: string[]) =>
  engine.runScript({
    script: statements.map((each) => `${each};\n`).join(''),
    after: [],
    transaction: false,
  })

function open(options: Partial<DatabaseLayerOptions> = {}) {
  return openDatabaseLayer({
    engine,
    store: openFolderStore(join(folder, 'backups')),
    environment: 'production',
    bad,
    migrations: { folder: 'db', selection: { by: 'added', good }, command: undefined },
    strategy: 'migrations',
    allowDataLoss: false,
    mayRestoreAlone: false,
    automatic: false,
    keepOldMs: 3_600_000,
    recipient: undefined,
    identity: undefined,
    earlier: undefined,
    scratch: join(folder, 'scratch'),
    now: () => new Date(),
    log: () => {},
    ...options,
  })
}

test('a folder without migrations in either revision is an error in a step for it, and said in a rollback of all', async () => {
  await prepare('sqlite')
  const migrations = { folder: 'bd', selection: { by: 'added', good }, command: undefined } as const
  await expect(open({ migrations, isExplicit: true }).plan()).rejects.toThrow(
    'is "bd", and neither bbbbbbb nor aaaaaaa has migrations in bd; write their folder',
  )
  const { view } = await open({ migrations }).plan()
  expect(view).toMatchObject({
    state: 'nothing',
    left: 'neither bbbbbbb nor aaaaaaa has migrations in bd',
  })
})

describe('the backup made before migrations are undone', () => {
  /** The first bytes of its files, and what others may do with them. */
  async function readSafetyCopy(name: string) {
    const path = join(folder, 'backups', name)
    const names = (await readdir(path)).filter((each) => each !== 'manifest.json')
    const heads = await Promise.all(
      names.map(async (each) => (await readFile(join(path, each))).subarray(0, 18)),
    )
    const modes = await Promise.all(
      ['', 'manifest.json', ...names].map(async (each) => (await stat(join(path, each))).mode & 0o777),
    )
    return { heads: new Set(heads.map(String)), modes: modes.map((mode) => mode.toString(8)) }
  }
  const age = new Set(['age-encryption.org'])
  const nameOf = (kept: Readonly<Record<string, unknown>>) => String(kept['backup'])

  test.each(['sqlite', 'postgres', 'mysql'])(
    'is encrypted to the recipient, only its owner can read it, and the plan says so: %s',
    async (kind) => {
      const identity = await generateIdentity()
      const recipient = await identityToRecipient(identity)
      await prepare(kind, recipient)
      await deploy()
      const blind = await planOf({ recipient })
      expect(blind.view.steps[0]).toBe(`back up shop as it is now, encrypted to ${recipient.slice(0, 12)}…`)
      expect(blind.view.warnings).toEqual([expect.stringContaining('has no identity that opens it')])
      const plan = await planOf({ recipient, identity })
      expect(plan.view.warnings).toEqual([])
      const receipt = await plan.apply()
      const { heads, modes } = await readSafetyCopy(nameOf(receipt.kept))
      expect(heads).toEqual(age)
      expect(modes).toEqual(['700', '600', ...Array(modes.length - 2).fill('600')])
      await open({ recipient, identity }).undo(receipt)
      expect(await stars()).toEqual(['id', 'stars'])
    },
  )

  test('is encrypted to the recipient of the identity where no other is set', async () => {
    const identity = await generateIdentity()
    await prepare('sqlite', await identityToRecipient(identity))
    await deploy()
    const plan = await planOf({ identity: `# created: today\n${identity}\n` })
    expect(plan.view.steps[0]).toBe('back up shop as it is now, encrypted to the recipient of the identity')
    const receipt = await plan.apply()
    expect((await readSafetyCopy(nameOf(receipt.kept))).heads).toEqual(age)
    await open({ identity }).undo(receipt)
    expect(await stars()).toEqual(['id', 'stars'])
  })

  test('is not made in the clear where the last backup is encrypted: the plan is refused, whatever the strategy', async () => {
    await prepare('sqlite', await identityToRecipient(await generateIdentity()))
    await deploy()
    for (const strategy of ['migrations', 'both'] as const)
      await expect(planOf({ strategy })).rejects.toThrow(
        /`database.recipient` is not set, and backup \S+ is encrypted: .* write the public key/,
      )
    expect(await stars()).toEqual(['id', 'stars'])
  })

  test('is in the clear without a recipient, which the plan says', async () => {
    await prepare('sqlite')
    await deploy()
    const { view } = await planOf()
    expect(view.steps[0]).toBe('back up shop as it is now, not encrypted: no recipient is set')
  })

  test.each(['age1nonsense', 'AGE-SECRET-KEY-1QQQ', ' '])(
    'a recipient that is none, %j, is refused by the plan',
    async (recipient) => {
      await prepare('sqlite')
      await deploy()
      await expect(planOf({ recipient })).rejects.toThrow(
        '`database.recipient` is not a public key of age; write the line that starts with age1',
      )
    },
  )

  test('an identity that is none is refused by the plan, and not repeated', async () => {
    await prepare('sqlite')
    await deploy()
    await expect(planOf({ identity: 'AGE-SECRET-KEY-1QQQ' })).rejects.toThrow(
      /^`database.identity` is not an identity of age; write the line that starts with AGE-SECRET-KEY-$/,
    )
  })
})

const planOf = async (options: Partial<DatabaseLayerOptions> = {}) => open(options).plan()
const stars = () => engine.columnsOf('users')
const users = async () => Number((await engine.query('SELECT count(*) AS n FROM users'))[0]?.['n'])

describe.each(['sqlite', 'postgres', 'mysql'])('on %s', (kind) => {
  beforeEach(() => prepare(kind), 30_000)

  test('the migrations of the deployment are undone, it holds, and they can be taken back', async () => {
    expect((await planOf()).view).toMatchObject({ state: 'nothing' })
    await deploy()
    const plan = await planOf()
    expect(plan.view).toMatchObject({
      state: 'pending',
      from: '3_notes',
      to: '1',
      undone: [{ title: '3_notes' }, { title: '2_stars' }],
      losses: [],
      needsPerson: [],
      basis: { applied: '1, 2, 3' },
    })
    expect((await planOf()).view).toEqual(plan.view)
    const receipt = await plan.apply()
    expect(receipt).toMatchObject({
      outcome: 'rolled-back',
      from: '3_notes',
      to: '1',
      verified: { ok: true },
    })
    expect(await stars()).toEqual(['id'])

    // another job, which knows nothing of the first, or what the history says
    for (const earlier of [undefined, receipt]) {
      const again = await planOf({ earlier })
      expect(again.view).toMatchObject({ state: 'done', from: '3_notes', to: '1' })
      const { outcome, from, to, kept } = await again.apply()
      expect({ outcome, from, to, kept }).toEqual({
        outcome: 'already-rolled-back',
        from: '3_notes',
        to: '1',
        kept: receipt.kept,
      })
    }
    await expect(plan.apply()).rejects.toThrow(
      /the plan was to undo 3_notes, 2_stars, and this run would undo/,
    )

    for (const _time of ['once', 'twice']) await open().undo(receipt)
    expect(await stars()).toEqual(['id', 'stars'])
    expect((await planOf()).view).toMatchObject({ state: 'pending' })
  })

  test('the backup is restored by a person or where that is allowed, it holds, and what was there comes back', async () => {
    await deploy()
    const options = { strategy: 'backup', allowDataLoss: true } as const
    expect((await planOf(options)).view.needsPerson).toHaveLength(1)
    await run('INSERT INTO users VALUES (3, 5)')
    const plan = await planOf({ ...options, mayRestoreAlone: true })
    expect(plan.view).toMatchObject({ state: 'pending', from: 'shop', needsPerson: [] })
    expect(plan.view.losses).toEqual([
      expect.stringMatching(/^table (?:public\.)?users: at least 1 row written since the backup$/),
    ])
    await expect((await planOf({ strategy: 'backup' })).apply()).rejects.toThrow(/would be lost/)
    expect(await users()).toBe(3)

    const receipt = await plan.apply()
    expect(receipt).toMatchObject({ outcome: 'rolled-back', to: plan.view.to, verified: { ok: true } })
    expect({ columns: await stars(), users: await users() }).toEqual({ columns: ['id'], users: 2 })
    const unrecorded = await planOf(options)
    expect(unrecorded.view).toMatchObject({ state: 'done' })
    expect((await unrecorded.apply()).kept).toEqual(receipt.kept)
    // people go on working: that is not taken from them by the same rollback again
    await run('INSERT INTO users VALUES (4)')
    expect((await planOf({ ...options, earlier: receipt })).view).toMatchObject({ state: 'done' })

    await new Promise((resolve) => setTimeout(resolve, 1100))
    for (const _time of ['once', 'twice'])
      expect(await open(options).undo(receipt)).toMatch(/is again the database that was kept as shop_before_/)
    expect({ columns: await stars(), users: await users() }).toEqual({ columns: ['id', 'stars'], users: 3 })
    expect(await engine.listKept()).toHaveLength(1)
  })

  test('what the history says is done is pending when the database was migrated again since', async () => {
    await deploy()
    const undone = await (await planOf()).apply()
    expect((await planOf({ earlier: undone })).view).toMatchObject({ state: 'done' })
    await deploy()
    expect((await planOf({ earlier: undone })).view).toMatchObject({ state: 'pending', from: '3_notes' })

    const options = { strategy: 'backup', allowDataLoss: true } as const
    const restored = await (await planOf(options)).apply()
    expect((await planOf({ ...options, earlier: restored })).view).toMatchObject({ state: 'done' })
    await deploy()
    expect((await planOf({ ...options, earlier: restored })).view).toMatchObject({ state: 'pending' })
  })

  test('where a migration cannot be undone, the backup is restored instead', async () => {
    await deploy()
    const { 'db/3_notes.down.sql': _gone, ...files } = Object.fromEntries(
      await Promise.all(bad.paths.map(async (path) => [path, (await bad.read(path)) ?? ''])),
    )
    const irreversible = revision('b', files)
    await expect(planOf({ bad: irreversible })).rejects.toThrow(/3_notes cannot be undone/)
    const plan = await planOf({ bad: irreversible, strategy: 'both' })
    expect(plan.view.warnings[0]).toMatch(/^the migrations cannot be undone: migration 3_notes/)
    expect(plan.view.needsPerson).toHaveLength(1)
    expect(await plan.apply()).toMatchObject({ outcome: 'rolled-back' })
    expect(await stars()).toEqual(['id'])
  })

  test('where a script fails, the backup is restored, unless nobody was asked', async () => {
    await deploy()
    const broken: Revision = {
      ...bad,
      read: async (path) =>
        path.includes('2_stars.down') ? 'ALTER TABLE users DROP COLUMN moons;' : bad.read(path),
    }
    const options = { bad: broken, strategy: 'both' } as const
    await expect((await planOf({ ...options, automatic: true })).apply()).rejects.toThrow(/moons/)
    const receipt = await (await planOf(options)).apply()
    expect(receipt).toMatchObject({ outcome: 'rolled-back', kept: { backup: expect.any(String) } })
    expect({ columns: await stars(), notes: await engine.columnsOf('notes') }).toEqual({
      columns: ['id'],
      notes: [],
    })
  })
})

describe('the plan', () => {
  beforeEach(() => prepare('sqlite'))

  test('needs a person where data would be taken away, and is refused without being asked', async () => {
    await deploy()
    await run('UPDATE users SET stars = 5')
    const plan = await planOf()
    expect(plan.view.losses).toEqual(['2_stars: column stars of users, which has a value in 2 rows'])
    expect(plan.view.needsPerson).toHaveLength(1)
    await expect(plan.apply()).rejects.toThrow(/would remove/)
    expect((await planOf({ allowDataLoss: true })).view.needsPerson).toEqual([])
  })

  test.each([
    [1, '2', ['id', 'stars']],
    [2, '1', ['id']],
  ])(
    'of the last %d is carried out once, and its look afterwards does not count them again',
    async (last, to, columns) => {
      await deploy()
      const selection = { by: 'count', last } as const
      const plan = await planOf({
        migrations: { folder: 'db', selection, command: undefined },
        isExplicit: true,
      })
      expect(await plan.apply()).toMatchObject({ outcome: 'rolled-back', to, verified: { ok: true } })
      expect(await stars()).toEqual(columns)
    },
  )

  test.each<[Selection, string]>([
    [{ by: 'count', last: 4 }, '`last` is 4, and only 3 applied migrations can be undone; write at most 3'],
    [{ by: 'name', to: '7' }, 'write one of 1, 2, 3, or "no migration" to undo all of them'],
  ])('of %j is refused with what can be undone', async (selection, why) => {
    await deploy()
    const migrations = { folder: 'db', selection, command: undefined }
    await expect(planOf({ migrations, isExplicit: true })).rejects.toThrow(why)
  })

  test.each<[Selection, string]>([
    [{ by: 'count', last: 1 }, '`last` is 1, and no migration is applied: there is nothing to undo'],
    [{ by: 'name', to: '7' }, 'no migration is applied, and there is nothing to undo'],
  ])('of %j is refused where nothing is applied', async (selection, why) => {
    await deploy()
    await run('DELETE FROM schema_migrations')
    const migrations = { folder: 'db', selection, command: undefined }
    await expect(planOf({ migrations, isExplicit: true })).rejects.toThrow(why)
  })

  test('of all migrations goes to where none is applied', async () => {
    await deploy()
    await run('DELETE FROM schema_migrations WHERE version < 3')
    const all = (to: string | undefined) => ({
      folder: 'db',
      selection: { by: 'name', to } as const,
      command: undefined,
    })
    const { view } = await planOf({ migrations: all(undefined), isExplicit: true, allowDataLoss: true })
    expect(view).toMatchObject({ from: '3_notes', to: 'no migration', undone: { length: 3 } })
    expect(view.foundBy).toMatch(/all were requested$/)
  })

  test('is for nothing when the deployment brought no migration', async () => {
    expect((await planOf({ bad: good })).view).toMatchObject({ state: 'nothing', steps: [] })
    await expect(planOf({ migrations: undefined })).rejects.toThrow(/database\.migrations/)
  })

  test('is refused when the database was migrated since', async () => {
    await deploy()
    const plan = await planOf({ strategy: 'backup', allowDataLoss: true })
    await run('CREATE TABLE more (a)')
    await expect(plan.apply()).rejects.toThrow(/is not the planned one/)
  })

  test('goes on with an undoing that was interrupted, and takes all of it back', async () => {
    await deploy()
    await run("INSERT INTO notes VALUES ('hello')")
    const broken: Revision = {
      ...bad,
      read: async (path) => (path.includes('2_stars.down') ? 'DROP TABLE nothing;' : bad.read(path)),
    }
    await expect((await planOf({ bad: broken, allowDataLoss: true })).apply()).rejects.toThrow(/nothing/)
    expect(await engine.columnsOf('notes')).toEqual([])
    const receipt = await (await planOf({ allowDataLoss: true })).apply()
    expect(receipt).toMatchObject({ from: '2_stars' })
    await open({ allowDataLoss: true }).undo(receipt)
    expect(await engine.query('SELECT body FROM notes')).toEqual([{ body: 'hello' }])
  })

  test('of what was replaced and is kept no more, says that it cannot be put back', async () => {
    const done = { from: 'shop', to: 'x', now: 'x', kept: { database: 'shop_before_20260101000000000' } }
    await expect(open().undo(done)).rejects.toThrow(/no longer exists/)
    await expect(open().undo({ ...done, kept: {} })).rejects.toThrow(/names no copy/)
  })
})
