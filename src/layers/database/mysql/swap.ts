import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ConflictError } from '../../../errors.ts'
import { errorNumber, lockWaitTimeout, type Session } from './connect.ts'
import { listTables } from './contents.ts'
import {
  createPrograms,
  dropPrograms,
  isInert,
  type Program,
  programsSchema,
  readPrograms,
} from './programs.ts'

/** How often the tables are asked for: each time, clients wait for at most a second. */
const tries = 10

/** The table in the kept database that says how far a swap came; when it is over, it says what there was but tables. */
const journal = 'rollback_journal'
const programsOf = 'rollback_programs'
const own = [journal, programsOf]

export interface Swap {
  readonly live: string
  readonly copy: string
  readonly kept: string
  /** of the live database, and of the backup */
  readonly before: readonly Program[]
  readonly after: readonly Program[]
}

/**
 * Moves every table of the live database to the kept one and every table of the copy to the live one, by one RENAME TABLE,
 * which is atomic. A table with triggers cannot be moved, and triggers, views, routines and events cannot be in one
 * statement with it: what they are is written down first, so that after a crash `recover` ends what was begun.
 */
export async function swapTables(session: Session, swap: Swap): Promise<void> {
  const { live, copy, kept, before, after } = swap
  const triggers = before.filter(({ kind }) => kind === 'trigger')
  const moves = [
    ...(await listOthers(session, live)).map((name) => [live, name, kept, name]),
    ...(await listOthers(session, copy)).map((name) => [copy, name, live, name]),
  ]
  await writeJournal(session, swap)
  await session.query('SET SESSION foreign_key_checks = 0, lock_wait_timeout = 1')
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.query('USE ??', [live])
      // the last one first: what is left after a crash are the first ones, and the others follow them again
      await dropPrograms(session, triggers.toReversed())
      await session.query(`RENAME TABLE ${moves.map(() => '??.?? TO ??.??').join(', ')}`, moves.flat())
      break
    } catch (error) {
      await putTriggersBack(session, triggers)
      if (errorNumber(error) !== lockWaitTimeout || attempt === tries) {
        await session.query('DROP DATABASE ??', [kept])
        if (errorNumber(error) !== lockWaitTimeout) throw error
        throw new ConflictError(
          `transactions that do not end hold tables of ${live}, so nothing was changed: end them and try again`,
        )
      }
      await sleep(300)
    }
  }
  await finish(session, { live, kept, before, after })
}

/** Makes those that are missing, however long it takes to get their tables. */
async function putTriggersBack(session: Session, triggers: readonly Program[]): Promise<void> {
  await session.query('SET SESSION lock_wait_timeout = 60')
  const there = new Set((await readPrograms(session)).map(({ kind, name }) => `${kind} ${name}`))
  await createPrograms(
    session,
    triggers.filter(({ name }) => !there.has(`trigger ${name}`)),
  )
  await session.query('SET SESSION lock_wait_timeout = 1')
}

/** Rows are being written meanwhile. */
function isFirst(kind: Program['kind']): boolean {
  return kind === 'trigger' || kind === 'default' || kind === 'foreign key'
}

async function finish(session: Session, { live, kept, before, after }: Omit<Swap, 'copy'>): Promise<void> {
  // the tables have moved: what follows may wait for transactions of clients
  await session.query('SET SESSION lock_wait_timeout = 60')
  await session.query('USE ??', [live])
  await createPrograms(
    session,
    after.filter(({ kind }) => isFirst(kind)),
  )
  await session.query('USE ??', [kept])
  // they have moved with their tables, and refer by name
  await dropPrograms(
    session,
    before.filter(({ kind }) => kind === 'foreign key'),
  )
  await session.query('USE ??', [live])
  const wanted = new Set(after.map(({ kind, name }) => `${kind} ${name}`))
  await dropPrograms(
    session,
    before.filter(
      ({ kind, name }) => kind !== 'trigger' && kind !== 'foreign key' && !wanted.has(`${kind} ${name}`),
    ),
  )
  // all of a backup's work, as they did in the copy; of a database that is put back some may not have worked before
  await createPrograms(
    session,
    after.filter(({ kind }) => !isFirst(kind)),
    { passOver: true },
  )
  await session.query('USE ??', [kept])
  // kept to be looked at and put back; what did not work in the bad database does not work here
  await createPrograms(session, before.filter(isInert), { as: { database: kept, of: live }, passOver: true })
  await session.query('RENAME TABLE ??.?? TO ??.??', [kept, journal, kept, programsOf])
  await session.query('USE ??', [live])
}

async function writeJournal(session: Session, { live, kept, before, after }: Swap): Promise<void> {
  const [like] = await session.query(
    'SELECT DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?',
    [live],
  )
  await session.query('CREATE DATABASE ?? CHARACTER SET ? COLLATE ?', [
    kept,
    String(like?.['charset']),
    String(like?.['collation']),
  ])
  await session.query('CREATE TABLE ??.?? (before_swap LONGTEXT, after_swap LONGTEXT) ENGINE = InnoDB', [
    kept,
    journal,
  ])
  await session.query('INSERT INTO ??.?? VALUES (?, ?)', [
    kept,
    journal,
    JSON.stringify(before),
    JSON.stringify(after),
  ])
}

/** What a kept database had but tables, its events too, which do not run in it. */
export async function readKeptPrograms(session: Session, kept: string): Promise<readonly Program[]> {
  const [row] = await session.query('SELECT before_swap FROM ??.??', [kept, programsOf])
  return read(row?.['before_swap'])
}

async function listOthers(session: Session, database: string): Promise<readonly string[]> {
  const tables = await listTables(session, database)
  return tables.map(({ name }) => name).filter((name) => !own.includes(name))
}

function read(text: unknown): readonly Program[] {
  return programsSchema.parse(JSON.parse(z.string().parse(text)))
}

/** Ends a swap that was interrupted: forward when the tables have moved, else back. @returns what was done, in words */
export async function recover(session: Session, live: string, kept: string): Promise<string | undefined> {
  const isJournalThere = (await listTables(session, kept)).some(({ name }) => name === journal)
  const others = await listOthers(session, kept)
  if (!isJournalThere) {
    if (others.length > 0) return undefined
    await session.query('DROP DATABASE ??', [kept])
    return `${kept} was left empty by a restore that was killed, and is dropped`
  }
  const [row] = await session.query('SELECT before_swap, after_swap FROM ??.??', [kept, journal])
  if (row !== undefined && others.length > 0) {
    await finish(session, { live, kept, before: read(row['before_swap']), after: read(row['after_swap']) })
    return `the swap of ${live} was interrupted after its tables had moved, and is finished`
  }
  if (row !== undefined) {
    await session.query('USE ??', [live])
    await putTriggersBack(
      session,
      read(row['before_swap']).filter(({ kind }) => kind === 'trigger'),
    )
  }
  await session.query('DROP DATABASE ??', [kept])
  return `a swap of ${live} was interrupted before its tables moved: its triggers are there again`
}
