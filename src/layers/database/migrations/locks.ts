import type { Engine } from '../engine.ts'
import { bareSql } from './script.ts'

const part = '(?:"(?:[^"]|"")+"|`[^`]+`|[\\w$]+)'
const table = `((?:${part}\\s*\\.\\s*)?${part})`

interface Rule {
  readonly pattern: RegExp
  /** what others cannot do with the table, for as long as it is held */
  readonly blocks: string
}

const rule = (pattern: string, blocks: string): Rule => ({
  pattern: new RegExp(pattern.replaceAll('TABLE_NAME', table), 'gi'),
  blocks,
})

const changeOfRows = rule(
  '\\b(?:INSERT\\s+INTO|REPLACE\\s+INTO|UPDATE|DELETE\\s+FROM)\\s+(?:ONLY\\s+)?TABLE_NAME',
  'writes to the rows that it changes',
)

/** https://www.postgresql.org/docs/current/explicit-locking.html */
const postgres: readonly Rule[] = [
  rule(
    '\\bALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME(?![^;]*\\bVALIDATE\\s+CONSTRAINT)',
    'reads and writes',
  ),
  rule(
    '\\bALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME(?=[^;]*\\bVALIDATE\\s+CONSTRAINT)',
    'other changes of its schema',
  ),
  rule(
    '\\b(?:DROP\\s+TABLE|TRUNCATE(?:\\s+TABLE)?)\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME',
    'reads and writes',
  ),
  rule(
    '\\bCREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+(?!CONCURRENTLY\\b)(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:(?!ON\\b)\\S+\\s+)?ON\\s+(?:ONLY\\s+)?TABLE_NAME',
    'writes',
  ),
  rule(
    '\\bCREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+CONCURRENTLY\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:(?!ON\\b)\\S+\\s+)?ON\\s+(?:ONLY\\s+)?TABLE_NAME',
    'other changes of its schema',
  ),
  rule('\\bCREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:CONSTRAINT\\s+)?TRIGGER\\b[^;]*?\\bON\\s+TABLE_NAME', 'writes'),
  rule('\\bREFERENCES\\s+TABLE_NAME', 'writes'),
  changeOfRows,
]

/** https://mariadb.com/kb/en/metadata-locking/ */
const mysql: readonly Rule[] = [
  rule(
    '\\b(?:ALTER|DROP|TRUNCATE|RENAME)\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?TABLE_NAME',
    'reads and writes, at least at its end',
  ),
  rule(
    '\\b(?:CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:UNIQUE\\s+|FULLTEXT\\s+|SPATIAL\\s+)?|DROP\\s+)INDEX\\b[^;]*?\\bON\\s+TABLE_NAME',
    'reads and writes, at least at its end',
  ),
  rule('\\bCREATE\\s+(?:OR\\s+REPLACE\\s+)?TRIGGER\\b[^;]*?\\bON\\s+TABLE_NAME', 'reads and writes'),
  changeOfRows,
]

/**
 * What a script locks, in words, by what is written in it: `reads and writes of "users" wait (ALTER TABLE)`. What a trigger or a
 * routine does meanwhile is not known.
 */
export function describeLocks(kind: Engine['kind'], script: string): readonly string[] {
  if (kind === 'sqlite') return ['writes to the whole database wait until the script ends']
  const found = (kind === 'postgres' ? postgres : mysql).flatMap(({ pattern, blocks }) =>
    [...bareSql(script).matchAll(pattern)].map(([text, name = '']) => {
      const statement = text.slice(0, text.lastIndexOf(name)).trim().replace(/\s+/g, ' ')
      return `${blocks} of ${name} wait (${statement})`
    }),
  )
  return [...new Set(found)]
}
