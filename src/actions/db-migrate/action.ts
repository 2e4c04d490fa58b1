import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRevision } from '../../github/revision.ts'
import { type ApplyReport, applyMigrations } from '../../layers/database/migrations/apply.ts'
import { runInCheckout } from '../../layers/database/migrations/command.ts'
import { runAction, type Step } from '../../runner/action.ts'
import { bulletList, code, heading, paragraph, renderMarkdown } from '../../text/markdown.ts'
import { openConnection } from '../database-parts.ts'
import { openWorkplace } from '../wiring.ts'
import { dbMigrate } from './contract.ts'

type DbMigrateStep = Step<typeof dbMigrate.inputs, keyof typeof dbMigrate.outputs>

const decisions = {
  applied: ['migrated', 'applied'],
  'nothing-to-apply': ['already-migrated', 'nothing-pending'],
  planned: ['planned', 'dry-run'],
} as const

await runAction(dbMigrate, async (step) => {
  const { inputs, env, log, now, signal } = step
  const { repository, revision, incident } = await openWorkplace(step)
  const scratch = await mkdtemp(join(env['RUNNER_TEMP'] ?? tmpdir(), 'db-migrate-'))
  try {
    const checkout = env['GITHUB_WORKSPACE'] ?? '.'
    const report = await applyMigrations({
      engine: await openConnection(step, scratch),
      folder: inputs.migrations,
      revision: await openRevision(repository, revision),
      command:
        inputs.command === ''
          ? undefined
          : (names) => runInCheckout(inputs.command, names, { revision, checkout, env }),
      allowIrregular: inputs['allow-irregular'],
      dryRun: inputs['dry-run'],
      now,
      log: log.info,
      signal,
    })
    await finish(step, incident, report)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})

async function finish(step: DbMigrateStep, incident: string, report: ApplyReport): Promise<void> {
  const [decision, reason] = decisions[report.outcome]
  const ids = {
    incident,
    decision,
    'reason-code': reason,
    applied: report.outcome === 'applied' ? report.applied.length : 0,
    'stands-at': report.standsAt,
    report: await step.writeReport('db-migrate', report),
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  await step.writeSummary(
    renderMarkdown([
      heading(2, `Migrations: ${decision}`),
      paragraph('The database stands at ', code(report.standsAt), '.'),
      bulletList(
        report.applied.map(({ name, down, locks }) => [
          code(name),
          ...(down === undefined ? [' (cannot be undone: it has no down script)'] : []),
          ...(report.outcome === 'planned' && locks.length > 0 ? [`: ${locks.join('; ')}`] : []),
        ]),
      ),
    ]),
  )
}
