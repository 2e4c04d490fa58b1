import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DumpSource, Staged } from '../engine.ts'
import { runTool } from '../tool.ts'
import { type Session, withSession } from './connect.ts'
import { explainLoad } from './explain-load.ts'
import { copyProperties, createDatabase, type DatabaseProperties } from './properties.ts'
import { readCopy } from './read-copy.ts'
import { dropDatabase, type Server } from './server.ts'
import { listEntries } from './stage.ts'
import { swapDatabases } from './swap.ts'
import { connectionString, jobs } from './tools.ts'
import type { Dump } from './unpack.ts'

/**
 * Loads a dump into a database beside the live one.
 * @param properties of the copy: owner, encoding, collation
 */
export async function stageDatabase(
  server: Server,
  { scratch, signal }: DumpSource,
  {
    dump,
    properties,
    isElsewhere = false,
  }: {
    readonly dump: Dump
    readonly properties: DatabaseProperties
    /** on a server that may not have the tablespaces */
    readonly isElsewhere?: boolean
  },
): Promise<Staged> {
  const { connection, database, withControl, surroundings } = server
  const copy = newSideName(database)
  await withControl(async (session) => {
    for (const left of await listSide(session, database)) {
      surroundings.log(`${left} was left by a restore that was killed, and is dropped`)
      await dropDatabase(session, left)
    }
    await createDatabase(session, copy, properties)
  })
  const discard = () => withControl((session) => dropDatabase(session, copy))
  try {
    const tool = await server.prepareTool('pg_restore')
    const entries = join(scratch, 'entries')
    if (dump.keep !== undefined)
      await writeFile(entries, (await listEntries(server, dump)).filter(dump.keep).join('\n'))
    await runTool({
      ...tool,
      args: [
        ...['--format=directory', `--jobs=${jobs}`, '--exit-on-error', '--no-password'],
        ...(dump.schemaOnly === true ? ['--schema-only'] : []),
        ...(isElsewhere ? ['--no-tablespaces'] : []),
        ...(dump.keep === undefined ? [] : [`--use-list=${entries}`]),
        `--dbname=${connectionString(copy)}`,
        dump.folder,
      ],
      signal,
    }).catch((error: unknown) => {
      throw explainLoad(error)
    })
  } catch (error) {
    await discard()
    throw error
  }
  const withCopy = <T>(use: (session: Session) => Promise<T>) =>
    withSession(connection, copy, async (session) => {
      await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      return use(session)
    })
  return {
    ...readCopy(server, withCopy),
    // a restored table has no statistics, and without them the first minutes are slow ones
    prepare: () => withSession(connection, copy, async (session) => void (await session.query('ANALYZE'))),
    swap: (kept) =>
      withControl((renamer) =>
        withControl(async (watcher) => {
          await copyProperties(renamer, database, copy)
          await swapDatabases([renamer, watcher], { live: database, copy, kept })
        }),
      ),
    discard,
  }
}

/** A name for a copy of a database, which a later restore takes for a left one. */
export function newSideName(database: string): string {
  return `${sidePrefix(database)}${randomBytes(4).toString('hex')}`
}

function sidePrefix(database: string): string {
  let base = database
  while (Buffer.byteLength(base) > 40) base = [...base].slice(0, -1).join('')
  return `${base}_restoring_`
}

async function listSide(session: Session, database: string): Promise<readonly string[]> {
  const rows = await session.query('SELECT datname FROM pg_database')
  const prefix = sidePrefix(database)
  return rows
    .map(({ datname }) => datname ?? '')
    .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)))
}
