import { RefusedError } from '../../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import { connect, type Session, withOpen } from './connect.ts'

/** How often it is looked whether two sessions share one: other clients may take it between. */
const rounds = 5

/**
 * Refuses a pooler that gives a session of the server to a client for no longer than a transaction, as PgBouncer does in its modes
 * `transaction` and `statement`: a lock would be another client's, and `pg_dump` needs settings that stay.
 * @param session of the database, outside of a transaction
 * @throws RefusedError that names the way round
 */
export async function refusePooler(session: Session, connection: ServerConnection): Promise<void> {
  // a pooler has keys of its own by which queries are cancelled
  if (session.key === (await session.pid())) return
  const { database } = connection
  const isShared = await withOpen(await connect(connection, database), async (other) => {
    for (let round = 0; round < rounds; round += 1) {
      const mine = await session.pid()
      // what it gives back is what another client gets next, and one that keeps its session keeps its number
      const [theirs, mineStill] = await Promise.all([other.pid(), session.pid()])
      if (mine === theirs || mine !== mineStill || mineStill === theirs) return true
    }
    return false
  })
  if (isShared)
    throw new RefusedError(
      `${database} is behind a pooler that shares sessions between clients, such as PgBouncer with pool_mode transaction: backups, restores and migrations need sessions of their own; write the address of the server itself, or of a pool with pool_mode session`,
    )
}
