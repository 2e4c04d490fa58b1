import type { BackupsReport } from '../../layers/database/back-up.ts'
import type { Manifest } from '../../layers/database/manifest.ts'
import { describeVerification, isFailed } from '../../layers/database/verification.ts'
import { count } from '../../text/count.ts'
import { code, heading, paragraph, renderMarkdown, revision, table } from '../../text/markdown.ts'
import { shortRevision } from '../../text/revision.ts'
import type { DbBackupStep } from './contract.ts'

/** Sets the outputs, writes report and summary, and fails the step for backups that are damaged. */
export async function publish(
  step: DbBackupStep,
  incident: string,
  { decision, reasonCode, backups, deleted, damage }: BackupsReport,
): Promise<void> {
  const listed = backups.map(describe)
  const [newest] = listed
  step.setOutputs({
    incident,
    decision,
    'reason-code': reasonCode,
    ...(newest && {
      backup: newest.name,
      tables: newest.tables,
      rows: newest.rows,
      bytes: newest.bytes,
      verified: newest.verified,
    }),
    deleted: deleted.length,
    report: await step.writeReport('db-backup', { backups: listed, deleted }),
  })
  for (const { name, before, rows, bytes, how } of decision === 'listed' ? listed : [])
    step.log.info(
      `${name}: before ${shortRevision(before)}, ${count(rows, 'row')}, ${count(bytes, 'byte')}; ${how}`,
    )
  await step.writeSummary(
    renderMarkdown([
      heading(2, `Database backup: ${decision}`),
      ...(deleted.length === 0 ? [] : [paragraph(`Older backups deleted: ${deleted.length}.`)]),
      table(
        ['backup', 'from before', 'tables', 'rows', 'bytes', 'verified'],
        listed
          .slice(0, 20)
          .map(({ name, before, tables, rows, bytes, how }) => [
            code(name),
            revision(before),
            String(tables),
            String(rows),
            String(bytes),
            how,
          ]),
      ),
    ]),
  )
  for (const each of damage) step.fail(each)
}

function describe(manifest: Manifest) {
  const { name, createdAt, before, contents, parts, pinned, encrypted, verification } = manifest
  return {
    name,
    createdAt,
    before,
    tables: contents.tables.length,
    rows: contents.tables.reduce((sum, { rows }) => sum + rows, 0),
    bytes: parts.reduce((sum, { size }) => sum + size, 0),
    pinned,
    encrypted,
    verified: isFailed(manifest) ? 'failed' : verification.level,
    verifiedAt: verification.at,
    how: describeVerification(manifest),
  }
}
