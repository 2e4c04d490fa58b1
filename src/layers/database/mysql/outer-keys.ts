import { z } from 'zod'
import { RefusedError } from '../../../errors.ts'
import type { Session } from './connect.ts'
import { quoteName } from './quote.ts'

/** A foreign key to a table of another database, or to one that is not there. */
export interface OuterKey {
  readonly table: string
  readonly name: string
  /** the table that it refers to, and whether that is in another database */
  readonly referenced: string
  readonly isElsewhere: boolean
}

const keySchema = z.object({
  table: z.string(),
  name: z.string(),
  database: z.string(),
  referenced: z.string(),
})

/**
 * The foreign keys of a database that do not stay within it. They refer by name: of a copy, and of a database that was
 * replaced, they would hold rows of other databases, or of the new tables.
 */
export async function listOuterKeys(session: Session, database: string): Promise<readonly OuterKey[]> {
  const rows = await session.query(
    'SELECT TABLE_NAME AS `table`, CONSTRAINT_NAME AS name, UNIQUE_CONSTRAINT_SCHEMA AS `database`, REFERENCED_TABLE_NAME AS referenced FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? ORDER BY BINARY TABLE_NAME, BINARY CONSTRAINT_NAME',
    [database],
  )
  if (rows.length === 0) return []
  // not in one statement: the server would read the list of tables again for each key
  const tables = await session.query(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?',
    [database],
  )
  const there = new Set(tables.map(({ name }) => String(name).toLowerCase()))
  return rows
    .map((row) => keySchema.parse(row))
    .map((key) => ({ ...key, isElsewhere: key.database.toLowerCase() !== database.toLowerCase() }))
    .filter(({ isElsewhere, referenced }) => isElsewhere || !there.has(referenced.toLowerCase()))
    .map(({ table, name, referenced, isElsewhere }) => ({ table, name, referenced, isElsewhere }))
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
        `foreign key ${name} of table ${table} refers to no table of this database, and the server prints it in another way: rename or drop the key`,
      )
    return line.trim().replace(/,$/, '')
  })
  // the last line before the `)` has no comma
  const end = lines.findLastIndex((line) => line.startsWith(')'))
  const last = lines[end - 1]
  if (taken.length > 0 && last !== undefined) lines[end - 1] = last.replace(/,$/, '')
  return { without: lines.join('\n'), taken }
}
