import type { OpenClone } from './partial-clone.ts'
import type { RollbackPlan } from './plan.ts'
import type { CodeRepository } from './repository.ts'
import { planReset, type ResetRequest } from './reset.ts'
import { planDeployOnly, planRestore, type RestoreRequest } from './restore.ts'
import { planRevert, type RevertRequest } from './revert-plan.ts'

/** A rollback as it is asked for. */
export type CodeRollback =
  | (RestoreRequest & { readonly mode: 'restore' | 'deploy-only' })
  | (ResetRequest & { readonly mode: 'reset' })
  | (RevertRequest & { readonly mode: 'revert' })

/** Plans the rollback in its mode; changes nothing. @throws InputError, ConflictError as the planner of the mode does */
export function planRollback(
  repository: CodeRepository,
  request: CodeRollback,
  openClone: OpenClone,
): Promise<RollbackPlan> {
  switch (request.mode) {
    case 'restore':
      return planRestore(repository, request)
    case 'reset':
      return planReset(repository, request)
    case 'deploy-only':
      return planDeployOnly(repository, request)
    case 'revert':
      return planRevert(repository, request, openClone)
  }
}
