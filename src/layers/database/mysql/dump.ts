import { allEnded } from '../all-ended.ts'
import type { ServerConnection } from '../connection.ts'
import type { Contents, DumpTarget } from '../engine.ts'
import { openTool } from '../tool.ts'
import type { Session, Tools } from './connect.ts'
import { listTables, readContents } from './contents.ts'
import { lockTables } from './lock-tables.ts'
import { listOwnTables, type OwnTable, writeOwnTables } from './own-tables.ts'
import { readPrograms } from './programs.ts'
import { readLimit, refuseLongRows } from './server-limits.ts'
import { refuseShapes } from './shapes.ts'

/** Parts of a backup, in the order in which they are loaded. The second is there only where `listOwnTables` has any. */
export const parts = {
  tables: 'tables.sql',
  ownTables: 'own-tables.sql',
  programs: 'programs.json',
} as const

/**
 * Writes one point in time: the server's own dump tool the tables, everything else as the server prints it. Writers wait until
 * the snapshots stand, and to the end where a table is in no snapshot. The session is in the database.
 * @throws RefusedError that names what a backup cannot bring back
 */
export async function dumpDatabase(
  session: Session,
  { connection, tools, server }: { connection: ServerConnection; tools: Tools; server: string },
  { add, signal }: Pick<DumpTarget, 'add' | 'signal'>,
): Promise<Contents> {
  const { database } = connection
  const tables = await listTables(session, database)
  if (tables.length === 0) return { tables: [], schema: '0'.repeat(64) }
  await refuseShapes(session, database, server)
  const programs = await readPrograms(session)
  const own = await listOwnTables(session, database)
  const limit = await readLimit(session)
  const lock = await lockTables(
    connection,
    tables.map(({ name }) => name),
  )
  try {
    await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    const dumped = openTool({
      command: tools.dump,
      debianPackage: tools.debianPackage,
      args: await argumentsFor(session, {
        tools,
        database,
        own,
        isVersioned: tables.some((each) => each.isVersioned),
      }),
      env: tools.env,
      signal,
    })
    // the tool prints once its own snapshot stands; what is in no snapshot stays locked to the end
    if (tables.every(({ transactional }) => transactional))
      dumped.once('readable', () => void lock.release().catch(() => {}))
    const [, contents] = await allEnded([
      add(parts.tables, refuseLongRows(allowInvalidDates(dumped), limit)),
      readContents(session, database, { digests: true, programs }),
    ])
    if (own.length > 0) await add(parts.ownTables, refuseLongRows(writeOwnTables(session, own), limit))
    await add(parts.programs, bytesOf(JSON.stringify(programs)))
    return contents
  } finally {
    await lock.release()
  }
}

async function argumentsFor(
  session: Session,
  {
    tools,
    database,
    own,
    isVersioned,
  }: {
    readonly tools: Tools
    readonly database: string
    readonly own: readonly OwnTable[]
    readonly isVersioned: boolean
  },
): Promise<readonly string[]> {
  const views = await session.query(
    'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?',
    [database],
  )
  return [
    ...tools.first,
    ...['--single-transaction', '--quick', '--no-tablespaces', '--skip-lock-tables', '--skip-triggers'],
    ...['--skip-comments', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'],
    ...(isVersioned ? ['--dump-history'] : []),
    ...[...views, ...own].map(({ name }) => `--ignore-table=${database}.${name}`),
    '--',
    database,
  ]
}

const headSize = 4096

/** Dates such as 30 February, which this mode stores, are loaded only in it; the tool's own script leaves it. */
async function* allowInvalidDates(script: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of script) {
    if (head === undefined) yield chunk
    else {
      head = Buffer.concat([head, chunk])
      if (head.length < headSize) continue
      yield rewriteHead(head)
      head = undefined
    }
  }
  if (head !== undefined) yield rewriteHead(head)
}

/** The head has no row yet: the tool sets the mode before it prints the first table. */
function rewriteHead(head: Buffer): Buffer {
  const mode = "SQL_MODE='NO_AUTO_VALUE_ON_ZERO"
  const at = head.indexOf(`${mode}'`)
  const end = at + mode.length
  return at < 0
    ? head
    : Buffer.concat([head.subarray(0, end), Buffer.from(',ALLOW_INVALID_DATES'), head.subarray(end)])
}

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
}
