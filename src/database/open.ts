import type { Connection } from './connection.ts'
import type { Engine } from './engine.ts'
import { openMysql } from './mysql/engine.ts'
import { openPostgres } from './postgres/engine.ts'
import { openSqlite } from './sqlite/engine.ts'

/** What every engine needs from outside. */
export interface Surroundings {
  /** for the tools: PATH and the like; what is secret is added by the engine, to the tool that needs it alone */
  readonly env: NodeJS.ProcessEnv
  /** a folder for option files and other temporary files */
  readonly scratch: string
  readonly log: (line: string) => void
}

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
