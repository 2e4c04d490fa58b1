import { ConflictError } from '../../../errors.ts'
import type { Lock } from '../engine.ts'
import { isMissingDatabase } from './connect.ts'
import { refusePooler } from './pooler.ts'
import type { Server } from './server.ts'

const key = `hashtextextended('rollback-suite ' || $1, 0)`

/** Takes the lock of a database, on a session of its own: it ends with this process. @throws ConflictError that names its holder */
export async function lockDatabase({
  connection,
  database,
  connectControl,
  withLive,
}: Server): Promise<Lock> {
  await withLive((session) => refusePooler(session, connection)).catch(exceptMissing)
  const session = await connectControl()
  const [row] = await session.query(`SELECT pg_try_advisory_lock(${key}) AS taken`, [database])
  if (row?.['taken'] === 't')
    return {
      // a session that is closed gives its locks back only once the server has seen that
      release: async () => {
        await session.query('SELECT pg_advisory_unlock_all()').finally(() => session.end())
      },
    }
  const [holder] = await session.query(
    `SELECT concat_ws(' ', 'pid', a.pid, usename, client_addr, 'since', backend_start) AS who
     FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = ${key}`,
    [database],
  )
  await session.end()
  throw new ConflictError(
    `another process is restoring ${database} or verifying a backup of it, or undoing its migrations (${holder?.['who'] ?? 'it is gone by now'}): try again when it is done`,
  )
}

/** A database that is not there yet is restored too. */
function exceptMissing(error: unknown): void {
  if (!isMissingDatabase(error)) throw error
}
