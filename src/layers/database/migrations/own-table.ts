import { type Engine, journal, type ScriptRun, type Statement } from '../engine.ts'

/** The table for projects that have none of a tool: whoever applies a migration writes it there, with what undoes it. */
export const ownTable = 'migration_history'

/** A migration that a history table says is applied. */
export interface AppliedMigration {
  /** what the table calls it: a version or a name */
  readonly key: string
  /** the script that undoes it, as it was when it was applied, where the table has it */
  readonly down?: string | undefined
  readonly checksum?: string | undefined
  readonly revision?: string | undefined
}

/** Its optional columns: older tables may not have them. */
const optional = ['down_script', 'checksum', 'revision'] as const

/** A migration that was applied, as it is recorded. */
export interface AppliedRecord {
  readonly name: string
  readonly checksum: string
  readonly revision: string
  /** undefined for one that cannot be undone */
  readonly down: string | undefined
}

/** Creates the table where it is not there. */
export async function createOwnTable(engine: Engine): Promise<void> {
  if ((await engine.columnsOf(ownTable)).length > 0) return
  const [text, time] = engine.transactionalDdl ? ['TEXT', 'TEXT'] : ['LONGTEXT', 'VARCHAR(23)']
  await engine.runScript({
    script: `CREATE TABLE IF NOT EXISTS ${engine.quoteName(ownTable)} (name VARCHAR(255) NOT NULL, direction VARCHAR(4) NOT NULL, executed_at ${time} NOT NULL, checksum VARCHAR(64), revision VARCHAR(64), down_script ${text})`,
    after: [],
    transaction: false,
  })
}

/** What it says is applied, in the order in which that was done, and when the last change was. */
export async function readOwnTable(engine: Engine) {
  const columns = new Set(await engine.columnsOf(ownTable))
  const selected = optional.map((name) => (columns.has(name) ? name : `NULL AS ${name}`))
  const rows = await engine.query(
    `SELECT name, direction, executed_at, ${selected.join(', ')} FROM ${engine.quoteName(ownTable)} ORDER BY executed_at, name`,
  )
  const applied = new Map<string, AppliedMigration>()
  const begun = new Set<string>()
  for (const { name, direction, down_script, checksum, revision } of rows) {
    const key = name ?? ''
    // what is applied again comes last again
    applied.delete(key)
    if (direction === 'run') begun.add(key)
    else begun.delete(key)
    if (direction === 'up')
      applied.set(key, {
        key,
        down: down_script ?? undefined,
        checksum: checksum ?? undefined,
        revision: revision ?? undefined,
      })
  }
  return {
    entries: [...applied.values()],
    columns,
    changedAt: rows.at(-1)?.['executed_at'] ?? undefined,
    unknown: [...begun][0],
    partly: await findPartly(engine),
  }
}

/** A migration of which some statements ran, where the engine cannot undo them. */
async function findPartly(engine: Engine): Promise<string | undefined> {
  if (engine.transactionalDdl || (await engine.columnsOf(journal)).length === 0) return undefined
  const rows = await engine.query(`SELECT name FROM ${engine.quoteName(journal)} ORDER BY name`)
  const prefix = journalName('')
  return rows.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : []))[0]
}

/** What the journal calls the script that applies a migration: it is another one than that which undoes it. */
export function journalName(migration: string): string {
  return `apply ${migration}`
}

/** A statement that records a migration as applied. */
export function recordUp(
  engine: Engine,
  { name, checksum, revision, down }: AppliedRecord,
  at: Date,
): Statement {
  return insertOwn(engine, [
    ['name', name],
    ['direction', 'up'],
    ['executed_at', formatTime(at)],
    ['checksum', checksum],
    ['revision', revision],
    ...(down === undefined ? [] : [['down_script', down] as const]),
  ])
}

/** Records that a migration begins which runs outside a transaction: if it is cut off, nothing else says so. */
export function recordBegun(engine: Engine, name: string, at: Date): ScriptRun {
  const begun = insertOwn(engine, [
    ['name', name],
    ['direction', 'run'],
    ['executed_at', formatTime(at)],
  ])
  return { script: '', after: [begun], transaction: true }
}

/** A statement that takes that record away again. */
export function withdrawBegun(engine: Engine, name: string): Statement {
  return {
    sql: `DELETE FROM ${engine.quoteName(ownTable)} WHERE name = ? AND direction = 'run'`,
    values: [name],
  }
}

/** A statement that records a migration as undone. */
export function recordDown(
  engine: Engine,
  { key, checksum = '', revision = '' }: AppliedMigration,
  columns: ReadonlySet<string>,
): Statement {
  return insertOwn(engine, [
    ['name', key],
    ['direction', 'down'],
    ['executed_at', formatTime(new Date())],
    ...(columns.has('checksum') ? [['checksum', checksum] as const] : []),
    ...(columns.has('revision') ? [['revision', revision] as const] : []),
  ])
}

function insertOwn(engine: Engine, given: readonly (readonly [string, string])[]): Statement {
  return {
    sql: `INSERT INTO ${engine.quoteName(ownTable)} (${given.map(([name]) => name).join(', ')}) VALUES (${given.map(() => '?').join(', ')})`,
    values: given.map(([, value]) => value),
  }
}

/** To the millisecond, as text that sorts and that every engine takes for a time. */
function formatTime(at: Date): string {
  return at.toISOString().slice(0, 23).replace('T', ' ')
}
