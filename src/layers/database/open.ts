import type { Connection } from './connection.ts'
import type { Engine, Surroundings } from './engine.ts'

/**
 * Opens the engine for a database: connects to nothing yet. Only its own driver is loaded, which takes up to 0.2 s; all are in
 * a bundle's one file, as ncc lists the licences of no other.
 */
export async function openEngine(connection: Connection, surroundings: Surroundings): Promise<Engine> {
  switch (connection.engine) {
    case 'sqlite':
      return (await import(/* webpackMode: "eager" */ './sqlite/engine.ts')).openSqlite(
        connection,
        surroundings,
      )
    case 'postgres':
      return (await import(/* webpackMode: "eager" */ './postgres/engine.ts')).openPostgres(
        connection,
        surroundings,
      )
    case 'mysql':
      return (await import(/* webpackMode: "eager" */ './mysql/engine.ts')).openMysql(
        connection,
        surroundings,
      )
  }
}
