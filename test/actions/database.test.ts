/** db-backup and db-restore as the runner runs them, on a real database. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { startBucketServer } from '../support/bucket.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let path: string
let storage: string
beforeEach(async () => {
  shop = await openBrokenShop()
  path = join(shop.directory, 'shop.db')
  storage = join(shop.directory, 'backups')
  sql("CREATE TABLE product (name TEXT PRIMARY KEY, price REAL); INSERT INTO product VALUES ('Kettle', 24.9)")
})
afterEach(() => shop.close())

function sql(text: string): void {
  const database = new DatabaseSync(path)
  database.exec(text)
  database.close()
}

function products() {
  const database = new DatabaseSync(path)
  try {
    return database
      .prepare('SELECT name FROM product ORDER BY name')
      .all()
      .map(({ name }) => name)
  } finally {
    database.close()
  }
}

async function run(action: 'db-backup' | 'db-restore', inputs: Record<string, string> = {}) {
  const common = { 'database-url': `sqlite:${path}`, storage }
  return runStep(await shop.job({ sha: shop.bad }), { action, inputs: { ...common, ...inputs } })
}

test('a backup before the deployment, and the way back to it', async () => {
  const made = await run('db-backup')
  expect({ code: made.exitCode, log: made.log }).toMatchObject({ code: 0 })
  expect(made.outputs).toMatchObject({ decision: 'backed-up', tables: '1', rows: '1', deleted: '0' })
  sql("INSERT INTO product VALUES ('Bad', 0); ALTER TABLE product ADD COLUMN stars")

  const planned = await run('db-restore', { 'dry-run': 'true' })
  expect({ code: planned.exitCode, log: planned.log }).toMatchObject({ code: 0 })
  expect(planned.outputs).toMatchObject({ decision: 'planned', 'rows-lost': '1' })
  expect(products()).toEqual(['Bad', 'Kettle'])

  const refused = await run('db-restore')
  expect(refused.exitCode).toBe(1)
  expect(refused.log).toContain('1 row of product, written since backup')
  expect(refused.outputs).toMatchObject({ decision: 'failed', 'reason-code': 'refused' })

  const restored = await run('db-restore', { 'export-newer': join(shop.directory, 'newer') })
  expect({ code: restored.exitCode, log: restored.log }).toMatchObject({ code: 0 })
  expect(restored.outputs).toMatchObject({
    decision: 'rolled-back',
    backup: made.outputs['backup'],
    'rows-lost': '1',
  })
  expect(restored.summary).toContain(restored.outputs['kept'])
  expect(products()).toEqual(['Kettle'])
  const [exported = ''] = readdirSync(join(shop.directory, 'newer'))
  expect(readFileSync(join(shop.directory, 'newer', exported, 'product.jsonl'), 'utf8')).toBe(
    '{"name":"Bad","price":0,"stars":null}\n',
  )

  const again = await run('db-restore')
  expect(again.outputs).toMatchObject({ decision: 'already-rolled-back' })
  const events = (await shop.history.read()).events.filter((event) => 'layer' in event)
  expect(events.map(({ kind }) => kind)).toEqual(['rollback-failed', 'rollback-applied'])
  // in the words of the front door, which goes on with it
  expect(events[1]).toMatchObject({
    layer: 'database',
    from: basename(path),
    to: made.outputs['backup'],
    kept: { database: restored.outputs['kept'] },
  })
})

describe('migrations', () => {
  const up = {
    'db/1_stars.up.sql': 'ALTER TABLE product ADD stars;',
    'db/2_notes.up.sql': 'CREATE TABLE notes (a);',
  }
  const down = {
    'db/1_stars.down.sql': 'ALTER TABLE product DROP stars;',
    'db/2_notes.down.sql': 'DROP TABLE notes;',
  }
  const columns = () => {
    const database = new DatabaseSync(path)
    const names = database.prepare("SELECT name FROM pragma_table_info('product')").all()
    database.close()
    return names.map(({ name }) => name)
  }

  test('are applied by db-migrate, and undone by what it recorded', async () => {
    const revision = await shop.commit({ ...up, ...down }, { message: 'Stars' })
    shop.deploy(revision)
    const job = await shop.job({ sha: revision })
    const migrate = (more: Record<string, string> = {}) =>
      runStep(job, {
        action: 'db-migrate',
        inputs: { 'database-url': `sqlite:${path}`, migrations: 'db', revision, ...more },
      })
    const planned = await migrate({ 'dry-run': 'true' })
    expect({ log: planned.log, ...planned.outputs }).toMatchObject({ decision: 'planned', applied: '0' })
    expect(planned.log).toContain('the whole database: writes wait')
    expect(columns()).toEqual(['name', 'price'])
    const applied = await migrate()
    expect({ log: applied.log, ...applied.outputs }).toMatchObject({
      decision: 'migrated',
      applied: '2',
      'stands-at': '2_notes',
    })
    expect(columns()).toEqual(['name', 'price', 'stars'])
    expect((await migrate()).outputs).toMatchObject({ decision: 'already-migrated', applied: '0' })
    const inputs = { migrations: 'db', revision, strategy: 'migrations', 'to-revision': shop.good }
    const undone = await run('db-restore', inputs)
    expect({ log: undone.log, ...undone.outputs }).toMatchObject({ decision: 'rolled-back', undone: '2' })
    expect(undone.log).toContain('undoes 2_notes, with the down script from the history table')
    expect(columns()).toEqual(['name', 'price'])
  })

  test('of a deployment are undone by what was recorded before it, and the code goes back after', async () => {
    const revision = await shop.commit({ ...up, ...down }, { message: 'Stars' })
    shop.deploy(revision)
    const inputs = { migrations: 'db', revision }
    sql('CREATE TABLE schema_migrations (version int, dirty boolean)')
    await run('db-backup', inputs)
    sql('ALTER TABLE product ADD stars; CREATE TABLE notes (a); INSERT INTO schema_migrations VALUES (2, 0)')
    const bad = { ...inputs, strategy: 'migrations', 'to-revision': shop.good }
    const planned = await run('db-restore', { ...bad, 'dry-run': 'true' })
    expect({ log: planned.log, ...planned.outputs }).toMatchObject({ decision: 'planned' })
    expect(columns()).toEqual(['name', 'price', 'stars'])

    const undone = await run('db-restore', bad)
    expect({ log: undone.log, ...undone.outputs }).toMatchObject({ decision: 'rolled-back', undone: '2' })
    expect(undone.log).toContain(
      'undoes 2_notes, with the down script from the backup from before the deployment',
    )
    expect(columns()).toEqual(['name', 'price'])
    expect(undone.outputs['backup']).toMatch(/^\d{8}T/)

    const rolledBack = await runStep(await shop.job({ sha: revision }), {
      action: 'git-rollback',
      inputs: { target: shop.good, revision },
    })
    expect({ log: rolledBack.log, code: rolledBack.exitCode }).toMatchObject({ code: 0 })
    const again = await run('db-restore', bad)
    expect(again.outputs).toMatchObject({ decision: 'already-rolled-back', 'reason-code': 'nothing-applied' })
    const events = (await shop.history.read()).events.filter((event) => 'layer' in event)
    expect(events).toMatchObject([
      {
        layer: 'database',
        from: '2_notes',
        to: 'no migration',
        undone: [{ title: '2_notes' }, { title: '1_stars' }],
        kept: { backup: undone.outputs['backup'], migrations: ['2_notes', '1_stars'] },
      },
      { layer: 'code' },
    ])
  })

  test.each([
    [{}, 'input "migrations" is required where input "strategy" is migrations'],
    [{ migrations: 'db', to: 'x', last: '1' }, 'exclude each other'],
    [{ migrations: 'db', last: 'many' }, 'input "last" is "many"; write a whole number'],
    [{ migrations: 'db', last: '1' }, 'has no history table of migrations that is known'],
  ])('of inputs %j, one clear error', async (inputs, message) => {
    const { exitCode, log } = await run('db-restore', { strategy: 'migrations', ...inputs })
    expect(exitCode).toBe(1)
    expect(log).toContain(message)
  })
})

describe('the retention', () => {
  test('keeps the newest, the pinned, and that of a live revision; a damaged one does not count', async () => {
    const first = await run('db-backup', { pin: 'true' })
    const damaged = await run('db-backup')
    const name = damaged.outputs['backup'] ?? ''
    writeFileSync(join(storage, name, 'database.sqlite.zst'), 'no')
    const later = async (text: string) => {
      const revision = await shop.commit({ 'later.txt': text })
      return run('db-backup', { revision, keep: '2' })
    }
    const older = await later('2')
    const third = await later('3')
    const last = await later('4')
    expect(last.outputs).toMatchObject({ deleted: '1' })
    expect(last.log).toContain(`deleted backup ${older.outputs['backup']}`)
    expect(last.log).toContain(`${name} is kept and does not count`)
    const kept = [first, damaged, third, last].map(({ outputs }) => outputs['backup'])
    expect(readdirSync(storage).sort()).toEqual(kept.sort())

    const verified = await run('db-backup', { operation: 'verify' })
    expect(verified.exitCode).toBe(1)
    expect(verified.outputs).toMatchObject({ decision: 'damaged' })
    expect(verified.log).toContain(name)
  })
})

test('a misspelled folder of migrations is said by the backup, and refused by the way back', async () => {
  const made = await run('db-backup', { migrations: 'db/migratons' })
  expect({ exitCode: made.exitCode, log: made.log }).toMatchObject({
    exitCode: 0,
    log: expect.stringContaining('has no migrations in db/migratons, so the backup records none'),
  })
  const { exitCode, log, outputs } = await run('db-restore', {
    strategy: 'migrations',
    migrations: 'db/migratons',
  })
  expect({ exitCode, log, decision: outputs['decision'] }).toMatchObject({
    exitCode: 1,
    log: expect.stringContaining('input "migrations" is "db/migratons", and neither'),
    decision: 'failed',
  })
})

test('a database that holds what the backup does is left as it is, for that reason', async () => {
  await run('db-backup')
  const { exitCode, log, outputs } = await run('db-restore')
  expect({ exitCode, log, ...outputs }).toMatchObject({
    exitCode: 0,
    decision: 'already-rolled-back',
    'reason-code': 'same-content',
  })
  expect(log).toMatch(/production: already-rolled-back: shop.db holds what backup \S+ does/)
  expect(log).not.toContain('changed nothing')
})

test('a backup of another environment is restored only if that is allowed, and the plan says so', async () => {
  const staging = await run('db-backup', { environment: 'staging' })
  sql("INSERT INTO product VALUES ('Pot', 12)")
  const inputs = { backup: staging.outputs['backup'] ?? '', 'allow-data-loss': 'true' }
  const refused = await run('db-restore', inputs)
  expect({ exitCode: refused.exitCode, log: refused.log }).toMatchObject({
    exitCode: 1,
    log: expect.stringContaining(
      'was made in environment staging, and this is production; set input "allow-other-source"',
    ),
  })
  expect(products()).toEqual(['Kettle', 'Pot'])
  const allowed = await run('db-restore', { ...inputs, 'allow-other-source': 'true' })
  expect({ log: allowed.log, ...allowed.outputs }).toMatchObject({ decision: 'rolled-back' })
  expect(allowed.log).toContain('was made in environment staging')
  expect(products()).toEqual(['Kettle'])
})

test('without compression, a folder keeps the database file itself, and a bucket is refused', async () => {
  const made = await run('db-backup', { compression: 'none' })
  expect({ code: made.exitCode, log: made.log }).toMatchObject({ code: 0 })
  const file = join(storage, made.outputs['backup'] ?? '', 'database.sqlite')
  const stored = new DatabaseSync(file, { readOnly: true })
  expect(stored.prepare('SELECT name FROM product').all()).toEqual([{ name: 'Kettle' }])
  stored.close()

  const refused = await run('db-backup', { compression: 'none', storage: 's3://backups/shop' })
  expect(refused.exitCode).toBe(1)
  expect(refused.log).toContain('input "compression" is none and input "storage" is a bucket')
})

test('a bucket keeps the backups, with keys from env that are in no log', async () => {
  const server = await startBucketServer({ bucket: 'backups' })
  try {
    const job = await shop.job({ sha: shop.bad })
    const inputs = { 'database-url': `sqlite:${path}`, storage: 's3://backups/shop' }
    const made = await runStep(job, { action: 'db-backup', inputs, env: server.env })
    expect({ log: made.log, ...made.outputs }).toMatchObject({ decision: 'backed-up' })
    sql('DELETE FROM product')
    const restored = await runStep(job, { action: 'db-restore', inputs, env: server.env })
    expect({ log: restored.log, ...restored.outputs }).toMatchObject({
      decision: 'rolled-back',
      backup: made.outputs['backup'],
    })
    expect(products()).toEqual(['Kettle'])
    const wrong = { ...server.env, AWS_SECRET_ACCESS_KEY: 'Hunter2-Hunter2' }
    const refused = await runStep(job, { action: 'db-restore', inputs, env: wrong })
    expect(refused.log).toContain('refused: 403')
    expect(refused.outputs).toMatchObject({ 'reason-code': 'refused' })
    for (const { log, summary } of [made, restored, refused]) {
      expect(log + summary).not.toContain(server.env['AWS_SECRET_ACCESS_KEY'])
      expect(log + summary).not.toContain('Hunter2')
    }
  } finally {
    await server.stop()
  }
})

test('an encrypted backup without an identity is refused by the plan, and nothing begins', async () => {
  const recipient = await identityToRecipient(await generateIdentity())
  await run('db-backup', { recipient })
  sql('DELETE FROM product')
  for (const inputs of [{ 'dry-run': 'true' }, { 'allow-data-loss': 'true' }]) {
    const { exitCode, log } = await run('db-restore', inputs)
    expect({ exitCode, log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('is encrypted; give input "identity" the identity that its recipient'),
    })
  }
  expect((await shop.history.read()).events).toEqual([])
})

test('secrets are in no log, output, summary or file', async () => {
  const identity = await generateIdentity()
  const recipient = await identityToRecipient(identity)
  const made = await run('db-backup', { recipient })
  sql('DELETE FROM product')
  const restored = await run('db-restore', { identity, 'allow-data-loss': 'true' })
  expect({ code: restored.exitCode, log: restored.log }).toMatchObject({ code: 0 })
  expect(products()).toEqual(['Kettle'])
  const text = [made, restored]
    .map(({ log, summary, outputs }) => [log, summary, JSON.stringify(outputs)])
    .join()
  expect(text).not.toContain(identity)

  const password = 'Hunter2-Hunter2'
  const url = `postgres://app:${password}@127.0.0.1:1/app`
  const failed = await run('db-backup', { 'database-url': url })
  expect(failed.exitCode).toBe(1)
  expect(failed.log + failed.summary + JSON.stringify(failed.outputs)).not.toContain(password)
})

test.each([
  [{ 'database-url': 'oracle://x/y' }, 'input "database-url" is of a kind of database that is not known'],
  [{ 'database-url': 'postgres://u@h' }, 'input "database-url" names no database'],
  [{ backup: '../../etc/x' }, 'write the name of a backup'],
  [{ storage: 'gs://bucket' }, 'input "storage" is "gs://bucket"'],
  [{}, 'there is no backup from before the deployment of'],
])('of inputs %j, one clear error', async (inputs, message) => {
  const { exitCode, log } = await run('db-restore', inputs)
  expect(exitCode).toBe(1)
  expect(log).toContain(message)
})
