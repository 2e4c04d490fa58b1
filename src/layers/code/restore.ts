import { InputError } from '../../errors.ts'
import type { Comparison } from '../../github/commits.ts'
import { type Changes, findChanges } from './changes.ts'
import { type Content, contentOfPaths } from './content.ts'
import { chooseWay } from './delivery.ts'
import type { Target } from './found-target.ts'
import { findCollateral, findPulls, type RestorePlan, type RollbackRequest, readStanding } from './plan.ts'
import { type CodeRepository, compareCommits, readBranchRules, readCommit } from './repository.ts'
import { findTarget } from './target.ts'
import { findWarnings } from './warnings.ts'

export interface RestoreRequest extends RollbackRequest {
  readonly target: string
  /** for the target `previous-deployment-tag` */
  readonly tagPattern: string
  /** for the target `last-green` */
  readonly checks: readonly string[]
  /** what of the tree is restored; all of it when there are none */
  readonly paths: readonly string[]
}

/**
 * Plans to bring the content of a good revision back; changes nothing. Made through the Git Data API, so it takes the same
 * few requests for a repository of any size, and no clone.
 * @throws InputError when the branch or the target is not there, or the target is not an older revision of the branch
 */
export async function planRestore(repository: CodeRepository, request: RestoreRequest): Promise<RestorePlan> {
  const { branch, paths } = request
  const { head, rollbacks, holding, since, takenBackBy } = await readStanding(repository, request)
  // HEAD~n counts from where the branch stood before the rollback that is already there
  const base = holding?.from ?? head
  const rolledBack = new Set(rollbacks.map(({ incident }) => incident))
  const target = await findTarget(repository, { ...request, head: base, rolledBack })
  const done =
    holding?.to === target.commit.sha && (paths.length > 0 || holding.commit.tree === target.commit.tree)
      ? holding.commit
      : undefined
  const from = done === undefined ? head : base
  const comparison = await compareCommits(repository, { base: target.commit.sha, head: from })
  refuseUnlessOlder({ comparison, branch, from, target, request: request.target })
  const undone = comparison.commits
  const current = undone.find(({ sha }) => sha === from) ?? (await readCommit(repository, from))
  const [changes, pulls, rules, collateral] = await Promise.all([
    findChanges(repository, comparison.files, { current, target: target.commit }),
    findPulls(repository, undone),
    readBranchRules(repository, branch),
    findCollateral(repository, { bad: request.bad, head: from, undone }),
  ])
  const content: Content =
    paths.length === 0
      ? { kind: 'tree', tree: target.commit.tree }
      : await contentOfPaths(repository, { head: current.tree, target: target.commit.tree, paths })
  const files = comparison.files.filter(({ path }) => isBelow(path, paths))
  return {
    mode: 'restore',
    branch,
    head: from,
    target,
    paths,
    content,
    undone,
    undoneCount: comparison.aheadBy,
    collateral,
    files,
    done,
    since: done === undefined ? [] : since,
    takenBackBy,
    sameContent: done === undefined && isSame(content, current.tree),
    pulls,
    warnings: findWarnings(below(changes, paths)),
    way: chooseWay(request.delivery, rules),
    badIsRollback: rollbacks.some(({ commit }) => commit.sha === request.bad),
  }
}

/** Plans to deploy a good revision again while the branch stays where it is. @throws InputError as a restore does */
export async function planDeployOnly(
  repository: CodeRepository,
  request: RestoreRequest,
): Promise<RestorePlan> {
  const plan = await planRestore(repository, request)
  const way = { way: 'none', because: 'input "mode" is deploy-only' } as const
  // nothing is written to the branch
  const warnings = plan.warnings.filter(({ kind }) => kind !== 'workflow-files')
  return { ...plan, mode: 'deploy-only', done: undefined, since: [], sameContent: false, warnings, way }
}

function below({ paths, submodules, isComplete }: Changes, folders: readonly string[]): Changes {
  const isWanted = (path: string) => isBelow(path, folders)
  return { paths: paths.filter(isWanted), submodules: submodules.filter(isWanted), isComplete }
}

function isBelow(path: string, paths: readonly string[]): boolean {
  return paths.length === 0 || paths.some((each) => path === each || path.startsWith(`${each}/`))
}

function isSame(content: Content, tree: string): boolean {
  return content.kind === 'tree' ? content.tree === tree : content.edits.length === 0
}

/** @throws InputError that says how the target stands to the branch */
export function refuseUnlessOlder({
  comparison: { status },
  branch,
  from,
  target,
  request,
}: {
  comparison: Comparison
  branch: string
  from: string
  target: Target
  request: string
}): void {
  const named = `input "target" (${request}) is ${target.commit.sha.slice(0, 7)}`
  if (status === 'identical')
    throw new InputError(
      `${named}, which is the head of ${branch} already: there is nothing to undo; name an older revision`,
    )
  if (status !== 'ahead') {
    throw new InputError(
      `${named}, which is not an ancestor of ${branch} (at ${from.slice(0, 7)}): nothing was moved; name a revision that ${branch} has been at`,
    )
  }
}
