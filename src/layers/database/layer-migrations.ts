import { message, RefusedError, setting } from '../../errors.ts'
import {
  emptyView,
  type LayerPlan,
  type LayerPlanView,
  type LayerReceipt,
  type UndoableRollback,
} from '../layer.ts'
import { readBackup } from './catalog.ts'
import type { DatabaseLayerOptions, MigrationOptions } from './layer-options.ts'
import {
  type Deployment,
  type DeploymentUndoReport,
  findSafetyCopy,
  planDeploymentUndo,
  undoDeployment,
} from './migrations/deployment.ts'
import { type Selection, standsAt, type UndoPlan } from './migrations/plan.ts'
import { readPosition, sayPosition } from './migrations/position.ts'
import { restoreBackup } from './restore.ts'
import { planSafetyCopy } from './safety-copy.ts'
import { wayBackOfUndoing } from './way-back.ts'
import { wordsOfMigrations } from './words.ts'

/**
 * Undoes what the deployment applied, newest first.
 * @throws RefusedError when one of them cannot be undone
 */
export async function planMigrations(
  options: DatabaseLayerOptions,
  migrations: MigrationOptions,
): Promise<LayerPlan> {
  const { engine, bad } = options
  const { selection, command, allowIrregular = false } = migrations
  const deployment = deploymentOf(options, migrations)
  await engine.inspect('backup')
  const plan = await planDeploymentUndo(deployment)
  if (plan.steps.length === 0) return planNothingLeft(options, plan)
  const names = plan.steps.map(({ name }) => name)
  const losses = plan.steps.flatMap(({ name, takes }) => takes.map((taken) => `${name}: ${taken}`))
  if (plan.irregularities.length > 0 && !allowIrregular)
    throw new RefusedError(
      message`${plan.irregularities.join('; ')}; check this, then undo with db-restore and ${setting('allow-irregular')}`,
    )
  const safety = await planSafetyCopy(options)
  const position = standsAt(plan)
  const to = sayPosition(position)
  const view: LayerPlanView = {
    ...emptyView('database'),
    from: names[0] ?? '',
    to,
    ...scopeOf(options, to),
    foundBy: `applied according to ${plan.table}, and ${sayWhy(selection)}`,
    steps: [
      safety.step,
      ...plan.steps.map((step) =>
        command === undefined
          ? `undo ${step.name}, with the down script from ${step.from}`
          : `undo ${step.name}, by the configured command`,
      ),
      `check that ${plan.table} no longer lists them`,
    ],
    undone: plan.steps.map(({ name, entry }) => ({
      revision: entry.revision ?? bad.id,
      title: name,
      author: '',
    })),
    losses,
    warnings: [...safety.warnings, ...plan.irregularities.map((each) => `${each}, which is allowed`)],
    needsPerson:
      options.allowDataLoss || options.isExplicit ? [] : losses.map((loss) => `it removes data: ${loss}`),
    basis: { applied: plan.applied.entries.map(({ key }) => key).join(', '), undoes: names.join(', ') },
  }
  return {
    view,
    words: wordsOfMigrations(view, position),
    apply: async () => {
      const report = await undoDeployment({
        ...options,
        ...deployment,
        recipient: safety.recipient,
        allowIrregular,
        dryRun: false,
        expected: names,
      })
      options.observe?.(report)
      // a number would count from where this came to
      const looked = selection.by === 'count' ? ({ by: 'name', to: position } as const) : selection
      const left = await planDeploymentUndo({ ...deployment, selection: looked })
      return {
        ...receiptUndone(report),
        verified: {
          ok: left.steps.length === 0,
          evidence: `${left.table} of ${engine.database} ends with ${sayPosition(standsAt(left))} and no longer has ${names.join(', ')}`,
        },
      }
    },
  }
}

/** A step that names its migrations goes on with no undoing of others. */
function scopeOf({ isExplicit, migrations }: DatabaseLayerOptions, to: string): Pick<LayerPlanView, 'scope'> {
  return isExplicit ? { scope: migrations?.asked ?? `migrations after ${to}` } : {}
}

/** Nothing of the deployment is applied: it applied nothing, or it was undone before, which its safety copy shows. */
async function planNothingLeft(options: DatabaseLayerOptions, plan: UndoPlan): Promise<LayerPlan> {
  const { earlier } = options
  const safety = earlier === undefined ? await findSafetyCopy(options) : undefined
  const names = safety?.migrations.map(({ name }) => name) ?? []
  const position = standsAt(plan)
  const to = sayPosition(position)
  const isDone = earlier !== undefined || safety !== undefined
  const view: LayerPlanView = {
    ...emptyView('database'),
    state: isDone ? 'done' : 'nothing',
    from: earlier?.from ?? names[0] ?? '',
    to: earlier?.to ?? to,
    ...scopeOf(options, earlier?.to ?? to),
    foundBy: isDone
      ? `${plan.table} no longer has a migration of the deployment`
      : `${plan.table} has no migration that the deployment added`,
    basis: { applied: plan.applied.entries.map(({ key }) => key).join(', '), undoes: '' },
  }
  const done: UndoableRollback =
    earlier ?? receiptUndone({ undone: names, standsAt: position, backup: safety?.name })
  options.observe?.({
    outcome: 'nothing-to-undo',
    undone: [],
    takes: [],
    standsAt: position,
    backup: undefined,
  })
  return {
    view,
    words: wordsOfMigrations(view, earlier === undefined ? position : readPosition(earlier.to)),
    apply: async () => ({
      ...done,
      outcome: 'already-rolled-back',
      verified: { ok: true, evidence: `${plan.table} ends with ${to}` },
    }),
  }
}

/**
 * Restores the backup from before the migrations were undone. Rows written since are a loss like any other.
 * @throws RefusedError when there is no such backup, or rows would be lost
 */
export async function takeMigrationsBack(
  options: DatabaseLayerOptions,
  { kept }: UndoableRollback,
): Promise<string> {
  const { engine, store, migrations } = options
  const backup = kept['backup']
  if (typeof backup !== 'string')
    throw new RefusedError(
      `the history names no copy of ${engine.database} from before its migrations were undone: apply them again manually`,
    )
  const names = migrationsOf(kept)
  if (migrations !== undefined && names.length > 0) {
    const { steps } = await planDeploymentUndo(deploymentOf(options, migrations))
    if (names.every((name) => steps.some((step) => step.name === name)))
      return `${engine.database} has ${names.join(', ')} applied again`
  }
  await restoreBackup({
    ...options,
    manifest: await readBackup(store, backup),
    verify: 'full',
    exportTo: undefined,
    dryRun: false,
  })
  return `${engine.database} is as it was before its migrations were undone, from backup ${backup}`
}

/** The migrations that were undone; older events have them as one text. */
function migrationsOf({ migrations = [] }: UndoableRollback['kept']): readonly string[] {
  return typeof migrations === 'string' ? migrations.split('\n').filter((name) => name !== '') : migrations
}

function deploymentOf(
  { engine, store, bad }: DatabaseLayerOptions,
  { folder, selection, command }: MigrationOptions,
): Deployment {
  return { engine, store, folder, bad, command, selection }
}

/** Why it is these that are undone, one clause. */
function sayWhy(selection: Selection): string {
  switch (selection.by) {
    case 'added':
      return `not in ${selection.good.id.slice(0, 7)}`
    case 'name':
      return selection.to === undefined ? 'all were requested' : `newer than ${selection.to}`
    case 'count':
      return `among the last ${selection.last}`
  }
}

/** What undoing them did, in the words of all layers. */
function receiptUndone({ undone, standsAt: position, backup }: Undone): LayerReceipt {
  const to = sayPosition(position)
  const kept = { ...(backup !== undefined && { backup }), migrations: undone }
  return {
    outcome: 'rolled-back',
    from: undone[0] ?? '',
    to,
    now: to,
    kept,
    ...(backup !== undefined && { wayBack: wayBackOfUndoing(backup, undone) }),
    verified: undefined,
  }
}

type Undone = Pick<DeploymentUndoReport, 'undone' | 'standsAt' | 'backup'>
