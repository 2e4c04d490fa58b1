import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { RefusedError } from '../../../errors.ts'
import { journal, type Statement } from '../engine.ts'
import { runTool } from '../tool.ts'
import { errorNumber, type Session, type Tools } from './connect.ts'

const noSuchTable = 1146

/**
 * Runs a script by the server's own client, which knows DELIMITER, and then the statements. When one fails, those before it
 * stay; the journal has them, and the next run begins after them. The client prints each statement before it runs it, so
 * that what is a statement is its own word.
 * @param name what the journal calls the script; undefined to keep none
 * @throws RefusedError that says how far it came
 */
export async function runSteps(
  session: Session,
  {
    tools,
    database,
    script,
    after,
    name,
  }: {
    readonly tools: Tools
    readonly database: string
    readonly script: string
    readonly after: readonly Statement[]
    readonly name: string | undefined
  },
): Promise<void> {
  const before = name === undefined ? [] : await readJournal(session, name)
  const rest = before.length === 0 ? script : restOf(script, before)
  if (rest === undefined)
    throw new RefusedError(
      `of the script that undoes ${name}, ${countOf(before)} statements ran in an earlier run, and the script does not begin with them any more: undo the rest by hand, then take the entry out of the history table and drop ${journal}`,
    )
  if (name !== undefined) await writeJournal(session, name, before, true)
  let printed = ''
  try {
    await runTool({
      command: tools.client,
      debianPackage: tools.debianPackage,
      args: [
        ...tools.first,
        ...['--verbose', '--unbuffered', '--comments', '--default-character-set=utf8mb4'],
        `--database=${database}`,
      ],
      env: tools.env,
      input: Readable.from([rest]),
      output: async (stdout) => {
        printed = await text(stdout)
      },
    })
  } catch (error) {
    // the last one is the one that failed
    const done = [...before, ...statementsIn(printed).slice(0, -1)]
    const message = `${error instanceof Error ? error.message : error}; ${countOf(done)} of its statements ran before and stay`
    if (name === undefined) throw new RefusedError(message)
    await writeJournal(session, name, done, false)
    throw new RefusedError(`${message}: mend the cause and run it again, and it goes on after them`)
  }
  if (name !== undefined) await writeJournal(session, name, [...before, ...statementsIn(printed)], false)
  await session.query('START TRANSACTION')
  for (const { sql, values } of after) await session.query(sql, values)
  if (name !== undefined) await session.query('DELETE FROM ?? WHERE name = ?', [journal, name])
  await session.query('COMMIT')
  if (name === undefined) return
  const [left] = await session.query('SELECT COUNT(*) AS count FROM ??', [journal])
  if (Number(left?.['count']) === 0) await session.query('DROP TABLE ??', [journal])
}

/** The statements that the client said it runs; what is between two lines of dashes. */
function statementsIn(printed: string): readonly string[] {
  return [...printed.matchAll(/^-{14}\n([\s\S]*?)\n-{14}\n\n?/gm)].map(([, statement = '']) => statement)
}

/** A comment alone is none that does anything. */
function countOf(statements: readonly string[]): number {
  return statements.filter((each) => !isBlank(each)).length
}

function isBlank(sql: string): boolean {
  return sql.replace(/(?:--|#)[^\n]*|\/\*(?!!)[\s\S]*?\*\//g, '').trim() === ''
}

/**
 * What is left of a script after the statements that ran: only where it begins with just these, with nothing but comments,
 * delimiters and their changes between them; undefined otherwise.
 */
export function restOf(script: string, done: readonly string[]): string | undefined {
  let rest = script
  let delimiter = ';'
  for (const statement of done) {
    for (;;) {
      const gap = /^\s+|^delimiter[ \t]+(\S+)[^\n]*(?:\n|$)/i.exec(rest)
      if (gap === null) break
      delimiter = gap[1] ?? delimiter
      rest = rest.slice(gap[0].length)
    }
    const after = without(rest, statement, delimiter)
    if (after === undefined) return undefined
    rest = after
  }
  return delimiter === ';' ? rest : `DELIMITER ${delimiter}\n${rest}`
}

/** A comment that follows a statement on its line is printed with it, without the delimiter between them. */
function without(rest: string, statement: string, delimiter: string): string | undefined {
  if (rest.startsWith(statement)) {
    const after = rest.slice(statement.length).replace(/^[ \t]+/, '')
    if (after.startsWith(delimiter)) return after.slice(delimiter.length)
    if (after.trim() === '' || isBlank(statement)) return after
  }
  for (const { index } of statement.matchAll(/[ \t]*(?=--|#|\/\*)/g)) {
    const head = statement.slice(0, index) + delimiter
    const comment = statement.slice(index).trim()
    const after = rest.slice(head.length).replace(/^[ \t]+/, '')
    if (rest.startsWith(head) && after.startsWith(comment) && isBlank(comment))
      return after.slice(comment.length)
  }
  return undefined
}

async function readJournal(session: Session, name: string): Promise<readonly string[]> {
  const rows = await session
    .query('SELECT done, running FROM ?? WHERE name = ?', [journal, name])
    .catch((error: unknown) => {
      if (errorNumber(error) === noSuchTable) return []
      throw error
    })
  const [row] = rows
  if (row === undefined) return []
  const done = z.array(z.string()).parse(JSON.parse(z.string().parse(row['done'])))
  if (Number(row['running']) === 1)
    throw new RefusedError(
      `the script that undoes ${name} was cut off by a kill or a crash: ${countOf(done)} of its statements ran before that run, and of those in it nobody knows; undo the rest by hand, then take the entry out of the history table and drop ${journal}`,
    )
  return done
}

async function writeJournal(
  session: Session,
  name: string,
  done: readonly string[],
  running: boolean,
): Promise<void> {
  await session.query(
    'CREATE TABLE IF NOT EXISTS ?? (name VARCHAR(255) PRIMARY KEY, done LONGTEXT NOT NULL, running BOOLEAN NOT NULL) ENGINE = InnoDB CHARACTER SET utf8mb4',
    [journal],
  )
  await session.query('REPLACE INTO ?? VALUES (?, ?, ?)', [journal, name, JSON.stringify(done), running])
}
