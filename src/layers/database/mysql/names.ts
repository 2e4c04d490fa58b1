import { type Kept, keptAt, keptName } from '../engine.ts'
import type { Session } from './connect.ts'

/** https://mariadb.com/kb/en/identifier-names/#maximum-length */
const nameLimit = 64

/** The name under which a database is kept when it is replaced. */
export function keepName(database: string, at: Date): string {
  return keptName(database, at, nameLimit)
}

/** When a kept database was replaced; undefined for any other database. */
export function keptSince(database: string, name: string): Date | undefined {
  return keptAt(database, name, nameLimit)
}

/** Databases that restores replaced and kept, oldest first. */
export async function listKept(session: Session, database: string): Promise<readonly Kept[]> {
  return (await listDatabases(session)).flatMap((name) => {
    const at = keptSince(database, name)
    return at === undefined ? [] : [{ name, at }]
  })
}

/** What the name of a copy beside the database begins with; eight hexadecimal digits follow. */
export function sidePrefix(database: string): string {
  let base = database
  while (Buffer.byteLength(base) > 40) base = [...base].slice(0, -1).join('')
  return `${base}_restoring_`
}

/** Copies that restores left which were killed. */
export async function listSide(session: Session, database: string): Promise<readonly string[]> {
  const prefix = sidePrefix(database)
  return (await listDatabases(session)).filter(
    (name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)),
  )
}

async function listDatabases(session: Session): Promise<readonly string[]> {
  const rows = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY 1')
  return rows.map(({ name }) => String(name))
}
