import { defaultRecovery, verdictOf, verifyRecovery } from '../../health/recovery.ts'
import { subjectAfterRollback } from '../../health/subject.ts'
import { lastCheck, restoredRevisions } from '../../history/past.ts'
import { announceRecovery, publishReport } from './outputs.ts'
import type { Prepared } from './prepare.ts'

/** After a rollback: is it up, and is it better. */
export async function verify(prepared: Prepared): Promise<void> {
  const { step, workplace, surroundings } = prepared
  const { inputs, context } = step
  const { environment, revision, incident, config, readHistory, record } = workplace
  const upTries = Math.max(1, inputs['up-tries'])
  const upPauseMs = inputs['up-pause'] ?? defaultRecovery.upPauseMs
  const { windowMs, ...plan } = prepared.plan(upTries * (upPauseMs + config.health.timeoutMs))
  const startedAt = step.now().toISOString()
  const past = await readHistory()
  const restored = restoredRevisions(past, incident)
  const recovery = await verifyRecovery({
    ...plan,
    ...surroundings,
    subject: subjectAfterRollback(environment, { failed: revision, restored }),
    settings: { upTries, upPauseMs, betterMs: windowMs },
    seenBefore: lastCheck(past, revision, 'unhealthy')?.checks ?? [],
  })
  const { outcome, because, checks } = recovery
  const { verdict, reasonCode } = verdictOf(recovery)
  const report = { ...recovery.report, verdict }
  await publishReport(prepared, report, { decision: 'keep', reasonCode, because }, recovery)
  await record({ kind: 'recovery-verified', outcome, because, startedAt, checks: [...checks] }, [
    context.stepKey,
    outcome,
  ])
  announceRecovery(step, { ...recovery, report }, environment)
}
