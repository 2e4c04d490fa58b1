import type { Manifest } from '../../layers/config/backup.ts'
import { count } from '../../text/count.ts'
import { bulletList, heading, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import type { ConfigRollbackStep } from './contract.ts'

interface About {
  readonly incident: string
  readonly environment: string
}

/** Writes the result of a backup. */
export async function writeBackup(
  step: ConfigRollbackStep,
  { incident, environment }: About,
  manifest: Manifest,
): Promise<void> {
  const kept = manifest.files.map(
    ({ path, content }) => `${path}${content === undefined ? ' (does not exist)' : ''}`,
  )
  step.setOutputs({
    incident,
    decision: 'backed-up',
    'reason-code': 'kept',
    backup: manifest.name,
    report: await step.writeReport('config-backup', manifest),
  })
  await writeLines(step, 'Configuration backed up', kept)
  step.log.info(`${environment}: backed-up: ${manifest.name}`)
}

/** Writes the list of backups. */
export async function writeBackups(
  step: ConfigRollbackStep,
  { incident, environment }: About,
  { backups, lines }: { readonly backups: readonly Manifest[]; readonly lines: readonly string[] },
): Promise<void> {
  step.setOutputs({
    incident,
    decision: 'listed',
    'reason-code': backups.length === 0 ? 'none' : 'found',
    report: await step.writeReport('config-backups', backups),
  })
  await writeLines(step, `Backups of the configuration of ${environment}`, lines)
  step.log.info(`${environment}: listed: ${count(backups.length, 'backup')}`)
}

/** Writes whether the configuration is valid; the step fails if it is not. */
export async function writeValidity(
  step: ConfigRollbackStep,
  { incident, environment }: About,
  problems: readonly string[],
): Promise<void> {
  const decision = problems.length === 0 ? 'valid' : 'invalid'
  step.setOutputs({
    incident,
    decision,
    'reason-code': decision,
    report: await step.writeReport('config-validation', problems),
  })
  await writeLines(step, `The configuration is ${decision}`, problems)
  if (problems.length > 0) step.fail(problems.join('\n'))
  step.log.info(`${environment}: ${decision}`)
}

async function writeLines(step: ConfigRollbackStep, title: string, lines: readonly string[]): Promise<void> {
  for (const line of lines) step.log.info(line)
  const shown =
    lines.length === 0 ? paragraph('Nothing to show.') : bulletList(lines.map((line) => [text(line)]))
  await step.writeSummary(renderMarkdown([heading(2, title), shown]))
}
