import type { DeploymentContext } from '../../deployment/context.ts'
import { defaultBranch } from '../../github/repository.ts'
import { openRevision } from '../../github/revision.ts'
import { findTarget } from '../../layers/code/target.ts'
import type { Engine } from '../../layers/database/engine.ts'
import { receiptUndone, viewUndone } from '../../layers/database/layer-migrations.ts'
import { runInCheckout } from '../../layers/database/migrations/command.ts'
import { undoDeployment } from '../../layers/database/migrations/deployment.ts'
import type { Selection } from '../../layers/database/migrations/plan.ts'
import type { Store } from '../../layers/database/store/store.ts'
import { describeApplied } from '../../rollback/record.ts'
import { bulletList, code, heading, paragraph, renderMarkdown } from '../../text/markdown.ts'
import type { DbRestoreStep } from './contract.ts'

export interface Places {
  readonly engine: Engine
  readonly store: Store
  readonly scratch: string
  /** asks the guards, and takes the lock of the environment */
  readonly beforeChange: () => Promise<void>
}

const undoDecisions = {
  undone: ['rolled-back', 'migrations-undone'],
  'nothing-to-undo': ['already-rolled-back', 'nothing-applied'],
  planned: ['planned', 'dry-run'],
} as const

/** Undoes what the bad revision's deployment applied, by the scripts recorded then, before the old code comes back. */
export async function undo(step: DbRestoreStep, workplace: DeploymentContext, places: Places): Promise<void> {
  const { inputs, log, now } = step
  const { repository, environment, revision, incident } = workplace
  const { engine, store, scratch, beforeChange } = places
  const startedAt = now().toISOString()
  const selection = await select(step, workplace)
  const checkout = step.env['GITHUB_WORKSPACE'] ?? '.'
  const report = await undoDeployment({
    engine,
    store,
    folder: inputs.migrations,
    bad: await openRevision(repository, revision),
    selection,
    command:
      inputs.command === ''
        ? undefined
        : (names) => runInCheckout(inputs.command, names, { revision, checkout, env: step.env }),
    environment,
    allowDataLoss: inputs['allow-data-loss'],
    allowIrregular: inputs['allow-irregular'],
    dryRun: inputs['dry-run'],
    expected: undefined,
    beforeChange,
    recipient: inputs.recipient || undefined,
    scratch,
    now,
    log: log.info,
    signal: step.signal,
  })
  if (report.outcome === 'undone') {
    const view = viewUndone(report, revision, foundBy(selection))
    const reason = step.secrets.redact(inputs.reason)
    const circumstances = { reason, automatic: !(await workplace.isManual()), startedAt }
    const applied = describeApplied(view, receiptUndone(report), circumstances)
    await workplace.record(applied.what, applied.naturalKey)
  }
  const [decision, reason] = undoDecisions[report.outcome]
  const ids = {
    incident,
    decision,
    'reason-code': reason,
    undone: report.outcome === 'undone' ? report.undone.length : 0,
    ...(report.backup !== undefined && { backup: report.backup }),
    report: await step.writeReport('db-restore', report),
  }
  step.setOutputs(ids)
  await step.writeSummary(
    renderMarkdown([
      heading(2, `Migrations: ${decision}`),
      bulletList(report.undone.map((name) => [code(name)])),
      ...(report.takes.length === 0 ? [] : [paragraph('Taken away by that: ', report.takes.join('; '), '.')]),
    ]),
  )
}

function foundBy(selection: Selection): string {
  switch (selection.by) {
    case 'added':
      return `${selection.good.id.slice(0, 7)} does not have them`
    case 'name':
      return `they came after ${selection.to}, which was named`
    case 'count':
      return `the last ${selection.last} were asked for`
  }
}

async function select(
  { inputs }: DbRestoreStep,
  { repository, config, environment, revision, incident, readHistory }: DeploymentContext,
): Promise<Selection> {
  if (inputs.to !== '') return { by: 'name', to: inputs.to }
  if (inputs.last > 0) return { by: 'count', last: inputs.last }
  const target = inputs['to-revision']
  const rollbacks = (await readHistory()).filter(({ kind }) => kind === 'rollback-applied')
  const { commit } = await findTarget(repository, {
    target,
    environment,
    branch: config.branch || (await defaultBranch(repository)),
    bad: revision,
    head: revision,
    tagPattern: '*',
    checks: [],
    rolledBack: new Set(rollbacks.map(({ incident }) => incident).filter((each) => each !== incident)),
  })
  return { by: 'added', good: await openRevision(repository, commit.sha) }
}
