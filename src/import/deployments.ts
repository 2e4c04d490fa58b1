import type { LoggedDeployment } from '../github/deployment-log.ts'
import { type Event, newEvent } from '../history/event.ts'
import { incidentId } from '../history/incident.ts'

/** The deployments that have ended, each as an event. Who made them is not in the list. */
export function deploymentEvents(deployments: readonly LoggedDeployment[]): readonly Event[] {
  return deployments.flatMap((each): readonly Event[] => {
    const { environment, revision, createdAt, task, succeededAt, hasFailed, committedAt } = each
    if (succeededAt === undefined && !hasFailed) return []
    const subject = { incident: incidentId({ environment, revision }), environment, revision }
    return [
      newEvent(
        {
          ...{ kind: 'deployment-recorded', imported: true, ...subject, actor: 'unknown' },
          outcome: succeededAt === undefined ? 'failed' : 'succeeded',
          at: (succeededAt ?? createdAt).toISOString(),
          createdAt: createdAt.toISOString(),
          ...(succeededAt && { deployedAt: succeededAt.toISOString() }),
          ...(committedAt && { committedAt: committedAt.toISOString() }),
          isRollback: task === 'rollback',
        },
        ['imported', createdAt.toISOString()],
      ),
    ]
  })
}
