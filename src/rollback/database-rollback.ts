import { openRevision } from '../github/revision.ts'
import { findTarget } from '../layers/code/target.ts'
import type { Engine } from '../layers/database/engine.ts'
import { openDatabaseLayer } from '../layers/database/layer.ts'
import type { BackupOptions, DatabaseLayerOptions, DatabaseReport } from '../layers/database/layer-options.ts'
import type { Selection } from '../layers/database/migrations/plan.ts'
import { readPosition } from '../layers/database/migrations/position.ts'
import type { Store } from '../layers/database/store/store.ts'
import { openLazily } from '../layers/lazy-layer.ts'
import type { ConfiguredContext, RunTools } from './front-door.ts'
import { type OneLayerRequest, openOneLayer } from './one-layer.ts'
import type { LayerCircumstances } from './prepare.ts'
import { undoableOf } from './record.ts'
import type { RollbackResult } from './result.ts'
import { runRollback } from './run.ts'

/** The request for a rollback of only the database. */
export interface DatabaseRequest
  extends OneLayerRequest,
    Pick<DatabaseLayerOptions, 'allowDataLoss' | 'keepOldMs' | 'recipient' | 'identity'> {
  /** Opens the database, and the store of its backups. */
  readonly open: () => Promise<{ readonly engine: Engine; readonly store: Store }>
  readonly backup: BackupOptions
  /** the migrations to undo; undefined to restore a backup */
  readonly migrations: MigrationRequest | undefined
}

/** Which migrations to undo: those after a named one, a number of them, or those that a revision does not have. */
export interface MigrationRequest {
  /** in the repository */
  readonly folder: string
  /** '' for none */
  readonly to: string
  /** 0 for none */
  readonly last: number
  /** as `code.target` */
  readonly toRevision: string
  /** undoes them by the project's own tool; undefined to run the scripts */
  readonly command: ((names: readonly string[], revision: string) => Promise<void>) | undefined
  readonly allowIrregular: boolean
}

/** The result. */
export interface DatabaseRollback {
  readonly result: RollbackResult
  /** what was found to be done, was tried beside, or was done; undefined where it was only planned */
  readonly report: DatabaseReport | undefined
}

/**
 * Rolls back the database alone, in the way of every rollback.
 * @throws as `runRollback`
 */
export async function rollBackDatabase(
  context: ConfiguredContext,
  request: DatabaseRequest,
  tools: RunTools,
): Promise<DatabaseRollback> {
  let report: DatabaseReport | undefined
  const observe = (each: DatabaseReport) => {
    report = each
  }
  const options = openOneLayer(context, request, tools, {
    layer: 'database',
    unseen: 'db-restore checks the database, and nothing else',
    openLayers: (circumstances) => [
      openLazily('database', () => openLayer(context, request, tools, { circumstances, observe })),
    ],
  })
  return { result: await runRollback(options), report }
}

async function openLayer(
  context: ConfiguredContext,
  request: DatabaseRequest,
  tools: RunTools,
  {
    circumstances: { progress, automatic },
    observe,
  }: { readonly circumstances: LayerCircumstances } & Required<Pick<DatabaseLayerOptions, 'observe'>>,
) {
  const { repository, environment, revision } = context
  const { migrations, mode } = request
  const [{ engine, store }, bad] = await Promise.all([request.open(), openRevision(repository, revision)])
  const { unfinished } = progress
  // what an earlier run has ended may be asked for again
  const earlier = unfinished && progress.done.get('database')
  const asked =
    migrations && migrations.to === '' && migrations.last > 0
      ? `last ${migrations.last} migrations`
      : undefined
  // another number is another rollback
  const begun = unfinished?.layers.find(({ layer, scope }) => layer === 'database' && scope === asked)?.to
  return openDatabaseLayer({
    ...tools,
    ...request,
    ...{ engine, store, environment, bad, automatic, observe },
    strategy: migrations === undefined ? 'backup' : 'migrations',
    migrations: migrations && {
      folder: migrations.folder,
      selection: await select(context, migrations, begun),
      asked,
      command: migrations.command && ((names) => migrations.command?.(names, revision) ?? Promise.resolve()),
      allowIrregular: migrations.allowIrregular,
    },
    mayRestoreAlone: true,
    isExplicit: true,
    triesBeside: mode === 'dry-run',
    earlier: earlier && undoableOf(earlier),
  })
}

/** @param begun what the database went to in a run that this one goes on with: a number would count from where that came to */
async function select(
  { repository, branch, environment, revision, incident, readHistory }: ConfiguredContext,
  { to, last, toRevision: target }: MigrationRequest,
  begun: string | undefined,
): Promise<Selection> {
  if (to !== '') return { by: 'name', to: readPosition(to) }
  if (last > 0) return begun === undefined ? { by: 'count', last } : { by: 'name', to: readPosition(begun) }
  const rollbacks = (await readHistory()).filter(({ kind }) => kind === 'rollback-applied')
  const { commit } = await findTarget(repository, {
    ...{ target, environment, branch, bad: revision, head: revision, tagPattern: '*', checks: [] },
    rolledBack: new Set(rollbacks.map((event) => event.incident).filter((each) => each !== incident)),
  })
  return { by: 'added', good: await openRevision(repository, commit.sha) }
}
