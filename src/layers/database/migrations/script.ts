/**
 * SQL with its comments, texts and quoted bodies taken out, so that what is left can be looked at without being misled by
 * them. Only ever looked at: what is run is the script as it is, by the engine's own client, never cut at a `;`.
 */
export function bareSql(script: string): string {
  return script.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\1\$/g, (found) =>
    found.startsWith("'") || found.startsWith('$') ? "''" : ' ',
  )
}

/** True for a script that ends the transaction that it is run in, so that it cannot be undone as one. */
export function endsTransaction(script: string): boolean {
  const bare = bareSql(script)
  if (/(?:^|;)\s*(?:COMMIT|ROLLBACK(?!\s+TO)|START\s+TRANSACTION)\b/i.test(bare)) return true
  if (/(?:^|;)\s*BEGIN\s*(?:TRANSACTION|WORK|IMMEDIATE|EXCLUSIVE)?\s*;/i.test(bare)) return true
  // within the body of a trigger or routine END means something else
  return !/\bBEGIN\b/i.test(bare) && /(?:^|;)\s*END\s*;/i.test(bare)
}

/** What a script takes away. */
export interface Taking {
  readonly what: 'table' | 'column' | 'rows'
  /** as it is written, quotes and all */
  readonly table: string
  readonly column?: string
}

const name = '((?:"(?:[^"]|"")+"|`[^`]+`|[\\w$]+)(?:\\s*\\.\\s*(?:"(?:[^"]|"")+"|`[^`]+`|[\\w$]+))?)'
const drops = /\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?([^;]+)/gi
const alters = new RegExp(`\\bALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?${name}([^;]*)`, 'gi')
const dropColumn = new RegExp(
  `\\bDROP\\s+(?:COLUMN\\s+)?(?:IF\\s+EXISTS\\s+)?(?!(?:CONSTRAINT|INDEX|KEY|PRIMARY|FOREIGN|CHECK|DEFAULT|NOT|IDENTITY|EXPRESSION|PARTITION)\\b)${name}`,
  'gi',
)
const truncates = new RegExp(`\\bTRUNCATE\\s+(?:TABLE\\s+)?(?:ONLY\\s+)?${name}`, 'gi')
const deletes = new RegExp(`\\bDELETE\\s+FROM\\s+(?:ONLY\\s+)?${name}`, 'gi')

/** The tables, columns and rows that a script drops, truncates or deletes. */
export function findTakings(script: string): readonly Taking[] {
  const bare = bareSql(script)
  return [
    ...[...bare.matchAll(drops)].flatMap(([, list = '']) =>
      [...list.replace(/\b(?:CASCADE|RESTRICT)\b/gi, '').matchAll(new RegExp(name, 'g'))].map(
        ([, table = '']): Taking => ({ what: 'table', table }),
      ),
    ),
    ...[...bare.matchAll(alters)].flatMap(([, table = '', rest = '']) =>
      [...rest.matchAll(dropColumn)].map(([, column = '']): Taking => ({ what: 'column', table, column })),
    ),
    ...[truncates, deletes].flatMap((pattern) =>
      [...bare.matchAll(pattern)].map(([, table = '']): Taking => ({ what: 'rows', table })),
    ),
  ]
}
