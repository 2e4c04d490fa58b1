import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import pg from 'pg'
import { RefusedError } from '../../../errors.ts'
import type { DumpSource, Staged } from '../engine.ts'
import { openTool, runTool } from '../tool.ts'
import type { Session } from './connect.ts'
import { explainLoad } from './explain-load.ts'
import { readCopy } from './read-copy.ts'
import { listTransactions, swapSchemas } from './schema-swap.ts'
import { dropEnding, dropLeftCopies, exchange, keptEnding, renameAway, swappedSchemas } from './schemas.ts'
import type { Server } from './server.ts'
import { listEntries } from './stage.ts'
import { connectionString } from './tools.ts'
import type { Dump } from './unpack.ts'

const { escapeIdentifier } = pg

/**
 * Loads a backup into schemas beside the live ones of the same database, for users who may not make or rename a database.
 * No name in the dump is rewritten: one transaction renames the live schemas away, restores under their own names, and
 * renames both back before it ends, so that nobody else sees any of it but a copy beside. Looked at is the copy likewise, in a
 * transaction that renames and is taken back.
 * @throws RefusedError for what belongs to no schema, or the words of the tools; nothing live is changed then
 */
export async function stageSchemas(server: Server, source: DumpSource, dump: Dump): Promise<Staged> {
  const { connection, database, surroundings, withLive } = server
  const [copy, held] = [newEnding(), newEnding()]
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
  await load(server, source, { dump, copy, held })
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
  return {
    ...readCopy(server, withCopy),
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
  server: Server,
  { scratch, signal }: DumpSource,
  { dump, copy, held }: { readonly dump: Dump; readonly copy: string; readonly held: string },
): Promise<void> {
  await server.withLive(async (session) => {
    const restorer = { ...(await server.prepareTool('pg_restore')), signal }
    const psql = await server.prepareTool('psql')
    const list = (await listEntries(server, dump)).filter(dump.keep ?? (() => true))
    const entries = join(scratch, 'entries')
    await writeFile(entries, await chooseEntries(session, list))
    const begin = await beginScript(session, held)
    const rows = dump.schemaOnly === true ? ['--schema-only'] : []
    const args = ['--file=-', `--use-list=${entries}`, ...rows, dump.folder]
    const script = async function* () {
      yield begin
      yield* onlyRestricted(openTool({ ...restorer, args }))
      yield `${exchange({ away: copy, into: held })}COMMIT;\n`
    }
    await runTool({
      ...psql,
      signal,
      args: [
        ...['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--file=-'],
        `--dbname=${connectionString(server.database)}`,
      ],
      input: Readable.from(script(), { highWaterMark: 1 }),
      // what the script selects, of which there is nothing to know
      output: async (stdout) => void stdout.resume(),
    }).catch((error: unknown) => {
      throw explainLoad(error)
    })
  })
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
async function chooseEntries(session: Session, list: readonly string[]): Promise<string> {
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
  const entries = list.filter((line) => {
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
  const has = (name: string) => {
    const line = new RegExp(`^\\d+; \\d+ \\d+ EXTENSION - ${name}(?: |$)`)
    return list.some((each) => line.test(each))
  }
  for (const [name, schema] of extensions)
    if (schema !== 'pg_catalog' && !has(name)) inTheWay.push(`extension ${name}, which it does not have`)
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
