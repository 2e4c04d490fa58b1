import { RefusedError } from '../../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import { connect } from './connect.ts'

/** Writers wait while it is held; readers do not. */
export async function lockTables(
  connection: ServerConnection,
  tables: readonly string[],
): Promise<{ readonly release: () => Promise<void> }> {
  const session = await connect(connection, connection.database)
  try {
    await session.query('SET SESSION lock_wait_timeout = 10')
    await session.query(`LOCK TABLES ${tables.map(() => '?? READ').join(', ')}`, tables)
  } catch (error) {
    await session.end()
    throw new RefusedError(
      `the tables of ${connection.database} could not be locked for the moment in which the backup begins: ${error instanceof Error ? error.message : error}`,
    )
  }
  let held = true
  return {
    release: async () => {
      if (!held) return
      held = false
      await session.query('UNLOCK TABLES').finally(() => session.end())
    },
  }
}
