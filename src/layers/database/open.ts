import type { Connection } from './connection.ts'
import type { Engine, Surroundings } from './engine.ts'

/** Opens the engine for a database: connects to nothing yet. Only its own driver is loaded, which takes up to 0.2 s. */
export async function openEngine(connection: Connection, surroundings: Surroundings): Promise<Engine> {
  switch (connection.engine) {
    case 'sqlite':
      return (await import('./sqlite/engine.ts')).openSqlite(connection, surroundings)
    case 'postgres':
      return (await import('./postgres/engine.ts')).openPostgres(connection, surroundings)
    case 'mysql':
      return (await import('./mysql/engine.ts')).openMysql(connection, surroundings)
  }
}
