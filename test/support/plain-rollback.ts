import { incidentId } from '../../src/history/incident.ts'
import { applyPlan } from '../../src/layers/code/apply.ts'
import { type OpenClone, prepareClone } from '../../src/layers/code/partial-clone.ts'
import { openRemote, type PlainRepository } from '../../src/layers/code/plain/open.ts'
import { goalOf, type RollbackPlan, takesBack } from '../../src/layers/code/plan.ts'
import { writeProposal } from '../../src/layers/code/proposal.ts'
import type { RollbackReceipt } from '../../src/layers/code/receipt.ts'
import { planReset } from '../../src/layers/code/reset.ts'
import { planRestore, type RestoreRequest } from '../../src/layers/code/restore.ts'
import { planRevert } from '../../src/layers/code/revert-plan.ts'
import { findUndoable, planUndo } from '../../src/layers/code/undo.ts'
import type { GitRemote } from './git-remote.ts'

const environment = 'production'

/** How a rollback is planned; each of these is about the newest of the four commits. */
export type Planner = (repository: PlainRepository, openClone: OpenClone) => Promise<RollbackPlan>

const asked = ({ commits: [, good, , bad] }: GitRemote) => ({
  branch: 'main',
  environment,
  incident: incidentId({ environment, revision: bad }),
  bad,
  delivery: 'auto' as const,
  target: good,
  tagPattern: 'deploy-*',
  checks: [],
  paths: [],
})

export const restore =
  (remote: GitRemote, more: Partial<RestoreRequest> = {}): Planner =>
  (repository) =>
    planRestore(repository, { ...asked(remote), ...more })

export const reset =
  (remote: GitRemote, more: Partial<RestoreRequest> & { allowDefaultBranch?: boolean } = {}): Planner =>
  (repository) =>
    planReset(repository, { ...asked(remote), allowDefaultBranch: true, ...more })

export const revert =
  (
    remote: GitRemote,
    commits: readonly string[],
    mainline?: number,
    bad: string = asked(remote).bad,
  ): Planner =>
  (repository, openClone) =>
    planRevert(repository, { ...asked(remote), bad, commits, mainline }, openClone)

export const undo =
  (mode: 'undo' | 'reapply'): Planner =>
  async (repository, openClone) => {
    const { incident, commit } = await findUndoable(repository, { branch: 'main', incident: undefined })
    const request = { mode, branch: 'main', incident, rollback: commit.sha, delivery: 'auto' } as const
    return planUndo(repository, request, openClone)
  }

export interface PlainRun {
  /** '' for the remote's path */
  readonly url?: string
  readonly username?: string
  readonly password?: string
  /** happens between plan and push */
  readonly meanwhile?: () => Promise<unknown>
  /** the repository as the run gets it */
  readonly wrap?: (repository: PlainRepository) => PlainRepository
}

/** Only plans it. */
export async function plan(remote: GitRemote, planner: Planner): Promise<RollbackPlan> {
  const { signal } = new AbortController()
  const where = {
    url: remote.path,
    username: '',
    directory: remote.directory,
    path: process.env['PATH'] ?? '',
    signal,
  }
  return planner(await openRemote({ ...where, password: '' }), prepareClone({ ...where, token: '' }))
}

/** One run of a rollback, which starts from nothing as a step of a job does. */
export async function roll(
  remote: GitRemote,
  planner: Planner,
  { url = remote.path, username = 'git', password = '', meanwhile, wrap = (same) => same }: PlainRun = {},
): Promise<{ readonly plan: RollbackPlan; readonly receipt: RollbackReceipt | undefined }> {
  const { signal } = new AbortController()
  const where = { url, username, directory: remote.directory, path: process.env['PATH'] ?? '', signal }
  const repository = wrap(await openRemote({ ...where, password }))
  const plan = await planner(repository, prepareClone({ ...where, token: password }))
  await meanwhile?.()
  if (plan.sameContent) return { plan, receipt: undefined }
  const { incident } = takesBack(plan) ? plan : asked(remote)
  const trace = {
    incident,
    environment,
    from: plan.head,
    to: goalOf(plan),
    reason: 'it is down',
    by: 'grace',
    runUrl: undefined,
  }
  const proposal = writeProposal(repository, plan, trace, { labels: [], reviewers: [], autoMerge: false })
  const receipt = await applyPlan(repository, plan, { trace, delivery: 'auto', proposal, now: new Date() })
  return { plan, receipt }
}
