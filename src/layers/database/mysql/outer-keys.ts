import { z } from 'zod'
import { RefusedError } from '../../../errors.ts'
import type { Session } from './connect.ts'
import { quoteName } from './quote.ts'

/** A foreign key to a table of another database, or to one that is not there. */
export interface OuterKey {
  readonly table: string
  readonly name: string
}

const keySchema = z.object({ table: z.string(), name: z.string() })

/**
 * The foreign keys of a database that do not stay within it. They refer by name: of a copy, and of a database that was
 * replaced, they would hold rows of other databases, or of the new tables.
 */
export async function listOuterKeys(session: Session, database: string): Promise<readonly OuterKey[]> {
  const rows = await session.query(
    'SELECT TABLE_NAME AS `table`, CONSTRAINT_NAME AS name FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? AND (UNIQUE_CONSTRAINT_SCHEMA <> ? OR REFERENCED_TABLE_NAME NOT IN (SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?)) ORDER BY BINARY TABLE_NAME, BINARY CONSTRAINT_NAME',
    [database, database, database],
  )
  return rows.map((row) => keySchema.parse(row))
}

/** The statement without the keys, and the keys as it has them, in their order. */
export function takeOut(
  sql: string,
  keys: readonly OuterKey[],
): { readonly without: string; readonly taken: readonly string[] } {
  const lines = sql.split('\n')
  const taken = keys.map(({ table, name }) => {
    const at = lines.findIndex((line) => line.startsWith(`  CONSTRAINT ${quoteName(name)} FOREIGN KEY `))
    const [line] = at === -1 ? [] : lines.splice(at, 1)
    if (line === undefined)
      throw new RefusedError(
        `foreign key ${name} of table ${table} refers to another database, and the server prints it in another way: rename or drop the key`,
      )
    return line.trim().replace(/,$/, '')
  })
  // the last line before the `)` has no comma
  const end = lines.findLastIndex((line) => line.startsWith(')'))
  const last = lines[end - 1]
  if (taken.length > 0 && last !== undefined) lines[end - 1] = last.replace(/,$/, '')
  return { without: lines.join('\n'), taken }
}
