/** db-backup and db-restore as the runner runs them, on a real database. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { runStep } from '../../src/drill/runner.ts'
import { openBrokenShop } from '../support/repository.ts'

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
  expect(refused.log).toContain('1 rows of product were written since backup')
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
  const { events } = await shop.history.read()
  expect(events.map(({ kind }) => kind)).toEqual(['rollback-failed', 'rollback-applied'])
  expect(events[1]).toMatchObject({ layer: 'database', to: made.outputs['backup'] })
}, 60_000)

describe('the retention', () => {
  test('keeps the newest, the pinned, and that of a live revision; a damaged one does not count', async () => {
    const first = await run('db-backup', { pin: 'true' })
    const damaged = await run('db-backup')
    const name = damaged.outputs['backup'] ?? ''
    writeFileSync(join(storage, name, 'database.sqlite.zst'), 'no')
    const older = await run('db-backup', { revision: '2'.repeat(40), keep: '2' })
    const third = await run('db-backup', { revision: '3'.repeat(40), keep: '2' })
    const last = await run('db-backup', { revision: '4'.repeat(40), keep: '2' })
    expect(last.outputs).toMatchObject({ deleted: '1' })
    expect(last.log).toContain(`deleted backup ${older.outputs['backup']}`)
    expect(last.log).toContain(`${name} is left alone and does not count`)
    const kept = [first, damaged, third, last].map(({ outputs }) => outputs['backup'])
    expect(readdirSync(storage).sort()).toEqual(kept.sort())

    const verified = await run('db-backup', { operation: 'verify' })
    expect(verified.exitCode).toBe(1)
    expect(verified.outputs).toMatchObject({ decision: 'damaged' })
    expect(verified.log).toContain(name)
  }, 60_000)
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
}, 60_000)

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
