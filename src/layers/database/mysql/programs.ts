import { z } from 'zod'
import type { Session } from './connect.ts'

const programSchema = z.object({
  kind: z.enum(['function', 'procedure', 'view', 'trigger', 'event']),
  name: z.string(),
  sqlMode: z.string(),
  /** of the session it was made in: it decides what the text means */
  charset: z.string(),
  collation: z.string(),
  sql: z.string(),
})

/** All that is in a database and no table. Whole statements, as the server itself writes them: nothing is cut at a `;`. */
export type Program = z.infer<typeof programSchema>
export const programsSchema = z.array(programSchema)

const kinds = [
  {
    kind: 'function',
    list: "SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'FUNCTION' ORDER BY 1",
    text: 'Create Function',
  },
  {
    kind: 'procedure',
    list: "SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'PROCEDURE' ORDER BY 1",
    text: 'Create Procedure',
  },
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

/** The programs of the session's database, in an order in which they can be made. */
export async function readPrograms(session: Session): Promise<readonly Program[]> {
  const programs: Program[] = []
  for (const { kind, list, text } of kinds)
    for (const { name } of await session.query(list)) {
      const [row] = await session.query(`SHOW CREATE ${kind.toUpperCase()} ??`, [name])
      programs.push(
        programSchema.parse({
          kind,
          name,
          sqlMode: row?.['sql_mode'] ?? '',
          charset: row?.['character_set_client'] ?? 'utf8mb4',
          collation: row?.['collation_connection'] ?? 'utf8mb4_general_ci',
          sql: row?.[text],
        }),
      )
    }
  return programs
}

/**
 * Makes programs in the session's database. Views may stand on each other in any order: those that fail are
 * tried again, and passed over in the end where that is said.
 */
export async function createPrograms(
  session: Session,
  programs: readonly Program[],
  { passOver = false } = {},
): Promise<void> {
  let waiting = [...programs]
  while (waiting.length > 0) {
    const failed: Program[] = []
    let reason: unknown
    for (const program of waiting) {
      try {
        await session.query('SET sql_mode = ?, character_set_client = ?, collation_connection = ?', [
          program.sqlMode,
          program.charset,
          program.collation,
        ])
        await dropPrograms(session, [program])
        // a statement of the server's own making, with no placeholder in it to be filled
        await session.query(program.sql)
      } catch (error) {
        reason ??= error
        failed.push(program)
      }
    }
    await session.query(
      'SET sql_mode = DEFAULT, character_set_client = utf8mb4, collation_connection = DEFAULT',
    )
    if (failed.length === waiting.length) {
      if (passOver) return
      throw reason
    }
    waiting = failed
  }
}

export async function dropPrograms(session: Session, programs: readonly Program[]): Promise<void> {
  for (const { kind, name } of programs)
    await session.query(`DROP ${kind.toUpperCase()} IF EXISTS ??`, [name])
}
