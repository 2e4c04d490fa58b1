import { RefusedError } from '../../../errors.ts'
import { errorNumber, type Session } from './connect.ts'
import { type BaseTable, listTables } from './contents.ts'
import { listOuterKeys } from './outer-keys.ts'

/** https://mariadb.com/kb/en/mariadb-error-codes/ */
const invalidView = 1356

/** Storage engines that keep the rows of a table in that table. */
const ownRows = /^(?:innodb|aria|myisam|memory|csv|archive|blackhole|rocksdb|sequence)$/i

/**
 * Refuses, by name and with the way round, what a backup cannot bring back. The session is in the database.
 * @throws RefusedError
 */
export async function refuseShapes(session: Session, database: string, server: string): Promise<void> {
  for (const table of await listTables(session, database)) await refuseTable(session, table, server)
  await refuseBrokenViews(session)
  await refuseForeignReferences(session, database)
  await refuseLostParents(session, database)
}

async function refuseTable(
  session: Session,
  { name, engine, isVersioned }: BaseTable,
  server: string,
): Promise<void> {
  if (!ownRows.test(engine))
    throw new RefusedError(
      `table ${name} is of engine ${engine}, which stores its rows elsewhere, so a backup cannot include it: move it to a separate database`,
    )
  const [row] = await session.query('SHOW CREATE TABLE ??', [name])
  const sql = String(row?.['Create Table'])
  if (/ (?:DATA|INDEX) DIRECTORY ?=/.test(sql.slice(sql.lastIndexOf('\n)'))))
    throw new RefusedError(
      `table ${name} has a DATA DIRECTORY or INDEX DIRECTORY, which a copy beside it cannot share: recreate the table without it`,
    )
  if (!isVersioned) return
  if (/ GENERATED ALWAYS AS ROW START/i.test(sql) && /bigint\(\d+\) unsigned[^\n]* ROW START/i.test(sql))
    throw new RefusedError(
      `table ${name} is system-versioned by transaction (BIGINT columns of ROW START and ROW END), and its history cannot be written back: use TIMESTAMP(6) columns, or DROP SYSTEM VERSIONING`,
    )
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(server) ?? []
  if (Number(major) * 1000 + Number(minor) < 10_011)
    throw new RefusedError(
      `table ${name} is system-versioned, and server ${server} cannot write its history back: upgrade to MariaDB 10.11, or DROP SYSTEM VERSIONING`,
    )
}

async function refuseBrokenViews(session: Session): Promise<void> {
  const views = await session.query(
    'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1',
  )
  for (const { name } of views)
    await session.query('SHOW FIELDS FROM ??', [String(name)]).catch((error: unknown) => {
      if (errorNumber(error) !== invalidView) throw error
      throw new RefusedError(
        `view ${name} is broken, so it cannot be created again: it uses a table, column or function that is not there; correct it, or DROP VIEW it`,
      )
    })
}

/**
 * A foreign key of another database follows a table that is renamed: after a restore it would check the replaced database.
 * @throws RefusedError that names the keys
 */
export async function refuseForeignReferences(session: Session, database: string): Promise<void> {
  const keys = await session.query(
    'SELECT DISTINCT CONSTRAINT_SCHEMA AS db, TABLE_NAME AS `table`, CONSTRAINT_NAME AS name, REFERENCED_TABLE_NAME AS referenced FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = ? AND CONSTRAINT_SCHEMA <> ? ORDER BY 1, 2, 3',
    [database, database],
  )
  if (keys.length === 0) return
  const named = keys.map((key) => `${key['name']} of ${key['db']}.${key['table']} (to ${key['referenced']})`)
  throw new RefusedError(
    `foreign keys of other databases refer to ${database} and would follow its tables when a restore replaces them: ${named.join(', ')}; drop these keys, or keep both tables in one database`,
  )
}

/** Rows of a table whose foreign key refers to nothing cannot be written. */
async function refuseLostParents(session: Session, database: string): Promise<void> {
  const key = (await listOuterKeys(session, database)).find(({ isElsewhere }) => !isElsewhere)
  if (key !== undefined)
    throw new RefusedError(
      `foreign key ${key.name} of table ${key.table} refers to table ${key.referenced}, which is not there: drop the key, or create the table`,
    )
}
