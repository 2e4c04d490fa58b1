import { type Approval, approvalsOfRun } from '../github/approvals.ts'
import type { Repository } from '../github/client.ts'
import { mayWrite } from '../github/permission.ts'
import { readRun } from '../github/workflows.ts'
import type { Event } from '../history/event.ts'
import { digestOf } from './plan.ts'
import type { SavedPlan } from './saved-plan.ts'

/**
 * Who approved a saved plan: a reviewer of the job's environment, who approved the run after the plan was made. GitHub gives an
 * approval no time: in the run that made the plan, those count that it did not have then; in another run, all of them if that
 * run began after the plan was made. It counts only of an account that may write to the repository now.
 * @param run id of this run
 * @param environment that of the job, whose reviewers are asked
 * @returns a login; undefined when there is none, or the token may not see it
 */
export async function findApprover(
  repository: Repository,
  plan: SavedPlan,
  {
    run,
    environment,
    events,
  }: { readonly run: string; readonly environment: string; readonly events: readonly Event[] },
): Promise<string | undefined> {
  const digest = digestOf(plan)
  const planned = events.findLast((event) => event.kind === 'rollback-planned' && event.plan === digest)
  if (planned?.kind !== 'rollback-planned') return undefined
  const approvals = await approvalsOfRun(repository, run)
  if (approvals === undefined || approvals.length === 0) return undefined
  const before =
    planned.run?.id === run ? planned.approvals : await approvalsBefore(repository, run, planned.at)
  if (before === undefined) return undefined
  const isOfJob = (each: Approval) => each.environment.toLowerCase() === environment.toLowerCase()
  const left = before.filter(isOfJob).map(({ user }) => user)
  const given = approvals.filter(isOfJob).filter(({ user }) => {
    const index = left.indexOf(user)
    if (index !== -1) left.splice(index, 1)
    return index === -1
  })
  // GitHub lets accounts that can only read be reviewers of an environment
  for (const { user } of given) if (await mayWrite(repository, user)) return user
  return undefined
}

/** None for a run that began after the plan was made; unknown for an older one. */
async function approvalsBefore(
  repository: Repository,
  run: string,
  madeAt: string,
): Promise<readonly Approval[] | undefined> {
  const { createdAt } = await readRun(repository, Number(run))
  return createdAt.getTime() > Date.parse(madeAt) ? [] : undefined
}
