import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, RefusedError } from '../../../errors.ts'
import { allEnded } from '../all-ended.ts'
import type { ServerConnection } from '../connection.ts'
import { type Session, sqlState, withSession } from './connect.ts'
import { quoteTable, type TableName } from './contents.ts'
import { exchange, listEnding, swappedSchemas } from './schemas.ts'

/** How long clients are kept waiting for those that hold a table, ms; then these are ended, for which there is as much again. */
const patienceMs = 200
/** How long it may take those that are ended to go, ms. */
const endingMs = 2_000

/** Transactions of this database that are open now: what is committed later may be missing from what they see. */
export async function listTransactions(session: Session): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT virtualxid FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'virtualxid' AND datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()`,
  )
  return rows.map(({ virtualxid }) => virtualxid ?? '')
}

/**
 * Puts the schemas with one ending in the place of the live ones, which get the other ending, in one transaction. Every live
 * table is locked first, so that nobody writes to it any more; clients that wait for one find the new one. Sessions stay open.
 * @param older transactions that began before the copy was there, and would see it empty: they are ended
 * @throws ConflictError when sessions stay that this user may not end, RefusedError when there is nothing to put there
 */
export async function swapSchemas(
  connection: ServerConnection,
  { away, into, older }: { readonly away: string; readonly into: string; readonly older: readonly string[] },
): Promise<void> {
  const { database } = connection
  await withSession(connection, database, (watcher) =>
    withSession(connection, database, async (renamer) => {
      await endAll(watcher, () => findOlder(watcher, older))
      await renamer.query('BEGIN')
      if (!(await lockTables(renamer, patienceMs))) await lockByEnding(renamer, watcher)
      if ((await listEnding(renamer, into)).length === 0)
        throw new RefusedError(`${database} has no schemas that end with ${into}, so nothing was changed`)
      await renamer.query(exchange({ away, into }))
      await renamer.query('COMMIT')
    }),
  )
}

/** @returns false when it took longer, and then nothing is locked */
async function lockTables(session: Session, withinMs: number): Promise<boolean> {
  const tables = await session.query(
    `SELECT nspname AS schema, relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN (${swappedSchemas}) s ON s.name = nspname
     WHERE c.relkind IN ('r', 'p') ORDER BY 1, 2`,
  )
  if (tables.length === 0) return true
  const names = tables.map(({ schema, name }): TableName => ({ schema: schema ?? '', name: name ?? '' }))
  await session.query(
    `SAVEPOINT before_lock; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = ${withinMs}`,
  )
  try {
    await session.query(`LOCK TABLE ${names.map(quoteTable).join(', ')} IN ACCESS EXCLUSIVE MODE`)
    await session.query('SET LOCAL statement_timeout = 0')
    return true
  } catch (error) {
    // a timeout, or a deadlock with a client that has some of the tables and wants others
    if (sqlState(error) !== '57014' && sqlState(error) !== '40P01') throw error
    await session.query('ROLLBACK TO SAVEPOINT before_lock')
    return false
  }
}

/** Ends those whom the lock waits for, while it does. */
async function lockByEnding(renamer: Session, watcher: Session): Promise<void> {
  const pid = await renamer.pid()
  let isDone = false
  const locking = lockTables(renamer, endingMs).finally(() => {
    isDone = true
  })
  const ending = (async () => {
    let blockers: readonly string[] = []
    while (!isDone) {
      const rows = await watcher.query('SELECT unnest(pg_blocking_pids($1)) AS pid', [pid])
      if (rows.length > 0) blockers = rows.map((row) => row['pid'] ?? '')
      for (const blocker of blockers) await end(watcher, blocker)
      await sleep(5)
    }
    return blockers
  })()
  const [isLocked, ended] = await allEnded([locking, ending])
  if (!isLocked) await refuseStaying(watcher, ended)
}

async function findOlder(session: Session, older: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT pid FROM pg_locks WHERE locktype = 'virtualxid' AND virtualxid = ANY ($1) AND pid IS NOT NULL`,
    [older],
  )
  return rows.map(({ pid }) => pid ?? '')
}

async function endAll(session: Session, find: () => Promise<readonly string[]>): Promise<void> {
  const givesUpAt = performance.now() + endingMs
  for (let pids = await find(); pids.length > 0; pids = await find()) {
    if (performance.now() > givesUpAt) await refuseStaying(session, pids)
    for (const pid of pids) await end(session, pid)
    await sleep(5)
  }
}

async function end(session: Session, pid: string): Promise<void> {
  await session.query('SELECT pg_terminate_backend($1)', [pid]).catch((error: unknown) => {
    // those of others: it is said in the end, if they stay
    if (sqlState(error) !== '42501') throw error
  })
}

/** @throws ConflictError that names the sessions, or the prepared transactions, which are in none */
async function refuseStaying(session: Session, pids: readonly string[]): Promise<never> {
  const rows = await session.query(
    `SELECT concat_ws(' ', 'pid', pid, usename, application_name) AS who FROM pg_stat_activity WHERE pid = ANY ($1)
     UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database()`,
    [pids],
  )
  throw new ConflictError(
    `sessions that may not be ended hold the tables, so nothing was changed: ${rows.map(({ who }) => who).join(', ') || 'they are gone by now'}; end them, or restore as a superuser`,
  )
}
