import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { ConflictError } from '../../../errors.ts'
import { type Session, sqlState } from './connect.ts'

const { escapeIdentifier } = pg

/**
 * A rename looks for other sessions at once, and then every 100 ms for 5 s (CountOtherDBBackends in procarray.c). Clients
 * are cut off just before the second look, so that they are without the database for a fraction of it.
 */
const cutOffAfterMs = 65

/** How long new sessions of the whole server may be kept waiting for the list of databases, ms. */
const listPatienceMs = 200

/**
 * Renames `live` to `kept` and `copy` to `live`, in one transaction: a crash at any point changes nothing. A lock comes
 * first and keeps new sessions waiting; then those that there are, are ended. Never by `ALLOW_CONNECTIONS false`, after
 * which a crash leaves everybody locked out.
 * @param control two sessions with another database
 * @throws ConflictError when sessions stay that this user may not end
 */
export async function swapDatabases(
  control: readonly [Session, Session],
  { live, copy, kept }: { readonly live: string; readonly copy: string; readonly kept: string },
): Promise<void> {
  const [renamer, watcher] = control
  const rename = (from: string, to: string) =>
    renamer.query(`ALTER DATABASE ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`)
  if (kept === '') {
    await rename(copy, live)
    return
  }
  const [row] = await renamer.query(
    'SELECT oid, EXISTS (SELECT FROM pg_prepared_xacts WHERE database = $1) AS prepared FROM pg_database WHERE datname = $1',
    [live],
  )
  const pid = await renamer.pid()
  try {
    await renamer.query('BEGIN')
    // a prepared transaction is in no session that could be ended: the server reports it after a wait, which is for this database alone
    if (row?.['prepared'] === 'f' && (await endAllWithListLocked(renamer, row['oid'] ?? ''))) {
      await rename(live, kept)
    } else {
      await renamer.query("SET LOCAL lock_timeout = '10s'")
      let done = false
      const first = rename(live, kept).finally(() => {
        done = true
      })
      const [, ended] = await Promise.allSettled([
        first.catch(() => {}),
        endSessions(watcher, { database: live, renamer: pid, isDone: () => done }),
      ])
      await first
      if (ended.status === 'rejected') throw ended.reason
    }
    await rename(copy, live)
    await renamer.query('COMMIT')
  } catch (error) {
    await renamer.query('ROLLBACK')
    if (sqlState(error) !== '55006' && sqlState(error) !== '55P03') throw error
    throw new ConflictError(
      `sessions that may not be ended hold ${live}, so nothing was changed: ${await nameSessions(watcher, live)}; end them, or restore as a superuser`,
    )
  }
}

/**
 * The fast way, for a superuser: a session begins by reading the list of databases, and while that is locked none begins,
 * so that the rename finds nobody at its first look. Those that waited find the new database.
 * @returns false for those who may not lock it, when a long transaction has read it, or a session does not end in time:
 * then nothing is locked any more
 */
async function endAllWithListLocked(session: Session, oid: string): Promise<boolean> {
  await session.query('SAVEPOINT before_lock')
  try {
    await session.query(`SET LOCAL lock_timeout = ${listPatienceMs}`)
    await session.query('LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE')
    const givesUpAt = performance.now() + listPatienceMs
    do {
      // within a transaction the server would list the same sessions again
      await session.query('SELECT pg_stat_clear_snapshot()')
      const ended = await session.query(endSessionsOf, [oid])
      if (ended.length === 0) return true
      await sleep(1)
    } while (performance.now() < givesUpAt)
  } catch (error) {
    if (sqlState(error) !== '42501' && sqlState(error) !== '55P03') throw error
  }
  await session.query('ROLLBACK TO SAVEPOINT before_lock')
  return false
}

/**
 * A session that begins has a lock on its database until it is in the list of activity, and waits for the list of databases meanwhile:
 * it is in the way of the rename, which would look again after 100 ms. The view of activity reads the list of databases, the
 * function does not.
 */
const endSessionsOf = `
  SELECT pg_terminate_backend(pid) FROM (
    SELECT pid FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND objid = $1
      AND pid NOT IN (SELECT pid FROM pg_stat_get_activity(NULL) WHERE datid <> $1)
    UNION SELECT pid FROM pg_stat_get_activity(NULL) WHERE datid = $1) AS sessions`

async function endSessions(
  watcher: Session,
  { database, renamer, isDone }: { database: string; renamer: number; isDone: () => boolean },
): Promise<void> {
  const locked = `SELECT 1 FROM pg_locks WHERE pid = $1 AND granted AND mode = 'AccessExclusiveLock' AND classid = 'pg_database'::regclass`
  while (!isDone() && (await watcher.query(locked, [renamer])).length === 0) await sleep(2)
  await sleep(cutOffAfterMs)
  while (!isDone()) {
    const sessions = await watcher.query('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database])
    for (const { pid } of sessions)
      await watcher.query('SELECT pg_terminate_backend($1)', [pid]).catch((error: unknown) => {
        // those of a superuser: the rename says so in the end, if they stay
        if (sqlState(error) !== '42501') throw error
      })
    await sleep(4)
  }
}

async function nameSessions(session: Session, database: string): Promise<string> {
  const rows = await session.query(
    "SELECT concat_ws(' ', 'pid', pid, usename, application_name) AS who FROM pg_stat_activity WHERE datname = $1 UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = $1",
    [database],
  )
  return rows.map(({ who }) => who).join(', ') || 'they are gone by now'
}
