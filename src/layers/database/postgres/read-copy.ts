import type { Staged } from '../engine.ts'
import type { Session } from './connect.ts'
import { readContents } from './contents.ts'
import { readDefinitions, readSchema } from './definitions/definitions.ts'
import { countNewerRows, newerRows } from './newer.ts'
import type { Server } from './server.ts'

/** What is read of a copy beside the live database, wherever that is. @param withCopy opens a session in which the copy is seen */
export function readCopy(
  { connection, database }: Pick<Server, 'connection' | 'database'>,
  withCopy: <T>(use: (session: Session) => Promise<T>) => Promise<T>,
): Pick<Staged, 'contents' | 'schema' | 'countNewerRows' | 'newerRows'> &
  Required<Pick<Staged, 'definitions'>> {
  const pair = (table: string) => ({ connection, live: database, withCopy, table })
  return {
    contents: () => withCopy((session) => readContents(session, true)),
    schema: () => withCopy(readSchema),
    definitions: () => withCopy(readDefinitions),
    countNewerRows: (table) => countNewerRows(pair(table)),
    newerRows: (table) => newerRows(pair(table)),
  }
}
