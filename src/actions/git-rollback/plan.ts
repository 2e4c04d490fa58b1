import { InputError, message, setting } from '../../errors.ts'
import { demandReviewers } from '../../layers/code/delivery.ts'
import type { RollbackPlan } from '../../layers/code/plan.ts'
import { planRollback } from '../../layers/code/plan-rollback.ts'
import { findUndoable, planUndo } from '../../layers/code/undo.ts'
import type { GitRollbackStep, RollbackPlace } from './place.ts'

/** Plans what the inputs ask for. @throws InputError for inputs that do not go together */
export async function makePlan(
  step: GitRollbackStep,
  { repository, environment, incident, revision, openClone, paths: configured }: RollbackPlace,
  branch: string,
): Promise<RollbackPlan> {
  const { inputs } = step
  demandReviewers(inputs.reviewers)
  const { mode, target, checks, paths, delivery, commits, mainline, 'tag-pattern': tagPattern } = inputs
  if (target === 'undo' || target === 'reapply') {
    // a run by hand is for the head of the branch, which is the rollback and not the revision that failed
    const whose = inputs.revision === '' ? undefined : incident
    const rollback = await findUndoable(repository, { branch, incident: whose })
    const request = { branch, incident: rollback.incident, rollback: rollback.commit.sha, delivery }
    return planUndo(repository, { ...request, mode: target }, openClone)
  }
  const request = { branch, environment, incident, bad: revision, delivery }
  if (mode === 'revert')
    return planRollback(repository, { ...request, mode, commits, mainline: mainline || undefined }, openClone)
  const restore = { ...request, target, tagPattern, checks, paths: paths.length > 0 ? paths : configured }
  if (mode === 'reset') {
    const allowDefaultBranch = inputs['allow-reset-default-branch']
    return planRollback(repository, { ...restore, mode, allowDefaultBranch }, openClone)
  }
  if (mode === 'deploy-only') demandWayToDeploy(inputs)
  return planRollback(repository, { ...restore, mode: mode === 'deploy-only' ? mode : 'restore' }, openClone)
}

function demandWayToDeploy({
  redeploy,
  'redeploy-inputs': given,
}: Pick<GitRollbackStep['inputs'], 'redeploy' | 'redeploy-inputs'>): void {
  if (redeploy === '')
    throw new InputError(
      message`${setting('mode')} is deploy-only, and ${setting('code.redeploy.workflow')} names no workflow that deploys; name its file, such as deploy.yml`,
    )
  if (!Object.values(given).some((value) => value.includes('{revision}')))
    throw new InputError(
      message`${setting('mode')} is deploy-only, and no line of ${setting('code.redeploy.inputs')} has {revision}: ${redeploy} would deploy the branch as it is; write for example revision={revision}`,
    )
}
