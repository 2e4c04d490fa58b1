import { z } from 'zod'
import { RefusedError } from '../../../errors.ts'
import { errorNumber, noSuchKey, type Session, sqlMode } from './connect.ts'
import { listOuterKeys, takeOut } from './outer-keys.ts'
import { isNamedAlone, quoteName, requalify } from './quote.ts'

const programSchema = z.object({
  kind: z.enum([
    ...(['function', 'procedure', 'package', 'package body', 'default', 'foreign key'] as const),
    ...(['view', 'trigger', 'event'] as const),
  ]),
  /** of defaults: their table */
  name: z.string(),
  /** of foreign keys: their table */
  table: z.string().optional(),
  sqlMode: z.string(),
  /** of the session that made it: it decides what the text means */
  charset: z.string(),
  collation: z.string(),
  /** of an event: what its times mean */
  timeZone: z.string().optional(),
  sql: z.string(),
})

/**
 * All that is in a database and no table, the defaults that take the next value of a sequence, which name its database, and
 * the foreign keys that do not stay within it.
 * Whole statements, as the server prints them: nothing is cut at a `;`.
 */
export type Program = z.infer<typeof programSchema>
export const programsSchema = z.array(programSchema)

const kinds = [
  ...(['function', 'procedure', 'package', 'package body'] as const).map((kind) => ({
    kind,
    list: `SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = '${kind.toUpperCase()}' ORDER BY 1`,
    text: `Create ${kind.replace(/\b\w/g, (letter) => letter.toUpperCase())}`,
  })),
  {
    kind: 'view',
    list: 'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1',
    text: 'Create View',
  },
  {
    kind: 'trigger',
    list: 'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER',
    text: 'SQL Original Statement',
  },
  {
    kind: 'event',
    list: 'SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1',
    text: 'Create Event',
  },
] as const

/** The programs of the session's database, in an order in which they can be created. */
export async function readPrograms(session: Session): Promise<readonly Program[]> {
  const programs: Program[] = [
    ...setDefaults(await readSequenceDefaults(session)),
    ...(await readOuterKeys(session)),
  ]
  for (const { kind, list, text } of kinds)
    for (const { name } of await session.query(list)) {
      const [row] = await session.query(`SHOW CREATE ${kind.toUpperCase()} ??`, [String(name)])
      programs.push(
        programSchema.parse({
          kind,
          name,
          sqlMode: row?.['sql_mode'] ?? '',
          charset: row?.['character_set_client'] ?? 'utf8mb4',
          collation: row?.['collation_connection'] ?? 'utf8mb4_general_ci',
          timeZone: row?.['time_zone'],
          sql: row?.[text],
        }),
      )
    }
  return programs
}

/** A default that names a sequence of its own database, with the database: in a copy it is set again, to the copy's sequence. */
export interface SequenceDefault {
  readonly table: string
  readonly column: string
  /** as the server prints it, and without the database */
  readonly expression: string
  readonly unqualified: string
}

const defaultSchema = z.object({
  own: z.string(),
  table: z.string(),
  column: z.string(),
  expression: z.string(),
})

/** Of the session's database. */
export async function readSequenceDefaults(session: Session): Promise<readonly SequenceDefault[]> {
  const rows = await session.query(
    "SELECT DATABASE() AS own, TABLE_NAME AS `table`, COLUMN_NAME AS `column`, COLUMN_DEFAULT AS expression FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_DEFAULT REGEXP '(nextval|lastval|setval)[(]' ORDER BY BINARY TABLE_NAME, ORDINAL_POSITION",
  )
  return rows.flatMap((row) => {
    const { own, ...found } = defaultSchema.parse(row)
    const unqualified = requalify(found.expression, [own])
    return unqualified === found.expression ? [] : [{ ...found, unqualified }]
  })
}

/** All of a table at once: the server opens it, with the defaults that it has, for each statement. */
function setDefaults(defaults: readonly SequenceDefault[]): readonly Program[] {
  return [...Map.groupBy(defaults, ({ table }) => table)].map(([table, own]) => ({
    kind: 'default',
    name: table,
    sqlMode: '',
    charset: 'utf8mb4',
    collation: 'utf8mb4_general_ci',
    sql: `ALTER TABLE ${quoteName(table)} ${own.map(({ column, unqualified }) => `ALTER COLUMN ${quoteName(column)} SET DEFAULT ${unqualified}`).join(', ')}`,
  }))
}

/** Of the session's database. */
async function readOuterKeys(session: Session): Promise<readonly Program[]> {
  const [own] = await session.query('SELECT DATABASE() AS name')
  const programs: Program[] = []
  for (const key of await listOuterKeys(session, String(own?.['name']))) {
    const [row] = await session.query('SHOW CREATE TABLE ??', [key.table])
    const { taken } = takeOut(String(row?.['Create Table']), [key])
    programs.push({
      kind: 'foreign key',
      name: key.name,
      table: key.table,
      sqlMode: '',
      charset: 'utf8mb4',
      collation: 'utf8mb4_general_ci',
      sql: `ALTER TABLE ${quoteName(key.table)} ADD ${taken.join()}`,
    })
  }
  return programs
}

/** Of a copy, and of a database that was replaced: an event would run, and a foreign key would hold rows of other databases. */
export function isInert({ kind }: Program): boolean {
  return kind !== 'event' && kind !== 'foreign key'
}

/** Sees that the foreign keys among programs can be created in the session's database. @throws RefusedError that names one */
export async function tryForeignKeys(session: Session, programs: readonly Program[]): Promise<void> {
  const keys = programs.filter(({ kind }) => kind === 'foreign key')
  await createPrograms(session, keys)
  await dropPrograms(session, keys)
}

export interface Creation {
  /** The database that the session is in, and the one whose programs they are: a name before a dot means the former. */
  readonly as?: { readonly database: string; readonly of: string } | undefined
  /** leaves out those that cannot be created, instead of failing */
  readonly passOver?: boolean
}

/**
 * Creates programs in the session's database. Views may stand on each other in any order: those that fail are tried again.
 * @throws RefusedError that names one that cannot be created
 */
export async function createPrograms(
  session: Session,
  programs: readonly Program[],
  { as, passOver = false }: Creation = {},
): Promise<void> {
  let waiting = [...programs]
  while (waiting.length > 0) {
    const failed: Program[] = []
    let reason: unknown
    for (const program of waiting) {
      try {
        await dropPrograms(session, [program])
        await session.query('SET sql_mode = ?, character_set_client = ?, collation_connection = ?', [
          program.sqlMode,
          program.charset,
          program.collation,
        ])
        // rows that were backed up are rows
        if (program.kind === 'foreign key') await session.query('SET foreign_key_checks = 0')
        if (program.timeZone !== undefined) await session.query('SET time_zone = ?', [program.timeZone])
        await session.query(textFor(program, as))
      } catch (error) {
        reason ??= explain(program, error)
        failed.push(program)
      }
    }
    await session.query(
      `SET sql_mode = '${sqlMode}', character_set_client = utf8mb4, collation_connection = DEFAULT, time_zone = DEFAULT`,
    )
    if (failed.length === waiting.length) {
      if (passOver) return
      throw reason
    }
    waiting = failed
  }
}

/** Only of views the server prints names with their database; the body of a routine is as it was written. */
function textFor({ kind, sql }: Program, as: Creation['as']): string {
  // before a dot, the name may be that of a table too
  if (as === undefined || kind !== 'view' || isNamedAlone(sql, as.of)) return sql
  return requalify(sql, [as.of], as.database)
}

function explain({ kind, name }: Program, error: unknown): unknown {
  if (!(error instanceof RefusedError)) return error
  return new RefusedError(`${kind} ${name} cannot be created: ${error.message}`)
}

export async function dropPrograms(session: Session, programs: readonly Program[]): Promise<void> {
  for (const { kind, name, table } of programs) {
    // the default goes with its table
    if (kind === 'default') continue
    if (kind === 'foreign key') {
      await session
        .query('ALTER TABLE ?? DROP FOREIGN KEY ??', [table ?? '', name])
        .catch((error: unknown) => {
          if (errorNumber(error) !== noSuchKey) throw error
        })
      continue
    }
    const isPackage = kind === 'package' || kind === 'package body'
    // before MariaDB 11.4, only this mode knows packages
    if (isPackage) await session.query("SET sql_mode = 'ORACLE'")
    await session.query(`DROP ${kind.toUpperCase()} IF EXISTS ??`, [name])
    if (isPackage) await session.query(`SET sql_mode = '${sqlMode}'`)
  }
}
