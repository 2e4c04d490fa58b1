import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import pg from 'pg'
import { RefusedError } from '../../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import type { DumpSource, Staged, Surroundings } from '../engine.ts'
import { openTool, runTool } from '../tool.ts'
import { type Session, toolEnvironment, withSession } from './connect.ts'
import { readContents } from './contents.ts'
import { countNewerRows, newerRows } from './newer.ts'
import { listTransactions, swapSchemas } from './schema-swap.ts'
import { dropEnding, dropLeftCopies, exchange, keptEnding, renameAway, swappedSchemas } from './schemas.ts'
import { connectionString, findTool } from './tools.ts'
import { unpackDump } from './unpack.ts'

const { escapeIdentifier } = pg

interface Place {
  readonly connection: ServerConnection
  readonly surroundings: Surroundings
}

/**
 * Loads a backup into schemas beside the live ones of the same database, for users who may not make or rename a database.
 * No name in the dump is rewritten: one transaction renames the live schemas away, restores under their own names, and
 * renames both back before it ends, so that nobody else sees any of it but a copy beside. Looked at is the copy likewise, in a
 * transaction that renames and is taken back.
 * @throws RefusedError for what belongs to no schema, or the words of the tools; nothing live is changed then
 */
export async function stageSchemas(place: Place, source: DumpSource): Promise<Staged> {
  const { connection, surroundings } = place
  const { database } = connection
  const [copy, held] = [newEnding(), newEnding()]
  const withLive = <T>(use: (session: Session) => Promise<T>) => withSession(connection, database, use)
  const discard = () => withLive((session) => dropEnding(session, copy))
  const withCopy = <T>(use: (session: Session) => Promise<T>) =>
    withLive(async (session) => {
      await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
      await session.query(exchange({ away: held, into: copy }))
      return use(session)
    })
  await withLive(async (session) => {
    for (const ending of await dropLeftCopies(session))
      surroundings.log(
        `schemas that end with ${ending} were left by a restore that was killed, and are dropped`,
      )
  })
  await load(place, source, { copy, held })
  let older: readonly string[]
  try {
    older = await withLive(async (session) => {
      await analyze(session, copy)
      return listTransactions(session)
    })
  } catch (error) {
    await discard()
    throw error
  }
  const pair = (table: string) => ({ connection, live: database, withCopy, table })
  return {
    contents: () => withCopy((session) => readContents(session, true)),
    countNewerRows: (table) => countNewerRows(pair(table)),
    newerRows: (table) => newerRows(pair(table)),
    swap: async (kept) => {
      const away = keptEnding(kept)
      await swapSchemas(connection, { away, into: copy, older })
      surroundings.log(`what was there is kept within ${database}, as schemas whose names end with ${away}`)
    },
    discard,
  }
}

function newEnding(): string {
  return `_restoring_${randomBytes(4).toString('hex')}`
}

async function load(
  { connection, surroundings }: Place,
  source: DumpSource,
  endings: { readonly copy: string; readonly held: string },
): Promise<void> {
  const { scratch, signal } = source
  const dump = await unpackDump(source)
  const common = {
    debianPackage: 'postgresql-client',
    env: await toolEnvironment(connection, surroundings.env, surroundings.scratch),
    signal,
  }
  await withSession(connection, connection.database, async (session) => {
    const server = (await session.query('SHOW server_version'))[0]?.['server_version'] ?? ''
    const restorer = { ...common, command: (await findTool('pg_restore', server, surroundings.env)).command }
    const psql = await findTool('psql', server, surroundings.env)
    const list = await runTool({ ...restorer, args: ['--list', dump] })
    const entries = join(scratch, 'entries')
    await writeFile(entries, await chooseEntries(session, list))
    const begin = await beginScript(session, endings.held)
    const script = async function* () {
      yield begin
      yield* onlyRestricted(openTool({ ...restorer, args: ['--file=-', `--use-list=${entries}`, dump] }))
      yield `${exchange({ away: endings.copy, into: endings.held })}COMMIT;\n`
    }
    await runTool({
      ...common,
      command: psql.command,
      args: [
        ...['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--file=-'],
        `--dbname=${connectionString(connection.database)}`,
      ],
      input: Readable.from(script(), { highWaterMark: 1 }),
      // what the script selects, of which there is nothing to know
      output: async (stdout) => void stdout.resume(),
    })
  })
  await rm(dump, { recursive: true })
}

/**
 * Passes a script on that `psql` may be given: since 2025 it begins by forbidding the commands of psql itself, which a name in the
 * dump could bring along to be run on this machine (CVE-2025-8714).
 */
async function* onlyRestricted(script: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  let isFirst = true
  for await (const piece of script) {
    if (isFirst && !String(piece).includes('\n\\restrict '))
      throw new RefusedError(
        'pg_restore is too old to be safe here: install one with the fixes of August 2025',
      )
    isFirst = false
    yield piece
  }
}

/** Renames the live schemas away, and makes `public` as a new database has it: the dump counts on that. */
async function beginScript(session: Session, held: string): Promise<string> {
  const [row] = await session.query(
    `SELECT pg_get_userbyid(nspowner) AS owner, current_setting('server_version_num')::int >= 150000 AS "mayNotCreate"
     FROM pg_namespace JOIN (${swappedSchemas}) s ON s.name = nspname WHERE nspname = 'public'`,
  )
  const rights = row?.['mayNotCreate'] === 't' ? 'USAGE' : 'USAGE, CREATE'
  // one snapshot: a schema that somebody makes meanwhile is not taken for one of the dump
  return `BEGIN ISOLATION LEVEL REPEATABLE READ;
${renameAway(held)}${
  row === undefined
    ? ''
    : `CREATE SCHEMA public AUTHORIZATION ${escapeIdentifier(row['owner'] ?? '')};
GRANT ${rights} ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA public IS 'standard public schema';
`
}`
}

/**
 * The entries of a dump's list that are restored: without extensions that the database has, and the schemas they live in.
 * @throws RefusedError that names those that belong to no schema
 */
async function chooseEntries(session: Session, list: string): Promise<string> {
  const extensions = new Map(
    (
      await session.query(
        'SELECT extname, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace',
      )
    ).map(({ extname, nspname }) => [extname ?? '', nspname ?? '']),
  )
  const swapped = new Set((await session.query(swappedSchemas)).map(({ name }) => name))
  const fixed = [...extensions.values()].filter((schema) => !swapped.has(schema))
  const inTheWay: string[] = []
  const entries = list.split('\n').filter((line) => {
    const [, kind = '', rest = ''] = /^\d+; \d+ \d+ ([A-Z][A-Z ]*) - (.*)$/.exec(line) ?? []
    const named = (what: string, names: Iterable<string>) =>
      [...names].some((name) =>
        `${kind} ${rest} `.replace(/^(?:ACL|COMMENT) /, '').startsWith(`${what} ${name} `),
      )
    if (kind === '' || settings.has(kind)) return true
    if (named('EXTENSION', extensions.keys()) || named('SCHEMA', fixed)) return false
    if (/^(?:(?:ACL|COMMENT) )?SCHEMA /.test(`${kind} ${rest}`)) return true
    inTheWay.push(`${kind} ${rest}`)
    return false
  })
  for (const [name, schema] of extensions)
    if (schema !== 'pg_catalog' && !new RegExp(`^\\d+; \\d+ \\d+ EXTENSION - ${name}(?: |$)`, 'm').test(list))
      inTheWay.push(`extension ${name}, which it does not have`)
  if (inTheWay.length > 0)
    throw new RefusedError(
      `the backup cannot be restored into schemas, as these belong to none: ${inTheWay.join('; ')}`,
    )
  return entries.join('\n')
}

const settings: ReadonlySet<string> = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH'])

/** A restored table has no statistics, and without them the first minutes are slow ones. */
async function analyze(session: Session, copy: string): Promise<void> {
  const rows = await session.query(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND right(nspname, $1) = $2`,
    [copy.length, copy],
  )
  if (rows.length > 0) await session.query(`ANALYZE ${rows.map(({ name }) => name).join(', ')}`)
}
