import { newEvent } from '../../src/history/event.ts'
import type { History } from '../../src/history/history.ts'
import { incidentId } from '../../src/history/incident.ts'

/** Writes into the history that checks of these names passed in an earlier gate, as a repository has it that is in use. */
export async function recordPasses(
  history: Pick<History, 'append'>,
  {
    revision,
    names = ['url'],
    environment = 'production',
    at = new Date(Date.now() - 86_400_000),
  }: {
    readonly revision: string
    readonly names?: readonly string[]
    readonly environment?: string
    readonly at?: Date
  },
): Promise<void> {
  const startedAt = at.toISOString()
  await history.append(
    newEvent(
      {
        kind: 'health-checked',
        verdict: 'healthy',
        decision: 'keep',
        reasonCode: 'all-within-limits',
        because: 'every check is within its limit',
        startedAt,
        checks: names.map((name) => ({ name, severity: 'critical', state: 'ok', evidence: '0 %' })),
        environment,
        revision,
        incident: incidentId({ environment, revision }),
        at: startedAt,
        actor: 'grace',
      },
      ['an earlier gate', revision],
    ),
  )
}
