import type { Engine } from '../engine.ts'

type Row = Readonly<Record<string, string | null>>

/** Tables in which tools mark what they began: rows that are unfinished, and what their users do about it. */
const marks: readonly {
  readonly table: string
  /** which has to be there: other tools have tables of the same name */
  readonly column: string
  readonly isUnfinished: (row: Row) => boolean
  readonly say: (row: Row) => string
}[] = [
  {
    table: 'schema_migrations',
    column: 'dirty',
    isUnfinished: (row) => isTrue(row['dirty']),
    say: ({ version }) =>
      `schema_migrations marks migration ${version} as dirty: it was interrupted halfway. Repair the database manually, then run \`migrate force ${version}\` if all of it is there, or \`migrate force\` with the version before it`,
  },
  {
    table: 'flyway_schema_history',
    column: 'success',
    isUnfinished: (row) => !isTrue(row['success']),
    say: ({ version, description }) =>
      `flyway_schema_history marks migration ${version ?? description} as failed. Remove what it left in the database, then run \`flyway repair\``,
  },
  {
    table: '_prisma_migrations',
    column: 'finished_at',
    isUnfinished: (row) => row['finished_at'] === null && row['rolled_back_at'] === null,
    say: ({ migration_name: name }) =>
      `_prisma_migrations has migration ${name} as begun and not finished. Remove what it left in the database, then run \`prisma migrate resolve --rolled-back ${name}\``,
  },
  {
    table: 'knex_migrations_lock',
    column: 'is_locked',
    isUnfinished: (row) => isTrue(row['is_locked']),
    say: () =>
      'knex_migrations_lock is locked: a run of knex was interrupted, or is still running. If no run is active, check what it applied, then run `knex migrate:unlock`',
  },
]

/**
 * What a tool began and did not finish, with its cure; undefined where no table says so. Every tool is looked at, as one that
 * runs under another's history may be it.
 */
export async function findStuck(engine: Engine): Promise<string | undefined> {
  for (const { table, column, isUnfinished, say } of marks) {
    if (!(await engine.columnsOf(table)).includes(column)) continue
    const row = (await engine.query(`SELECT * FROM ${engine.quoteName(table)}`)).find(isUnfinished)
    if (row !== undefined) return say(row)
  }
  return undefined
}

/** A boolean as each engine and tool writes it. */
export function isTrue(value: string | null | undefined): boolean {
  return ['1', 't', 'true'].includes(value ?? '')
}
