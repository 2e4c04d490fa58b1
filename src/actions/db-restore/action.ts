import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeploymentContext } from '../../deployment/context.ts'
import { InputError } from '../../errors.ts'
import { chooseBackup } from '../../layers/database/catalog.ts'
import { receiptRestored, viewRestore } from '../../layers/database/layer-restore.ts'
import { type RestoreReport, restoreBackup } from '../../layers/database/restore.ts'
import { describeApplied, describeFailed } from '../../rollback/record.ts'
import { code, heading, paragraph, renderMarkdown, table } from '../../text/markdown.ts'
import { guardLayer } from '../guarded.ts'
import { openDatabase } from '../open-database.ts'
import { openWorkplace } from '../wiring.ts'
import type { DbRestoreStep } from './contract.ts'
import { type Places, undo } from './undo-migrations.ts'

/** In the words that all actions have for it. */
const decisions = {
  restored: 'rolled-back',
  'already-restored': 'already-rolled-back',
  planned: 'planned',
} as const
const reasons = { restored: 'restored', 'already-restored': 'same-content', planned: 'dry-run' } as const

/** Restores a backup, or undoes the migrations of a deployment. */
export async function run(step: DbRestoreStep): Promise<void> {
  const workplace = await openWorkplace(step)
  const lock = await workplace.openLock()
  const scratch = await mkdtemp(join(step.env['RUNNER_TEMP'] ?? tmpdir(), 'db-restore-'))
  try {
    const beforeChange = async () => {
      await lock.take()
      await guardLayer(step, workplace, 'database')
    }
    const places = { ...(await openDatabase(step, scratch)), scratch, beforeChange }
    await recordFailure(step, workplace, places.engine.database, () =>
      step.inputs.strategy === 'backup' ? restore(step, workplace, places) : undo(step, workplace, places),
    )
  } finally {
    await lock.release()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function restore(
  step: DbRestoreStep,
  workplace: DeploymentContext,
  { engine, store, scratch, beforeChange }: Places,
): Promise<void> {
  const { inputs, log, now, signal } = step
  const { environment, revision } = workplace
  const startedAt = now().toISOString()
  const manifest = await chooseBackup(store, {
    wanted: inputs.backup,
    revision,
    source: engine.source,
    environment,
    allowOtherSource: inputs['allow-other-source'],
  })
  log.info(
    `going back to backup ${manifest.name} of ${manifest.createdAt}, from before ${manifest.before.slice(0, 7)}`,
  )
  const report = await restoreBackup({
    engine,
    store,
    manifest,
    identity: inputs.identity || undefined,
    verify: inputs.verify,
    allowDataLoss: inputs['allow-data-loss'],
    exportTo: inputs['export-newer'] || undefined,
    keepOldMs: inputs['keep-old'] ?? 0,
    dryRun: inputs['dry-run'],
    beforeChange,
    scratch,
    now,
    log: log.info,
    signal,
  })
  if (report.outcome === 'restored') {
    const view = viewRestore({ engine, bad: { id: revision } }, manifest, {
      wanted: inputs.backup,
      replaces: report.kept !== undefined,
    })
    const reason = step.secrets.redact(inputs.reason)
    const circumstances = { reason, automatic: !(await workplace.isManual()), startedAt }
    const applied = describeApplied(view, receiptRestored(view, report), circumstances)
    await workplace.record(applied.what, applied.naturalKey)
  }
  await finish(step, workplace, report)
}

async function finish(
  step: DbRestoreStep,
  { incident }: DeploymentContext,
  report: RestoreReport,
): Promise<void> {
  const lost = report.losses.reduce((sum, { rows }) => sum + rows, 0)
  const ids = {
    incident,
    decision: decisions[report.outcome],
    'reason-code': reasons[report.outcome],
    backup: report.backup,
    ...(report.kept !== undefined && { kept: report.kept }),
    'rows-lost': lost,
    ...(report.swapMs !== undefined && { 'swap-ms': report.swapMs }),
    report: await step.writeReport('db-restore', report),
  }
  step.setOutputs(ids)
  await step.writeSummary(
    renderMarkdown([
      heading(2, `Database: ${decisions[report.outcome]}`),
      paragraph('Backup ', code(report.backup), '.'),
      ...(report.kept === undefined
        ? []
        : [paragraph('What was there is kept as ', code(report.kept), ', and can be put back by renaming.')]),
      ...(report.losses.length === 0
        ? []
        : [
            paragraph('Rows that were written since the backup and are not in it:'),
            table(
              ['table', 'rows'],
              report.losses.map(({ table: name, rows, exact }) => [
                code(name),
                exact ? String(rows) : `at least ${rows}`,
              ]),
            ),
          ]),
    ]),
  )
}

/** A failure that the user can do something about becomes an event too. */
async function recordFailure(
  step: DbRestoreStep,
  { incident, record }: DeploymentContext,
  database: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    // a mistake in the inputs is no rollback that failed
    if (error instanceof InputError) throw error
    const view = { layer: 'database', from: database, to: step.inputs.backup } as const
    const failed = describeFailed(view, error, step.context.stepKey)
    if (failed?.what.kind === 'rollback-failed') {
      const ids = { incident, decision: 'failed', 'reason-code': failed.what.reasonCode }
      step.setOutputs(ids)
      await record(failed.what, failed.naturalKey)
    }
    throw error
  }
}
