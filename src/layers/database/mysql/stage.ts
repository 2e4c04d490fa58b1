import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { ServerConnection } from '../connection.ts'
import type { DumpSource, Staged, StageOptions } from '../engine.ts'
import { runTool } from '../tool.ts'
import { connect, errorNumber, noSuchDatabase, type Session, type Tools, withSession } from './connect.ts'
import { readContents, readDefinitions, readSchema } from './contents.ts'
import { parts } from './dump.ts'
import { keepName, sidePrefix } from './names.ts'
import { countNewerRows, newerRows } from './newer.ts'
import {
  createPrograms,
  dropPrograms,
  isInert,
  programsSchema,
  readPrograms,
  tryForeignKeys,
} from './programs.ts'
import { chooseSample, onlyRowsOf } from './sample.ts'
import { explainLoad } from './server-limits.ts'
import { swapTables } from './swap.ts'

export interface StagePlace {
  readonly connection: ServerConnection
  readonly tools: Tools
  /** of the copy, as SQL, on another server than the live database's; undefined for that of the live database */
  readonly charset?: string
}

/** Loads a backup into a database beside the live one. The session is in no database. */
export async function stageCopy(
  session: Session,
  { connection, tools, charset }: StagePlace,
  source: DumpSource,
  { limit }: StageOptions = {},
): Promise<Staged> {
  const { database } = connection
  const copy = `${sidePrefix(database)}${randomBytes(4).toString('hex')}`
  if (charset !== undefined) await session.query(`CREATE DATABASE ?? ${charset}`, [copy])
  else await createCopy(session, database, copy)
  const inCopy = <T>(use: (fresh: Session) => Promise<T>) => withSession(connection, copy, use)
  const discard = () => dropDatabase(connection, copy)
  try {
    const sample = await chooseWithin(source, limit)
    await loadTables(session, { tools, copy, sample }, source)
    const after = programsSchema.parse(JSON.parse(await text(await source.open(parts.programs))))
    // created here once to see that they can be
    await session.query('USE ??', [copy])
    await createPrograms(session, after.filter(isInert), { as: { database: copy, of: database } })
    await tryForeignKeys(session, after)
    const readLooked = async (fresh: Session) => {
      const others = after.filter((program) => !isInert(program))
      return { copyOf: database, programs: [...(await readPrograms(fresh)), ...others] }
    }
    return {
      sample,
      contents: () =>
        inCopy(async (fresh) => readContents(fresh, copy, { digests: true, ...(await readLooked(fresh)) })),
      schema: () => inCopy(async (fresh) => readSchema(fresh, copy, await readLooked(fresh))),
      definitions: () => inCopy(async (fresh) => readDefinitions(fresh, copy, await readLooked(fresh))),
      countNewerRows: (table) =>
        withSession(connection, undefined, (fresh) => countNewerRows(fresh, { live: database, copy, table })),
      newerRows: async function* (table) {
        const fresh = await connect(connection)
        try {
          yield* newerRows(fresh, { live: database, copy, table })
        } finally {
          await fresh.end()
        }
      },
      swap: (kept) =>
        withSession(connection, database, async (fresh) => {
          const before = await readPrograms(fresh)
          await fresh.query('USE ??', [copy])
          await dropPrograms(fresh, after.filter(isInert))
          const name = kept || keepName(database, new Date())
          await swapTables(fresh, { live: database, copy, kept: name, before, after })
        }),
      discard,
    }
  } catch (error) {
    await discard()
    throw error
  }
}

/** With the live database's own character set; an empty live database where there is none. */
async function createCopy(session: Session, database: string, copy: string): Promise<void> {
  const charset = await readCharset(session, database).catch((error: unknown) => {
    if (errorNumber(error) === noSuchDatabase) return undefined
    throw error
  })
  await session.query(`CREATE DATABASE ?? ${charset ?? ''}`, [copy])
  if (charset === undefined) await session.query('CREATE DATABASE ??', [database])
}

/** The character set and collation of a database, as SQL. */
export async function readCharset(session: Session, database: string): Promise<string> {
  const [row] = await session.query('SHOW CREATE DATABASE ??', [database])
  return String(row?.['Create Database'] ?? '').match(/\/\*!40100 (.*?) \*\//)?.[1] ?? ''
}

function scriptsOf({ parts: stored }: DumpSource): readonly string[] {
  return [parts.tables, parts.ownTables].filter((part) => stored.includes(part))
}

/** The tables whose rows are loaded; undefined for all. */
async function chooseWithin(
  source: DumpSource,
  limit: number | undefined,
): Promise<ReadonlySet<string> | undefined> {
  const scripts = scriptsOf(source)
  const size = scripts.reduce((sum, part) => sum + source.sizeOf(part), 0)
  return limit === undefined || size <= limit ? undefined : chooseSample(source, scripts, limit)
}

async function loadTables(
  session: Session,
  {
    tools,
    copy,
    sample,
  }: { readonly tools: Tools; readonly copy: string; readonly sample: ReadonlySet<string> | undefined },
  source: DumpSource,
): Promise<void> {
  for (const part of scriptsOf(source)) {
    const script = await source.open(part)
    await runTool({
      command: tools.client,
      debianPackage: tools.debianPackage,
      args: [
        ...tools.first,
        ...['--batch', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'],
        // rows from before a CHECK constraint was added, or that were written without it, are rows
        '--init-command=SET SESSION check_constraint_checks = 0',
        `--database=${copy}`,
      ],
      env: tools.env,
      input: sample === undefined ? script : onlyRowsOf(script, sample),
      signal: source.signal,
    }).catch((error: unknown) => explainLoad(session, error))
  }
}

export async function dropDatabase(connection: ServerConnection, name: string): Promise<void> {
  await withSession(
    connection,
    undefined,
    async (session) => void (await session.query('DROP DATABASE IF EXISTS ??', [name])),
  )
}
