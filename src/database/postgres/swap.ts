import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { ConflictError } from '../../errors.ts'
import { type Session, sqlState } from './connect.ts'

const { escapeIdentifier } = pg

/**
 * A rename looks for other sessions at once, and then every 100 ms for 5 s (CountOtherDBBackends in procarray.c). Clients
 * are cut off just before the second look, so that they are without the database for a fraction of it.
 */
const cutOffAfterMs = 65

/**
 * Renames `live` to `kept` and `copy` to `live`, in one transaction: a crash at any point changes nothing. The lock comes
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
  const pid = await renamer.pid()
  const rename = (from: string, to: string) =>
    renamer.query(`ALTER DATABASE ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`)
  if (kept === '') {
    await rename(copy, live)
    return
  }
  let done = false
  const renaming = rename.bind(undefined, live, kept)
  await renamer.query("BEGIN; SET LOCAL lock_timeout = '10s'")
  try {
    const first = renaming().finally(() => {
      done = true
    })
    const [, ended] = await Promise.allSettled([
      first.catch(() => {}),
      endSessions(watcher, { database: live, renamer: pid, isDone: () => done }),
    ])
    await first
    if (ended.status === 'rejected') throw ended.reason
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

async function endSessions(
  watcher: Session,
  { database, renamer, isDone }: { database: string; renamer: number; isDone: () => boolean },
): Promise<void> {
  const locked = `SELECT 1 FROM pg_locks WHERE pid = $1 AND granted AND mode = 'AccessExclusiveLock' AND classid = 'pg_database'::regclass`
  while (!isDone() && (await watcher.query(locked, [renamer])).length === 0) await sleep(2)
  const lockedAt = performance.now()
  while (!isDone() && performance.now() < lockedAt + cutOffAfterMs) await sleep(2)
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
