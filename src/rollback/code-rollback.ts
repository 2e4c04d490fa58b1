import { InputError, message, setting } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import type { Announcement } from '../layers/code/announce.ts'
import type { Delivery } from '../layers/code/deliveries.ts'
import { demandReviewers } from '../layers/code/delivery.ts'
import { type CodeLayerOptions, openCodeLayer } from '../layers/code/layer.ts'
import type { OpenClone } from '../layers/code/partial-clone.ts'
import { isBelow, parsePaths } from '../layers/code/paths.ts'
import type { ProposalWishes } from '../layers/code/proposal.ts'
import { type CodeWish, isAskedFor, readRollback } from '../layers/code/read-rollback.ts'
import { isPlain } from '../layers/code/repository.ts'
import { lastSuccessfulDeployment } from '../layers/code/target.ts'
import { type ConfiguredContext, productionOf, type RunTools } from './front-door.ts'
import type { GuardLimits } from './guard.ts'
import type { RollbackContext, RollbackOptions, RollbackRequest } from './options.ts'
import { viewToDeploy } from './plan.ts'
import { findObstacle } from './preflight.ts'
import { unobserved } from './production.ts'
import { deployBy, type Redeploy } from './redeployment.ts'

/** The request for a rollback of only the code. */
export interface CodeRequest
  extends Pick<RollbackRequest, 'mode' | 'plan' | 'approval' | 'rehearsal' | 'reason' | 'hold'> {
  readonly wish: CodeWish
  readonly delivery: Delivery
  readonly wishes: ProposalWishes
  readonly announcement: Announcement
  /** how the restored revision is deployed; undefined if a later step deploys it */
  readonly redeploy: Redeploy | undefined
  readonly limits: GuardLimits
}

/**
 * The paths that go back: those that are asked for, else all from which the environment is deployed.
 * @param own those in the settings of the environment; empty for all
 * @throws InputError for a path of another environment, and for a mode that would take these back, too
 */
export function pathsWithin(
  { environment, own }: { readonly environment: string; readonly own: readonly string[] },
  { mode, paths }: Pick<CodeWish, 'mode' | 'paths'>,
): readonly string[] {
  if (own.length === 0) return paths
  const all = parsePaths(own)
  const where = `the settings deploy ${environment} only from ${all.join(', ')}`
  if (mode === 'reset')
    throw new InputError(
      message`${setting('mode')} is reset, which moves the whole branch, and ${where}: write restore, which restores only these`,
    )
  const outside = parsePaths(paths).find((path) => !isBelow(path, all))
  if (outside !== undefined)
    throw new InputError(
      message`${setting('paths')} names ${JSON.stringify(outside)}, and ${where}: write paths in these, or the environment that is deployed from ${JSON.stringify(outside)}`,
    )
  return paths.length > 0 ? paths : own
}

/** A rollback of only the code. What applies only to a mode of the code is in its layer. */
export function openCodeRollback(
  context: RollbackContext & {
    readonly openClone: OpenClone
    readonly configured: ConfiguredContext | undefined
  },
  request: CodeRequest,
  tools: RunTools,
): RollbackOptions & { readonly code: CodeLayerOptions } {
  const { repository, branch, environment, incident, revision, configured } = context
  const { wish, delivery, wishes, announcement, redeploy, limits, reason, hold } = request
  const { mode, plan = '', approval = '', rehearsal = false } = request
  const rehearsed = rehearsal ? configured : undefined
  demandReviewers(wishes.reviewers)
  const asked = { branch, environment, incident, bad: revision, delivery }
  const code: CodeLayerOptions = {
    repository,
    rollback: readRollback(asked, wish),
    lookedAfter: new Set(),
    openClone: context.openClone,
    wishes,
    reason,
    by: tools.by,
    runUrl: tools.runUrl,
    announcement,
    now: tools.now,
  }
  return {
    ...tools,
    ...context,
    ...{ reason, hold, limits, code, mode, plan, approval, rehearsal },
    choice: ['code'],
    only: ['code'],
    isAskedFor: isAskedFor(wish, lastSuccessfulDeployment),
    onFailure: 'stop',
    openLayers: ({ target }) => [
      openCodeLayer({
        ...code,
        rollback: { ...code.rollback, ...(isUnnamed(wish) && isRevision(target) && { target }) },
      }),
    ],
    production:
      rehearsed === undefined ? unobserved('git-rollback does not check it') : productionOf(rehearsed, tools),
    deployer: isPlain(repository) ? 'external' : deployerOf(repository, context, request, tools),
    // the settings of the file are those of the front door
    deployerSetting: 'redeploy',
    isProposalWanted: delivery === 'pull-request',
    findObstacle: (plan) =>
      findObstacle(repository, { redeploy, branch, restored: plan && viewToDeploy(plan) }),
    planValidMs: configured?.config.rollback.planValidMs ?? 0,
    objectiveMs: rehearsed?.config.rollback.objectiveMs,
  }
}

function deployerOf(
  repository: Repository,
  { environment, branch, revision }: RollbackContext,
  { redeploy, wish }: CodeRequest,
  tools: RunTools,
): RollbackOptions['deployer'] {
  if (redeploy === undefined) return 'external'
  const isOlder = wish.mode === 'reset' || wish.mode === 'deploy-only'
  const now = () => tools.now().getTime()
  const older = isOlder ? revision : undefined
  return deployBy(repository, redeploy, { ...tools, now, environment, branch, older })
}

/** True where the target is found anew by each run, and may be another one by then: after a reset, HEAD~n counts from where the branch is now. */
function isUnnamed({ target, mode }: CodeWish): boolean {
  return target === lastSuccessfulDeployment || (mode === 'reset' && target.startsWith('HEAD'))
}

/** What an earlier run went to may be commits that it undid: these are named by the request. */
function isRevision(target: string | undefined): target is string {
  return target !== undefined && /^[0-9a-f]{40,64}$/.test(target)
}
