import { InputError, message, RefusedError, setting } from '../../errors.ts'
import { emptyView, type Layer, type LayerPlan, type LayerPlanView, type LayerReceipt } from '../layer.ts'
import { planMigrations, takeMigrationsBack } from './layer-migrations.ts'
import type { DatabaseLayerOptions } from './layer-options.ts'
import { planRestore, takeRestoreBack } from './layer-restore.ts'
import { findSafetyCopy } from './migrations/deployment.ts'
import { listMigrations } from './migrations/folder.ts'
import { addedMigrations } from './migrations/plan.ts'

/** The database that the deployment migrated: its migrations are undone, or the backup from before it is restored. */
export function openDatabaseLayer(options: DatabaseLayerOptions): Layer {
  return {
    name: 'database',
    plan: () => planDatabase(options),
    // a backup that was made first has all that there was; a database that was replaced may have been changed before
    undo: (done) => {
      const { backup, database } = done.kept
      return backup === undefined && typeof database === 'string'
        ? takeRestoreBack(options, database)
        : takeMigrationsBack(options, done)
    },
  }
}

async function planDatabase(options: DatabaseLayerOptions): Promise<LayerPlan> {
  const { strategy, migrations, bad } = options
  if (strategy === 'backup') return planRestore(options)
  if (migrations === undefined) {
    if (strategy === 'both') return planRestore(options, 'the project has no folder of migrations')
    throw new RefusedError(
      'database.strategy is `migrations`, and database.migrations does not say where they are: name their folder',
    )
  }
  const { folder, selection } = migrations
  if (selection.by === 'added' && addedMigrations(selection.good, bad, folder).length === 0) {
    const [worse, better] = [bad, selection.good].map(({ id }) => id.slice(0, 7))
    const hasAny = [bad, selection.good].some(({ paths }) => listMigrations(paths, folder).length > 0)
    if (hasAny) return unchanged(options, `${worse} has no migration in ${folder} that ${better} has not`)
    // a misspelled folder must not pass for a deployment without migrations
    const none = `neither ${worse} nor ${better} has migrations in ${folder}`
    if (options.isExplicit)
      throw new InputError(
        message`${setting('database.migrations')} is "${folder}", and ${none}; write their folder, such as db/migrations`,
      )
    return unchanged(options, none, none)
  }
  if (strategy === 'migrations') return planMigrations(options, migrations)
  try {
    const plan = await planMigrations(options, migrations)
    return { ...plan, apply: () => applyBoth(options, plan) }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return planRestore(options, error.message)
  }
}

/** A script that fails leaves what cannot be taken back where DDL is part of no transaction: then the backup is restored. */
async function applyBoth(options: DatabaseLayerOptions, plan: LayerPlan): Promise<LayerReceipt> {
  const { automatic, mayRestoreAlone, log, now } = options
  const begunAt = now().toISOString()
  try {
    return await plan.apply()
  } catch (error) {
    if (!(error instanceof RefusedError) || (automatic && !mayRestoreAlone)) throw error
    log(`the migrations could not be undone, so the backup is restored: ${error.message}`)
    const receipt = await (await planRestore(options, error.message)).apply()
    const safety = await findSafetyCopy(options)
    const isOwn = safety !== undefined && safety.createdAt >= begunAt
    return { ...receipt, kept: { ...receipt.kept, ...(isOwn && { backup: safety.name }) } }
  }
}

/** @param left why, where it is not that the deployment changed nothing */
function unchanged({ observe }: DatabaseLayerOptions, foundBy: string, left?: string): LayerPlan {
  observe?.({ outcome: 'nothing-to-undo', undone: [], takes: [], standsAt: undefined, backup: undefined })
  const view: LayerPlanView = { ...emptyView('database'), state: 'nothing', foundBy, ...(left && { left }) }
  return {
    view,
    apply: async () => ({
      outcome: 'already-rolled-back',
      from: '',
      to: '',
      now: '',
      kept: {},
      verified: undefined,
    }),
  }
}
