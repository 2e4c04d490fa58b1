import pg from 'pg'
import type { ServerConnection } from '../connection.ts'
import { type Kept, keptAt, keptName } from '../engine.ts'
import { isMissingDatabase, type Session, withSession } from './connect.ts'

const { escapeIdentifier, escapeLiteral } = pg

/**
 * What a restore puts beside the live schemas of a database ends like this: a copy, or what one replaced. Neither is part of
 * what the database holds.
 */
export const besideEnding = '_(restoring_[0-9a-f]{8}|before_[0-9]{17})'
const beside = `${besideEnding}$`

/** So many bytes of a name are left by the longest of those endings. */
export const longestSchemaName = 63 - '_before_20261124110203123'.length

/** A condition of SQL: the schema of this name is of the users, and live. */
export function isLiveSchema(name: string): string {
  return `(${name} <> 'information_schema' AND ${name} !~ '^pg_' AND ${name} !~ '${beside}')`
}

/** Schemas that a restore swaps: not those that an extension lives in, which cannot be moved by everybody. */
export const swappedSchemas = `
  SELECT n.nspname AS name FROM pg_catalog.pg_namespace n WHERE ${isLiveSchema('n.nspname')}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objid = n.oid AND d.deptype = 'e')`

const endingWith = (suffix: string) =>
  `SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE right(nspname, ${suffix.length}) = ${escapeLiteral(suffix)} AND nspname <> ${escapeLiteral(suffix)}`

/**
 * Statements that give the live schemas one ending, and take another from those that have it. A rename of a schema locks
 * nothing, and until its transaction ends nobody else sees it.
 */
export function exchange({ away, into }: { readonly away: string; readonly into: string }): string {
  return renameAway(away) + renameAll(endingWith(into), `left(renamed.name, ${-into.length})`)
}

/** A statement that gives the live schemas an ending. */
export function renameAway(ending: string): string {
  return renameAll(swappedSchemas, `renamed.name || ${escapeLiteral(ending)}`)
}

function renameAll(schemas: string, name: string): string {
  return `DO $rename$ DECLARE renamed record; BEGIN FOR renamed IN ${schemas} LOOP EXECUTE format('ALTER SCHEMA %I RENAME TO %I', renamed.name, ${name}); END LOOP; END $rename$;\n`
}

/** Drops the schemas with this ending, and what is in them. */
export async function dropEnding(session: Session, suffix: string): Promise<void> {
  const names = await listEnding(session, suffix)
  if (names.length > 0) await session.query(`DROP SCHEMA ${names.map(escapeIdentifier).join(', ')} CASCADE`)
}

export async function listEnding(session: Session, suffix: string): Promise<readonly string[]> {
  return (await session.query(endingWith(suffix))).map(({ name }) => name ?? '')
}

/** The ending of schemas that are kept under a name, which is that of their database and the time. */
export function keptEnding(kept: string): string {
  const [ending] = /_before_\d{17}$/.exec(kept) ?? []
  if (ending === undefined) throw new TypeError(`${kept} is not the name of something kept`)
  return ending
}

/** What restores replaced and kept within the database itself, each under a name as a kept database would have. */
export async function listKeptSchemas(connection: ServerConnection): Promise<readonly Kept[]> {
  try {
    return await withSession(connection, connection.database, async (session) => {
      const times = new Set<number>()
      for (const name of await listBeside(session)) {
        const at = keptAt(name.replace(/_before_\d{17}$/, ''), name)
        if (at !== undefined) times.add(at.getTime())
      }
      return [...times].map((time) => ({
        name: keptName(connection.database, new Date(time)),
        at: new Date(time),
      }))
    })
  } catch (error) {
    if (isMissingDatabase(error)) return []
    throw error
  }
}

/** The names of schemas outside the live ones, for a dump that has not to have them. */
export async function listBeside(session: Session): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE nspname ~ '${beside}'`,
  )
  return rows.map(({ name }) => name ?? '')
}

/** Drops copies that a restore left which was killed. @returns their endings */
export async function dropLeftCopies(session: Session): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT DISTINCT substring(nspname from '_restoring_[0-9a-f]{8}$') AS ending FROM pg_catalog.pg_namespace WHERE nspname ~ '_restoring_[0-9a-f]{8}$'`,
  )
  const endings = rows.map(({ ending }) => ending ?? '')
  for (const ending of endings) await dropEnding(session, ending)
  return endings
}
