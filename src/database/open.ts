import type { Connection } from './connection.ts'
import type { Engine, Surroundings } from './engine.ts'
import { openMysql } from './mysql/engine.ts'
import { openPostgres } from './postgres/engine.ts'
import { openSqlite } from './sqlite/engine.ts'

/** Opens the engine for a database: connects to nothing yet. */
export async function openEngine(connection: Connection, surroundings: Surroundings): Promise<Engine> {
  switch (connection.engine) {
    case 'sqlite':
      return openSqlite(connection)
    case 'postgres':
      return openPostgres(connection, surroundings)
    case 'mysql':
      return openMysql(connection, surroundings)
  }
}
