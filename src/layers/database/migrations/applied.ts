import type { Engine, Statement } from '../engine.ts'
import { compareVersions, type MigrationFile } from './folder.ts'
import { type AppliedMigration, ownTable, readOwnTable, recordDown } from './own-table.ts'
import { findStuck, isTrue } from './stuck.ts'

/** What the database itself says of the migrations that were applied to it. */
export interface AppliedMigrations {
  /** the history table it is from */
  readonly table: string
  /** in the order in which they were applied */
  readonly entries: readonly AppliedMigration[]
  /** what takes an entry out of the table; undefined where only the project's own tool keeps it right */
  readonly forget: ((entry: AppliedMigration, before: AppliedMigration | undefined) => Statement) | undefined
  /** what a tool marked as unfinished, and its cure, in words: nothing is planned before */
  readonly stuck: string | undefined
  /** the table marks a migration before it is applied */
  readonly marksBegun: boolean
  /** one that was interrupted outside of a transaction, so that it is not known whether it ran */
  readonly unknown?: string | undefined
  /** one of which some statements ran and stay, where the engine cannot undo them */
  readonly partly?: string | undefined
}

type Row = Readonly<Record<string, string | null>>
type Reading = Omit<AppliedMigrations, 'table' | 'stuck'>

/** Each tool's history table, and how it is read. The first that is there is taken. */
const tables: readonly {
  readonly table: string
  readonly read: (engine: Engine, files: readonly MigrationFile[]) => Promise<Reading>
}[] = [
  { table: ownTable, read: readOwn },
  { table: 'schema_migrations', read: readSchemaMigrations },
  {
    table: 'goose_db_version',
    // up to version 2 it adds a row for an undoing too, so that the last one of a version counts
    read: (engine) =>
      readByKey(engine, 'goose_db_version', 'version_id', 'ORDER BY id', (row, rows) => {
        const last = rows.findLast(({ key }) => key === row['key'])
        return row === last && isTrue(row['is_applied']) && row['key'] !== '0'
      }),
  },
  {
    table: 'flyway_schema_history',
    // the last row of a version counts, as an undoing is one; a repeatable migration has none
    read: (engine) =>
      readByKey(engine, 'flyway_schema_history', 'version', 'ORDER BY installed_rank', (row, rows) => {
        const last = rows.findLast(({ key }) => key === row['key'])
        return (
          row === last &&
          row['key'] !== null &&
          isTrue(row['success']) &&
          !/^(?:UNDO|DELETE)/.test(row['type'] ?? '')
        )
      }),
  },
  {
    table: '_prisma_migrations',
    read: (engine) =>
      byTool(
        readByKey(
          engine,
          '_prisma_migrations',
          'migration_name',
          'ORDER BY started_at',
          (row) => row['finished_at'] !== null && row['rolled_back_at'] === null,
        ),
      ),
  },
  {
    table: 'knex_migrations',
    read: (engine) => byTool(readByKey(engine, 'knex_migrations', 'name', 'ORDER BY id')),
  },
  {
    table: 'pgmigrations',
    read: (engine) => byTool(readByKey(engine, 'pgmigrations', 'name', 'ORDER BY id')),
  },
  {
    table: 'SequelizeMeta',
    read: (engine) => byTool(readByKey(engine, 'SequelizeMeta', 'name', 'ORDER BY name')),
  },
]

/** True for a history table of migrations, with its schema or without: what a restore takes from it is what it undoes. */
export function isHistoryTable(name: string): boolean {
  return tables.some(({ table }) => table === name || name === `public.${table}`)
}

/** Reads the history table that the database has; undefined when it has none that is known. */
export async function readApplied(
  engine: Engine,
  files: readonly MigrationFile[],
): Promise<AppliedMigrations | undefined> {
  for (const { table, read } of tables)
    if ((await engine.columnsOf(table)).length > 0)
      return { table, ...(await read(engine, files)), stuck: await findStuck(engine) }
  return undefined
}

/** True when the table's key means this file: by its name, with or without an ending, or by its version. */
export function isEntryOf(key: string, file: MigrationFile): boolean {
  return isNamedLike(key, file) || isVersion(key, file.version)
}

/** True when the table's key is the name of this file: `2_b.ts` in the repository may be `2_b.js` where it ran. */
export function isNamedLike(key: string, { name }: MigrationFile): boolean {
  return withoutEnding(key) === withoutEnding(name)
}

function withoutEnding(name: string): string {
  return name.replace(/\.[a-z]{2,3}$/, '')
}

function isVersion(key: string, version: string): boolean {
  return /^\d+(?:\.\d+)*$/.test(key) && compareVersions(key, version) === 0
}

async function readOwn(engine: Engine): Promise<Reading> {
  const { entries, columns, unknown, partly } = await readOwnTable(engine)
  return { entries, marksBegun: true, unknown, partly, forget: (entry) => recordDown(engine, entry, columns) }
}

/** golang-migrate keeps one row, the version it stands at; dbmate and Rails keep one for each. */
async function readSchemaMigrations(engine: Engine, files: readonly MigrationFile[]): Promise<Reading> {
  const table = 'schema_migrations'
  if (!(await engine.columnsOf(table)).includes('dirty'))
    return readByKey(engine, table, 'version', 'ORDER BY version')
  const [row] = await engine.query(`SELECT version FROM ${table}`)
  const at = row?.['version']
  const entries = at == null ? [] : files.filter(({ version }) => compareVersions(version, at) <= 0)
  return {
    entries: entries.map(({ version }) => ({ key: version })),
    marksBegun: true,
    forget: (_entry, before) =>
      before === undefined
        ? { sql: `DELETE FROM ${table}`, values: [] }
        : { sql: `UPDATE ${table} SET version = CAST(? AS DECIMAL(20))`, values: [before.key] },
  }
}

async function readByKey(
  engine: Engine,
  table: string,
  column: string,
  order: string,
  counts: (row: Row, rows: readonly Row[]) => boolean = () => true,
): Promise<Reading> {
  const quoted = engine.quoteName(table)
  const rows = await engine.query(
    `SELECT t.*, t.${column} AS ${engine.quoteName('key')} FROM ${quoted} t ${order}`,
  )
  return {
    entries: rows.filter((row) => counts(row, rows)).map(({ key }) => ({ key: key ?? '' })),
    marksBegun: false,
    forget: ({ key }) => ({
      sql: `DELETE FROM ${quoted} WHERE ${engine.asText(column)} = ?`,
      values: [key],
    }),
  }
}

async function byTool(reading: Promise<Reading>) {
  return { ...(await reading), forget: undefined }
}
