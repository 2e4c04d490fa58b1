import { InputError, message, RefusedError, setting } from '../../../errors.ts'
import type { Engine } from '../engine.ts'
import { type AppliedMigrations, isEntryOf, readApplied } from './applied.ts'
import { compareVersions, listMigrations, type MigrationFile, readDown } from './folder.ts'
import { describeLocks } from './locks.ts'
import { ownTable } from './own-table.ts'
import type { Revision } from './plan.ts'
import { bareSql, endsTransaction } from './script.ts'

export interface ApplyRequest {
  readonly engine: Engine
  /** of the migrations in the repository */
  readonly folder: string
  readonly revision: Revision
  /** applied by the project's own tool, so that no script is run here */
  readonly byCommand: boolean
}

export interface ApplyPlan {
  /** what the history table says now; undefined where there is none yet */
  readonly applied: AppliedMigrations | undefined
  /** in the order in which they are applied */
  readonly steps: readonly ApplyStep[]
  /** changed, missing, or out of order; refused unless allowed */
  readonly irregularities: readonly string[]
}

export interface ApplyStep {
  readonly name: string
  readonly script: string
  /** all of it or nothing */
  readonly transaction: boolean
  readonly checksum: string
  /** the script that undoes it; undefined where there is none */
  readonly down: string | undefined
  /** what others wait for meanwhile, in words */
  readonly locks: readonly string[]
}

/**
 * Plans what of a revision is to be applied, and changes nothing.
 * @throws InputError for a folder without migrations, RefusedError for those of another tool and for scripts that cannot be run
 */
export async function planApply(request: ApplyRequest): Promise<ApplyPlan> {
  const { engine, folder, revision, byCommand } = request
  const files = listMigrations(revision.paths, folder)
  if (files.length === 0)
    throw new InputError(
      message`${setting('database.migrations')} is "${folder}", and revision ${revision.id.slice(0, 7)} has no migrations there; write their folder, such as db/migrations`,
    )
  const applied = await readApplied(engine, files)
  refuseUnfinished(applied)
  if (!byCommand) refuseOtherTool(applied, files)
  const isApplied = (file: MigrationFile) => applied?.entries.some(({ key }) => isEntryOf(key, file)) ?? false
  const pending = files.filter((file) => !isApplied(file))
  return {
    applied,
    steps: await Promise.all(pending.map((file) => describeStep(request, file))),
    irregularities: [
      ...findDisorder(files, pending, applied),
      ...(await findChanged(revision, files, applied)),
    ],
  }
}

/** @throws RefusedError when an earlier run was interrupted and cannot be continued */
function refuseUnfinished(applied: AppliedMigrations | undefined): void {
  if (applied?.stuck !== undefined) throw new RefusedError(applied.stuck)
  if (applied?.unknown !== undefined)
    throw new RefusedError(
      `migration ${applied.unknown}, which runs outside a transaction, was interrupted, and it is not known whether it ran: check it; then set its direction in ${applied.table} from run to up, or delete that row`,
    )
}

function refuseOtherTool(applied: AppliedMigrations | undefined, files: readonly MigrationFile[]): void {
  if (applied !== undefined && applied.table !== ownTable)
    throw new RefusedError(
      message`${applied.table} is the history table of another tool: set ${setting('command')} to the command of that tool that applies migrations`,
    )
  const other = files.find(({ up }) => !up.endsWith('.up.sql'))
  if (other !== undefined)
    throw new RefusedError(
      message`${other.up} is not named NNN_name.up.sql: rename it, or set ${setting('command')} to the command of the tool it is for`,
    )
}

async function describeStep(
  { engine, revision, byCommand }: ApplyRequest,
  file: MigrationFile,
): Promise<ApplyStep> {
  const { sql: down, checksum } = await readDown(file, revision.read)
  const step = { name: file.name, checksum, down }
  if (byCommand) return { ...step, script: '', transaction: false, locks: [] }
  const script = (await revision.read(file.up)) ?? ''
  const isOutside = /^-- *rollback:no-transaction\b/im.test(script)
  const transaction = engine.transactionalDdl && !isOutside
  if (transaction && endsTransaction(script))
    throw new RefusedError(
      `${file.up} begins or ends a transaction itself, so it cannot be undone as a whole when it fails: remove BEGIN and COMMIT`,
    )
  if (engine.transactionalDdl && isOutside && countStatements(script) > 1)
    throw new RefusedError(
      `${file.up} runs outside a transaction and has several statements: write each in its own file, so that the progress is known`,
    )
  return { ...step, script, transaction, locks: describeLocks(engine.kind, script) }
}

function countStatements(script: string): number {
  return bareSql(script)
    .split(';')
    .filter((each) => each.trim() !== '').length
}

function findDisorder(
  files: readonly MigrationFile[],
  pending: readonly MigrationFile[],
  applied: AppliedMigrations | undefined,
): readonly string[] {
  const newest = files.findLast((file) => !pending.includes(file))
  const missing = (applied?.entries ?? []).filter(({ key }) => !files.some((file) => isEntryOf(key, file)))
  const doubled = files.filter((file, index) => files[index - 1]?.version === file.version)
  return [
    ...missing.map(({ key }) => `${key} was applied, and no file has its name`),
    ...doubled.map(({ name, version }) => `${name} has number ${version}, as another file has`),
    ...pending
      .filter(({ version }) => newest !== undefined && compareVersions(version, newest.version) < 0)
      .map(({ name }) => `${name} is out of order: the newer ${newest?.name} was applied before it`),
    ...findGaps(files, pending),
  ]
}

/** Numbers that are missing before a pending one, where they count up; dates do not. */
function findGaps(files: readonly MigrationFile[], pending: readonly MigrationFile[]): readonly string[] {
  return files.flatMap((file, index) => {
    const before = files[index - 1]
    if (before === undefined || !pending.includes(file)) return []
    const [from, to] = [before.version, file.version].map(Number)
    if (from === undefined || to === undefined || !(to - from > 1) || file.version.length > 6) return []
    return [`there is a gap: ${file.name} follows ${before.name}`]
  })
}

async function findChanged(
  revision: Revision,
  files: readonly MigrationFile[],
  applied: AppliedMigrations | undefined,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const { key, checksum } of applied?.entries ?? []) {
    const file = files.find((each) => isEntryOf(key, each))
    if (file === undefined || checksum === undefined) continue
    if ((await readDown(file, revision.read)).checksum !== checksum)
      found.push(`${file.name} was changed after it was applied`)
  }
  return found
}
