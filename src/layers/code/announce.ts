import { recordDeployments } from '../../deployment/record.ts'
import type { Deployed, LayerReceipt } from '../layer.ts'
import { commentOnPulls } from './comment.ts'
import type { RollbackPlan } from './plan.ts'
import { type CodeRepository, isPlain } from './repository.ts'

/** Where a rollback is announced. */
export interface Announcement {
  /** one comment in each pull request that is undone */
  readonly comment: boolean
  /** GitHub's deployments: that of the failed revision failed, and the restored one is deployed */
  readonly recordDeployment: boolean
}

/** What an announcement says. */
export interface AnnouncedRollback {
  readonly environment: string
  readonly incident: string
  /** the failed revision */
  readonly bad: string
  readonly reason: string
  readonly runUrl: string | undefined
}

/**
 * Says in the pull requests that were undone, and in GitHub's deployments, that a rollback was done; done twice, it is said once. A rollback
 * that only its deployment carries out is announced when that has succeeded.
 * @returns what could not be said, a sentence each
 */
export async function announceRollback(
  repository: CodeRepository,
  plan: RollbackPlan,
  receipt: LayerReceipt,
  {
    announcement: { comment, recordDeployment },
    about,
    deployed,
  }: {
    readonly announcement: Announcement
    readonly about: AnnouncedRollback
    readonly deployed: Deployed | undefined
  },
): Promise<readonly string[]> {
  if (isPlain(repository)) return []
  const said: string[] = []
  const isApplied = !plan.sameContent && (plan.mode !== 'deploy-only' || deployed?.done !== undefined)
  if (comment && isApplied) {
    const why = await commentOnPulls(repository, plan, receipt, about)
    if (why !== undefined) said.push(`could not comment on the undone pull requests: ${why}`)
  }
  const restored = deployed?.done?.revision
  if (recordDeployment && receipt.pull === undefined && (isApplied || restored !== undefined)) {
    const why = await recordDeployments(repository, { ...about, restored })
    if (why !== undefined) said.push(`could not update GitHub's deployments: ${why}`)
  }
  return said
}
