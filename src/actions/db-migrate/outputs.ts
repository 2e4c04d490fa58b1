import type { ApplyReport } from '../../layers/database/migrations/apply.ts'
import { sayPosition } from '../../layers/database/migrations/position.ts'
import { bulletList, code, heading, paragraph, renderMarkdown } from '../../text/markdown.ts'
import type { DbMigrateStep } from './contract.ts'

const decisions = {
  applied: ['migrated', 'applied'],
  'nothing-to-apply': ['already-migrated', 'nothing-pending'],
  planned: ['planned', 'dry-run'],
} as const

/** Sets the outputs, and writes report and summary. */
export async function publish(step: DbMigrateStep, incident: string, report: ApplyReport): Promise<void> {
  const [decision, reason] = decisions[report.outcome]
  const position = sayPosition(report.standsAt)
  step.setOutputs({
    incident,
    decision,
    'reason-code': reason,
    applied: report.outcome === 'applied' ? report.applied.length : 0,
    'stands-at': position,
    report: await step.writeReport('db-migrate', report),
  })
  await step.writeSummary(
    renderMarkdown([
      heading(2, `Migrations: ${decision}`),
      paragraph('The database stands at ', code(position), '.'),
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
