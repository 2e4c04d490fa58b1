import type { Engine } from '../engine.ts'
import type { RecordedMigration } from '../manifest.ts'
import { type AppliedMigrations, isEntryOf } from './applied.ts'
import { compareVersions, type DownScript, type MigrationFile } from './folder.ts'
import type { AppliedMigration } from './own-table.ts'

/** What is not as it should be, in words: changed, missing, out of order. */
export function findIrregularities({
  applied,
  files,
  recorded,
  scripts,
  chosen,
}: {
  readonly applied: AppliedMigrations
  readonly files: readonly MigrationFile[]
  readonly recorded: readonly RecordedMigration[]
  readonly scripts: ReadonlyMap<MigrationFile, DownScript>
  readonly chosen: readonly AppliedMigration[]
}): readonly string[] {
  const found: string[] = []
  const isApplied = (file: MigrationFile) => applied.entries.some(({ key }) => isEntryOf(key, file))
  for (const { key } of applied.entries)
    if (!files.some((file) => isEntryOf(key, file)))
      found.push(`${key} was applied, and no file has this name`)
  const newest = files.filter(isApplied).at(-1)
  for (const file of files)
    if (newest && !isApplied(file) && compareVersions(file.version, newest.version) < 0)
      found.push(
        `${file.name} was not applied, although the newer ${newest.name} was: a gap, or out of order`,
      )
  for (const [file, { checksum }] of scripts) {
    const entry = chosen.find(({ key }) => isEntryOf(key, file))
    const then = entry?.checksum ?? recorded.find(({ name }) => name === file.name)?.checksum
    if (then !== undefined && then !== checksum) found.push(`${file.name} was changed after it was applied`)
  }
  return found
}

/** Tools that record a migration once it is applied, and mark none as begun. */
const marksNothing: ReadonlySet<string> = new Set(['goose_db_version', 'schema_migrations'])

/**
 * The migration that such a tool may have begun, where a part of it stays when it fails: its table does not say. Only the first
 * of those that are not applied can be it.
 */
export async function findCutOff({
  engine,
  applied,
  files,
  read,
  before,
}: {
  /** reads a file of the revision that failed */
  readonly read: (path: string) => Promise<string | undefined>
  /** files of the revision before it; undefined where it is not its migrations that are undone */
  readonly before: readonly string[] | undefined
  readonly engine: Pick<Engine, 'transactionalDdl'>
  readonly applied: AppliedMigrations
  readonly files: readonly MigrationFile[]
}): Promise<readonly string[]> {
  if (before === undefined || !marksNothing.has(applied.table) || applied.marksBegun) return []
  const next = files.find((file) => !applied.entries.some(({ key }) => isEntryOf(key, file)))
  if (next === undefined || before.includes(next.up)) return []
  const text = (await read(next.up)) ?? ''
  const isOutside = /^-- *(?:migrate:up[^\n]*transaction:false|\+goose +NO TRANSACTION)/im.test(text)
  if (engine.transactionalDdl && !isOutside) return []
  return [
    `${next.name} is not recorded in ${applied.table}, and a part of it may be there, as it ${isOutside ? 'runs outside a transaction' : 'cannot run in a transaction on this database'}: check that none of it is there, or restore the backup`,
  ]
}
