import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ConflictError, RefusedError } from '../../../errors.ts'
import { journal, type Statement } from '../engine.ts'
import type { Session } from './connect.ts'
import { readSchema } from './contents.ts'
import { splitStatements } from './statements.ts'

/** How long a statement of a run that was killed may still run in the server, ms. */
const patienceMs = 60_000

export interface Steps {
  readonly database: string
  readonly script: string
  readonly after: readonly Statement[]
  /** what the journal calls the script; undefined to keep none */
  readonly name: string | undefined
}

/**
 * Runs a script statement by statement, and then the statements after it. The server commits at each definition, so a journal
 * says how far the script came: after a failure or a kill, the next run goes on after what ran. Changes of rows are committed
 * with their entry in the journal; whether a definition ran is seen by the schema.
 * @throws RefusedError that says how far it came
 */
export async function runSteps(session: Session, { database, script, after, name }: Steps): Promise<void> {
  const statements = splitStatements(script)
  // the server's own, as its client has it
  await session.query('SET SESSION sql_mode = DEFAULT')
  const done = name === undefined ? [] : await resume(session, { database, name, statements })
  // what a session keeps is lost with it
  for (const statement of done)
    if (/^SET\s+(?!GLOBAL\b|@@GLOBAL\b)/i.test(statement)) await session.query(statement)
  for (const statement of statements.slice(done.length)) {
    if (name !== undefined)
      await writeJournal(session, name, {
        done,
        running: statement,
        schema: await readSchema(session, database),
      })
    try {
      await session.query('START TRANSACTION')
      await session.query(statement)
      if (name !== undefined) await writeJournal(session, name, { done: [...done, statement] })
      await session.query('COMMIT')
      done.push(statement)
    } catch (error) {
      throw await explainFailure(session, { error, done, name })
    }
  }
  await session.query('START TRANSACTION')
  for (const { sql, values } of after) await session.query(sql, values)
  if (name !== undefined) await session.query('DELETE FROM ?? WHERE name = ?', [journal, name])
  await session.query('COMMIT')
  if (name === undefined) return
  const [left] = await session.query('SELECT COUNT(*) AS count FROM ??', [journal])
  if (Number(left?.['count']) === 0) await session.query('DROP TABLE ??', [journal])
}

async function explainFailure(
  session: Session,
  { error, done, name }: { error: unknown; done: readonly string[]; name: string | undefined },
): Promise<unknown> {
  // without an answer of the server, the journal stays as it is: the statement may have run
  if (!(error instanceof RefusedError)) return error
  await session.query('ROLLBACK')
  if (name !== undefined) await writeJournal(session, name, { done })
  const message = `${error.message}; ${done.length} of its statements ran before and stay`
  return new RefusedError(
    name === undefined ? message : `${message}: fix the cause and run it again; it continues after them`,
  )
}

/** What ran in earlier runs. @throws RefusedError when the script does not begin with it */
async function resume(
  session: Session,
  { database, name, statements }: { database: string; name: string; statements: readonly string[] },
): Promise<string[]> {
  await session.query(
    'CREATE TABLE IF NOT EXISTS ?? (name VARCHAR(255) PRIMARY KEY, done LONGTEXT NOT NULL, running LONGTEXT, schema_before VARCHAR(64), connection BIGINT) ENGINE = InnoDB CHARACTER SET utf8mb4',
    [journal],
  )
  const [row] = await session.query(
    'SELECT done, running, schema_before, connection FROM ?? WHERE name = ?',
    [journal, name],
  )
  if (row === undefined) return []
  const { done: before, running, schema_before, connection } = entrySchema.parse(row)
  const done: string[] = z.array(z.string()).parse(JSON.parse(before))
  if (running !== null) {
    await waitForEnd(session, name, connection)
    if ((await readSchema(session, database)) !== schema_before) done.push(running)
  }
  if (done.some((statement, index) => statements[index] !== statement))
    throw new RefusedError(
      `${done.length} statements of the script of ${name} ran in an earlier run, and the script no longer begins with them: run the rest manually, then correct its entry in the history table and drop ${journal}`,
    )
  return done
}

const entrySchema = z.object({
  done: z.string(),
  running: z.string().nullable(),
  schema_before: z.string().nullable(),
  connection: z.coerce.number().nullable(),
})

/** The server goes on with a statement whose client is gone. */
async function waitForEnd(session: Session, name: string, connection: number | null): Promise<void> {
  const givesUpAt = performance.now() + patienceMs
  const isRunning = async () =>
    (
      await session.query(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ? AND DB = DATABASE() AND COMMAND <> 'Sleep'",
        [connection],
      )
    ).length > 0
  while (connection !== null && (await isRunning())) {
    if (performance.now() > givesUpAt)
      throw new ConflictError(
        `the server still runs a statement of ${name}, from a run that was killed (connection ${connection}): wait until it ends, or KILL ${connection}`,
      )
    await sleep(200)
  }
}

async function writeJournal(
  session: Session,
  name: string,
  {
    done,
    running,
    schema,
  }: { readonly done: readonly string[]; readonly running?: string; readonly schema?: string },
): Promise<void> {
  await session.query('REPLACE INTO ?? VALUES (?, ?, ?, ?, CONNECTION_ID())', [
    journal,
    name,
    JSON.stringify(done),
    running ?? null,
    schema ?? null,
  ])
}
