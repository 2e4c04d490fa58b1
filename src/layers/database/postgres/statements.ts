import pg from 'pg'
import type { ScriptEngine } from '../engine.ts'
import type { Server } from './server.ts'

const { escapeIdentifier } = pg

/** Queries and scripts of the live database, for its migrations. */
export function openStatements({ withLive }: Server): ScriptEngine {
  return {
    transactionalDdl: true,
    quoteName: escapeIdentifier,
    asText: (column) => `${escapeIdentifier(column)}::text`,
    query: (sql, values = []) => withLive((session) => session.query(numbered(sql), values)),
    columnsOf: (table) =>
      withLive(async (session) => {
        const rows = await session.query(
          'SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum',
          [escapeIdentifier(table)],
        )
        return rows.map(({ attname }) => attname ?? '')
      }),
    runScript: ({ script, after, transaction }) =>
      withLive(async (session) => {
        // an undoing that waits for a lock makes everybody else wait behind it
        await session.query("SET lock_timeout = '10s'")
        if (transaction) await session.query('BEGIN')
        // without values it goes by the simple protocol, which takes a script of many statements as it is
        await session.query(script)
        await session.query('RESET search_path')
        for (const { sql, values } of after) await session.query(numbered(sql), values)
        if (transaction) await session.query('COMMIT')
      }),
  }
}

/** `?` as `$1`, `$2`…; only ever on statements of our own, which have no other question mark. */
function numbered(sql: string): string {
  let count = 0
  return sql.replace(/\?/g, () => {
    count += 1
    return `$${count}`
  })
}
