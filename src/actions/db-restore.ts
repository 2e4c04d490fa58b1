import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeBackup } from '../database/backup.ts'
import { chooseBackup, readCatalog } from '../database/catalog.ts'
import type { Engine } from '../database/engine.ts'
import type { Selection } from '../database/migrations/plan.ts'
import { undoMigrations } from '../database/migrations/undo.ts'
import { type RestoreReport, restoreBackup } from '../database/restore.ts'
import type { Store } from '../database/store/store.ts'
import { runTool } from '../database/tool.ts'
import { ConflictError, InputError, RefusedError, UnavailableError } from '../errors.ts'
import { findTarget } from '../git/target.ts'
import { defaultBranch } from '../github/repository.ts'
import { runAction, type Step } from '../runner/action.ts'
import { bulletList, code, heading, paragraph, renderMarkdown, table } from '../text/markdown.ts'
import { openDatabase, openRevision } from './database-parts.ts'
import { dbRestore } from './db-restore.contract.ts'
import { openWorkplace, type Workplace } from './wiring.ts'

type DbRestoreStep = Step<typeof dbRestore.inputs, keyof typeof dbRestore.outputs>

/** In the words that all actions have for it. */
const decisions = {
  restored: 'rolled-back',
  'already-restored': 'already-rolled-back',
  planned: 'planned',
} as const
const reasons = { restored: 'restored', 'already-restored': 'same-content', planned: 'dry-run' } as const

const undoDecisions = {
  undone: ['rolled-back', 'migrations-undone'],
  'nothing-to-undo': ['already-rolled-back', 'nothing-applied'],
  planned: ['planned', 'dry-run'],
} as const

await runAction(dbRestore, async (step) => {
  const workplace = await openWorkplace(step)
  const scratch = await mkdtemp(join(step.env['RUNNER_TEMP'] ?? tmpdir(), 'db-restore-'))
  try {
    const places = { ...(await openDatabase(step, scratch)), scratch }
    await recordFailure(step, workplace, () =>
      step.inputs.strategy === 'backup' ? restore(step, workplace, places) : undo(step, workplace, places),
    )
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})

interface Places {
  readonly engine: Engine
  readonly store: Store
  readonly scratch: string
}

async function restore(
  step: DbRestoreStep,
  workplace: Workplace,
  { engine, store, scratch }: Places,
): Promise<void> {
  const { inputs, log, now, signal, context } = step
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
    scratch,
    now,
    log: log.info,
    signal,
  })
  if (report.outcome === 'restored')
    await workplace.record(
      {
        kind: 'rollback-applied',
        layer: 'database',
        from: report.kept ?? 'nothing',
        to: manifest.name,
        now: manifest.name,
        reason: step.secrets.redact(inputs.reason),
        targetFoundBy: `backup ${inputs.backup}`,
        automatic: !context.byHand,
        undone: [],
        startedAt,
      },
      ['database', manifest.name, report.kept ?? ''],
    )
  await finish(step, workplace, report)
}

async function finish(step: DbRestoreStep, { incident }: Workplace, report: RestoreReport): Promise<void> {
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
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
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

/** Undoes what the bad revision's deployment applied, by the scripts recorded then, before the old code comes back. */
async function undo(step: DbRestoreStep, workplace: Workplace, places: Places): Promise<void> {
  const { inputs, log, now, context } = step
  const { repository, environment, revision, incident } = workplace
  const { engine, store, scratch } = places
  if (inputs.migrations === '')
    throw new InputError(
      'input "migrations" is needed to undo them; write their folder, such as db/migrations',
    )
  const startedAt = now().toISOString()
  const selection = await select(step, workplace)
  const { backups } = await readCatalog(store)
  const recorded = backups.filter((each) => each.source === engine.source && each.before === revision)
  let backup = ''
  const report = await undoMigrations({
    engine,
    folder: inputs.migrations,
    bad: await openRevision(repository, revision),
    selection,
    recorded: recorded.flatMap(({ migrations }) => migrations),
    byCommand: inputs.command !== '',
    allowDataLoss: inputs['allow-data-loss'],
    allowIrregular: inputs['allow-irregular'],
    dryRun: inputs['dry-run'],
    before: async () => {
      const made = await makeBackup({
        engine,
        store,
        environment,
        // from after the deployment: it is no way back to before it
        before: `undo-of-${revision}`,
        migrations: [],
        pinned: false,
        recipient: inputs.recipient || undefined,
        verify: true,
        scratch,
        now,
        log: log.info,
        signal: step.signal,
      })
      backup = made.name
    },
    command: inputs.command === '' ? undefined : (names) => runCommand(step, revision, names),
    log: log.info,
  })
  if (report.outcome === 'undone')
    await workplace.record(
      {
        kind: 'rollback-applied',
        layer: 'database',
        from: report.undone[0] ?? '',
        to: `without ${report.undone.length} migrations`,
        now: `without ${report.undone.join(', ')}`,
        reason: step.secrets.redact(inputs.reason),
        targetFoundBy: `migrations ${selection.by}`,
        automatic: !context.byHand,
        undone: [],
        startedAt,
      },
      ['database', revision, ...report.undone],
    )
  const [decision, reason] = undoDecisions[report.outcome]
  const ids = {
    incident,
    decision,
    'reason-code': reason,
    undone: report.outcome === 'undone' ? report.undone.length : 0,
    ...(backup !== '' && { backup }),
    report: await step.writeReport('db-restore', report),
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  await step.writeSummary(
    renderMarkdown([
      heading(2, `Migrations: ${decision}`),
      bulletList(report.undone.map((name) => [code(name)])),
      ...(report.takes.length === 0 ? [] : [paragraph('Taken away by that: ', report.takes.join('; '), '.')]),
    ]),
  )
}

async function select(
  { inputs }: DbRestoreStep,
  { repository, config, environment, revision, incident, readHistory }: Workplace,
): Promise<Selection> {
  if (inputs.to !== '' && inputs.last > 0)
    throw new InputError('inputs "to" and "last" exclude each other; give one of them')
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

/** In the checkout that the job made, and only if that is of the bad revision: the good one does not have the scripts. */
async function runCommand(
  { inputs, env }: DbRestoreStep,
  revision: string,
  names: readonly string[],
): Promise<void> {
  const cwd = env['GITHUB_WORKSPACE']
  const git = ['-C', cwd ?? '.', 'rev-parse', 'HEAD']
  const head = await runTool({ command: 'git', debianPackage: 'git', args: git, env }).catch(() => 'nothing')
  if (head.trim() !== revision)
    throw new RefusedError(
      `the command has to run in a checkout of ${revision}, and the workspace has ${head.trim()}: use actions/checkout with that ref first`,
    )
  await runTool({
    command: 'bash',
    debianPackage: 'bash',
    args: ['-e', '-o', 'pipefail', '-c', inputs.command],
    env: { ...env, ROLLBACK_MIGRATIONS: names.join('\n') },
    cwd,
  })
}

/** A failure that the user can do something about becomes an event too. */
async function recordFailure(
  step: DbRestoreStep,
  { incident, revision, record }: Workplace,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const reasonCode = reasonOf(error)
    if (reasonCode !== undefined && error instanceof Error) {
      const ids = { incident, decision: 'failed', 'reason-code': reasonCode }
      step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
      const to = step.inputs.backup
      await record(
        {
          kind: 'rollback-failed',
          layer: 'database',
          from: revision,
          to,
          reasonCode,
          because: error.message,
        },
        ['database', revision, to, reasonCode, step.context.stepKey],
      )
    }
    throw error
  }
}

function reasonOf(error: unknown): 'conflict' | 'refused' | 'unavailable' | undefined {
  if (error instanceof ConflictError) return 'conflict'
  if (error instanceof RefusedError) return 'refused'
  return error instanceof UnavailableError ? 'unavailable' : undefined
}
