import { createHash } from 'node:crypto'
import { ConflictError } from '../../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import type { Lock } from '../engine.ts'
import { connect } from './connect.ts'
import { listKept, listSide } from './names.ts'
import { recover } from './swap.ts'

/** Takes the database's lock, by default finishes a swap that was interrupted, and drops copies that were left beside. @throws ConflictError that names the connection that holds it */
export async function lockDatabase(
  connection: ServerConnection,
  log: (line: string) => void,
  { recovers = true }: { readonly recovers?: boolean } = {},
): Promise<Lock> {
  const { database } = connection
  const session = await connect(connection)
  const name = `rollback-suite ${createHash('sha256').update(database).digest('hex').slice(0, 32)}`
  const [row] = await session.query('SELECT GET_LOCK(?, 0) AS taken, IS_USED_LOCK(?) AS holder', [name, name])
  if (Number(row?.['taken']) !== 1) {
    await session.end()
    throw new ConflictError(
      `another process is restoring ${database} or running its migrations (connection ${row?.['holder']}): try again when it is done`,
    )
  }
  try {
    for (const kept of recovers ? await listKept(session, database) : []) {
      const done = await recover(session, database, kept.name)
      if (done !== undefined) log(done)
    }
    // whoever makes a copy beside has this lock, and a restore that finds its work done makes none
    for (const left of await listSide(session, database)) {
      log(`${left} was left by a restore that was killed, and is dropped`)
      await session.query('DROP DATABASE ??', [left])
    }
  } catch (error) {
    await session.end()
    throw error
  }
  return {
    // a session that is closed gives its locks back only once the server has seen that
    release: async () => {
      await session.query('SELECT RELEASE_LOCK(?)', [name]).finally(() => session.end())
    },
  }
}
