import type { Engine } from '../engine.ts'
import { bareSql } from './script.ts'

const part = '(?:"(?:[^"]|"")+"|`[^`]+`|[\\w$]+)'
const table = `((?:${part}\\s*\\.\\s*)?${part})`

interface Rule {
  readonly pattern: RegExp
  /** what waits until the transaction ends */
  readonly blocks: string
}

const rule = (pattern: string, blocks: string): Rule => ({
  pattern: new RegExp(pattern.replaceAll('TABLE_NAME', table), 'gi'),
  blocks,
})

const changeOfRows = rule(
  '\\b(?:INSERT\\s+INTO|REPLACE\\s+INTO|UPDATE|DELETE\\s+FROM)\\s+(?:ONLY\\s+)?TABLE_NAME',
  'other writes to the same rows wait',
)

/** https://www.postgresql.org/docs/current/explicit-locking.html */
const postgres: readonly Rule[] = [
  rule(
    '\\bALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME(?![^;]*\\bVALIDATE\\s+CONSTRAINT)',
    'reads and writes wait',
  ),
  rule(
    '\\bALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME(?=[^;]*\\bVALIDATE\\s+CONSTRAINT)',
    'other schema changes wait',
  ),
  rule(
    '\\b(?:DROP\\s+TABLE|TRUNCATE(?:\\s+TABLE)?)\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME',
    'reads and writes wait',
  ),
  rule(
    '\\bCREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+(?!CONCURRENTLY\\b)(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:(?!ON\\b)\\S+\\s+)?ON\\s+(?:ONLY\\s+)?TABLE_NAME',
    'writes wait',
  ),
  rule(
    '\\bCREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+CONCURRENTLY\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:(?!ON\\b)\\S+\\s+)?ON\\s+(?:ONLY\\s+)?TABLE_NAME',
    'other schema changes wait',
  ),
  rule(
    '\\bCREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:CONSTRAINT\\s+)?TRIGGER\\b[^;]*?\\bON\\s+TABLE_NAME',
    'writes wait',
  ),
  rule('\\bREFERENCES\\s+TABLE_NAME', 'writes wait'),
  changeOfRows,
]

/** https://mariadb.com/kb/en/metadata-locking/ */
const mysql: readonly Rule[] = [
  rule(
    '\\b(?:ALTER|DROP|TRUNCATE|RENAME)\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?TABLE_NAME',
    'reads and writes wait, at least at its end',
  ),
  rule(
    '\\b(?:CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:UNIQUE\\s+|FULLTEXT\\s+|SPATIAL\\s+)?|DROP\\s+)INDEX\\b[^;]*?\\bON\\s+TABLE_NAME',
    'reads and writes wait, at least at its end',
  ),
  rule('\\bCREATE\\s+(?:OR\\s+REPLACE\\s+)?TRIGGER\\b[^;]*?\\bON\\s+TABLE_NAME', 'reads and writes wait'),
  changeOfRows,
]

/**
 * What a script locks, in words, by what is written in it: `users: reads and writes wait (ALTER TABLE)`. What a trigger or a
 * routine does meanwhile is not known.
 */
export function describeLocks(kind: Engine['kind'], script: string): readonly string[] {
  if (kind === 'sqlite') return ['the whole database: writes wait']
  const found = (kind === 'postgres' ? postgres : mysql).flatMap(({ pattern, blocks }) =>
    [...bareSql(script).matchAll(pattern)].map(([text, name = '']) => {
      const statement = text.slice(0, text.lastIndexOf(name)).trim().replace(/\s+/g, ' ').replace(/ ON$/i, '')
      return `${name}: ${blocks} (${statement})`
    }),
  )
  return [...new Set(found)]
}
