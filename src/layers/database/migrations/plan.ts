import { InputError, message, RefusedError, setting } from '../../../errors.ts'
import { count } from '../../../text/count.ts'
import type { Engine } from '../engine.ts'
import type { RecordedMigration } from '../manifest.ts'
import { type AppliedMigrations, isEntryOf, isNamedLike, readApplied } from './applied.ts'
import { type DownScript, listMigrations, type MigrationFile, readDown } from './folder.ts'
import { findCutOff, findIrregularities } from './irregularities.ts'
import type { AppliedMigration } from './own-table.ts'
import { type Position, sayPosition } from './position.ts'
import { endsTransaction, findTakings } from './script.ts'

/** Files of a revision. */
export interface Revision {
  readonly id: string
  readonly paths: readonly string[]
  readonly read: (path: string) => Promise<string | undefined>
}

/** Which migrations to undo. `added` is the default: those that the bad revision has and the good one has not. */
export type Selection =
  | { readonly by: 'added'; readonly good: Pick<Revision, 'id' | 'paths'> }
  /** those after this one, or all of them */
  | { readonly by: 'name'; readonly to: Position }
  | { readonly by: 'count'; readonly last: number }

export interface UndoRequest {
  readonly engine: Engine
  readonly folder: string
  readonly bad: Revision
  readonly selection: Selection
  /** what was recorded when the bad revision was deployed, e.g. in the backup from before it */
  readonly recorded: readonly RecordedMigration[]
  /** undone by the project's own tool, so that no script is needed */
  readonly byCommand: boolean
}

export interface UndoPlan {
  /** the history table */
  readonly table: string
  readonly applied: AppliedMigrations
  /** newest first */
  readonly steps: readonly UndoStep[]
  /** what is not as it should be: changed, missing, out of order; refused unless allowed */
  readonly irregularities: readonly string[]
}

/** The newest migration that is there once the plan is done. */
export function standsAt({ steps, applied }: UndoPlan): Position {
  const undone = new Set(steps.map(({ entry }) => entry))
  return applied.entries.findLast((entry) => !undone.has(entry))?.key
}

export interface UndoStep {
  readonly name: string
  readonly entry: AppliedMigration
  /** absent when a command undoes it */
  readonly script: string | undefined
  readonly transaction: boolean
  /** where the script is from, in words */
  readonly from: string
  readonly takes: readonly string[]
}

/**
 * Plans what to undo, and changes nothing. Never by a step count alone: a deployment that applied nothing undoes nothing.
 * Scripts come from what was recorded at deploy time, else from the bad revision: the good one does not have them.
 * @throws RefusedError for a migration that cannot be undone, InputError for a name that was not applied
 */
export async function planUndo(request: UndoRequest): Promise<UndoPlan> {
  const { engine, folder, bad, recorded, byCommand } = request
  const files = listMigrations(bad.paths, folder)
  const applied = await readApplied(engine, files)
  if (applied === undefined)
    throw new RefusedError(
      `${engine.database} has no history table of migrations that is known: nothing says what was applied`,
    )
  if (applied.stuck !== undefined) throw new RefusedError(applied.stuck)
  const half = applied.partly ?? applied.unknown
  if (half !== undefined)
    throw new RefusedError(
      `migration ${half} was applied only in part, so its down script may not fit: run db-migrate again to finish it, or restore a backup`,
    )
  if (applied.forget === undefined && !byCommand)
    throw new RefusedError(
      message`${applied.table} is kept by the project's own tool: set ${setting('command')} to the command of that tool that undoes`,
    )
  const chosen = choose(applied, files, request)
  const needed = files.filter(
    (file) =>
      recorded.some(({ name }) => name === file.name) || chosen.some(({ key }) => isEntryOf(key, file)),
  )
  const scripts = new Map<MigrationFile, DownScript>(
    await Promise.all(needed.map(async (file) => [file, await readDown(file, bad.read)] as const)),
  )
  const steps: UndoStep[] = []
  for (const entry of chosen) {
    const file = files.find((each) => isEntryOf(entry.key, each))
    steps.push(await planStep({ ...request, entry, file, inGit: file && scripts.get(file) }))
  }
  return {
    table: applied.table,
    applied,
    steps,
    irregularities: [
      ...findIrregularities({ applied, files, recorded, scripts, chosen }),
      ...(await findCutOff({
        engine,
        applied,
        files,
        read: bad.read,
        before: request.selection.by === 'added' ? request.selection.good.paths : undefined,
      })),
    ],
  }
}

/** Migrations that the bad revision has in the folder, and the good one has not. */
export function addedMigrations(
  good: Pick<Revision, 'paths'>,
  bad: Pick<Revision, 'paths'>,
  folder: string,
): readonly MigrationFile[] {
  const before = new Set(listMigrations(good.paths, folder).map(({ name }) => name))
  return listMigrations(bad.paths, folder).filter(({ name }) => !before.has(name))
}

/** @returns newest first */
function choose(
  { entries, table }: AppliedMigrations,
  files: readonly MigrationFile[],
  { selection, folder, bad }: Pick<UndoRequest, 'selection' | 'folder' | 'bad'>,
): readonly AppliedMigration[] {
  switch (selection.by) {
    case 'added': {
      const added = addedMigrations(selection.good, bad, folder)
      return entries.filter(({ key }) => added.some((file) => isEntryOf(key, file))).toReversed()
    }
    case 'name': {
      if (selection.to === undefined) return entries.toReversed()
      const at = entries.findIndex(
        ({ key }) =>
          key === selection.to || files.some((file) => file.name === selection.to && isEntryOf(key, file)),
      )
      if (at === -1)
        throw new InputError(
          message`${setting('to')} is "${selection.to}", which ${table} does not have; ${entries.length === 0 ? 'no migration is applied, and there is nothing to undo' : `write one of ${entries.map(({ key }) => key).join(', ')}, or "${sayPosition(undefined)}" to undo all of them`}`,
        )
      return entries.slice(at + 1).toReversed()
    }
    case 'count':
      if (entries.length === 0)
        throw new InputError(
          message`${setting('last')} is ${selection.last}, and no migration is applied: there is nothing to undo`,
        )
      if (selection.last > entries.length)
        throw new InputError(
          message`${setting('last')} is ${selection.last}, and only ${count(entries.length, 'applied migration')} can be undone; write at most ${entries.length}`,
        )
      return entries.slice(entries.length - selection.last).toReversed()
  }
}

async function planStep({
  engine,
  entry,
  file,
  inGit,
  recorded,
  bad,
  byCommand,
}: UndoRequest & {
  readonly entry: AppliedMigration
  readonly file: MigrationFile | undefined
  readonly inGit: DownScript | undefined
}): Promise<UndoStep> {
  // a tool that keeps names knows a migration by that, as `2_b.js` where the repository has `2_b.ts`
  const name = file === undefined || (byCommand && isNamedLike(entry.key, file)) ? entry.key : file.name
  if (byCommand) return { name, entry, script: undefined, transaction: false, from: 'the command', takes: [] }
  const kept = recorded.find((each) => each.name === name)?.down
  const [script, from] =
    entry.down !== undefined
      ? [entry.down, 'the history table']
      : kept !== undefined
        ? [kept, 'the backup from before the deployment']
        : [inGit?.sql, `revision ${bad.id.slice(0, 7)}`]
  if (script === undefined)
    throw new RefusedError(
      `migration ${name} cannot be undone: neither the history table, nor a backup, nor revision ${bad.id.slice(0, 7)} has a script for it; restore the backup instead`,
    )
  const transaction = engine.transactionalDdl && (inGit?.transaction ?? true)
  if (transaction && endsTransaction(script))
    throw new RefusedError(
      `the script that undoes ${name} begins or ends a transaction itself, so it cannot be undone as a whole when it fails: remove BEGIN and COMMIT`,
    )
  return { name, entry, script, transaction, from, takes: await describeTakings(engine, script) }
}

/** Tables, columns and rows that would go, with how many rows they hold now; what is empty is no loss. */
async function describeTakings(engine: Engine, script: string): Promise<readonly string[]> {
  const takes: string[] = []
  for (const { what, table, column } of findTakings(script)) {
    const where = column === undefined ? '' : ` WHERE ${column} IS NOT NULL`
    let rows: number
    try {
      const [row] = await engine.query(`SELECT count(*) AS n FROM ${table}${where}`)
      rows = Number(row?.['n'] ?? 0)
    } catch {
      // it is not there, or is made by an earlier script of the same plan
      continue
    }
    if (rows === 0) continue
    if (what === 'column')
      takes.push(`column ${column} of ${table}, which has a value in ${count(rows, 'row')}`)
    else
      takes.push(
        what === 'table'
          ? `table ${table} with ${count(rows, 'row')}`
          : `rows of ${table}, of which there are ${rows}`,
      )
  }
  return takes
}
