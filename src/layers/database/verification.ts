import { count } from '../../text/count.ts'
import { formatSize } from '../../text/size.ts'
import type { Manifest } from './manifest.ts'

/** True for a backup that was restored to verify it, and could not be: it is no way back. */
export function isFailed({ verification }: Pick<Manifest, 'verification'>): boolean {
  return verification.failure !== undefined
}

/** True for a backup that was restored once and compared whole. */
export function isRestored({ verification }: Pick<Manifest, 'verification'>): boolean {
  return verification.level === 'restore' && verification.failure === undefined
}

const places = {
  'same-server': 'beside the database',
  'other-server': 'on another server',
  'local-server': 'on a local server',
} as const

/** How and when a backup was verified, as one line without the backup's name. */
export function describeVerification({ verification, contents, parts }: Manifest): string {
  const { level, at, on, tables = [], failure } = verification
  const where = on === undefined ? '' : ` ${places[on]}`
  if (failure !== undefined) return `failed: the restore${where} at ${at} failed: ${failure}`
  switch (level) {
    case 'restore': {
      const rows = contents.tables.reduce((sum, table) => sum + table.rows, 0)
      return `verified: restored at ${at}${where}; the schema and ${count(rows, 'row')} of ${count(contents.tables.length, 'table')} were identical`
    }
    case 'sample': {
      const size = formatSize(parts.reduce((sum, { plainSize }) => sum + plainSize, 0))
      return `partly verified: restored at ${at}${where}; the schema and the rows of ${tables.length} of ${count(contents.tables.length, 'table')} were identical; the other rows of ${size} were not restored`
    }
    case 'checksums':
      return `not verified by a restore: only the stored files were read again, at ${at}`
  }
}
