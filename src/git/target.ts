import { InputError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { type Commit, isAncestor, readCommit, resolveRevision } from '../github/commits.ts'
import { hasSucceeded, listDeployments } from '../github/deployments.ts'

export const lastSuccessfulDeployment = 'last-successful-deployment'

/** The revision to go back to, and how it was found, in words. */
export interface Target {
  readonly commit: Commit
  readonly foundBy: string
}

export interface TargetRequest {
  /** `last-successful-deployment`, a commit id, tag or branch, or `HEAD~n` */
  readonly target: string
  readonly environment: string
  /** the revision whose deployment failed */
  readonly bad: string
  /** where the branch stands */
  readonly head: string
}

/** How many first parents `HEAD~n` may go back, one request each. */
const furthestParent = 100
/** How many older deployments are looked at before we say that there is no good one. */
const furthestDeployment = 100

/** Finds the revision to go back to. @throws InputError when it names nothing, or no deployment succeeded before the bad one */
export async function findTarget(repository: Repository, request: TargetRequest): Promise<Target> {
  const { target, head } = request
  if (target === lastSuccessfulDeployment) return findLastSuccessfulDeployment(repository, request)
  const steps = /^HEAD(?:~(\d+)|(\^+))$/.exec(target)
  if (steps !== null)
    return findParent(repository, { head, target, steps: Number(steps[1] ?? steps[2]?.length) })
  if (!isRevisionName(target)) {
    throw new InputError(
      `input "target" is "${target}", which no commit, tag or branch can be called; write ${lastSuccessfulDeployment}, a commit id, a tag, a branch, or HEAD~n`,
    )
  }
  const sha = await resolveRevision(repository, target)
  if (sha === undefined) {
    throw new InputError(
      `input "target" is "${target}", and ${repository.owner}/${repository.repo} has no such commit, tag or branch; write one that it has`,
    )
  }
  return { commit: await readCommit(repository, sha), foundBy: `named as the target: ${target}` }
}

/** Git's rules for ref names, as far as they keep a name from meaning something else: https://git-scm.com/docs/git-check-ref-format */
function isRevisionName(name: string): boolean {
  const forbidden = [...name].some((char) => char <= ' ' || '~^:?*[\\\u007f'.includes(char))
  return name.length <= 255 && !forbidden && !/^[-/]|\.\.|@\{|\/\/|[/.]$|\.lock$/.test(name)
}

async function findParent(
  repository: Repository,
  { head, target, steps }: { head: string; target: string; steps: number },
): Promise<Target> {
  if (steps > furthestParent)
    throw new InputError(
      `input "target" is "${target}"; go back at most ${furthestParent} commits, or name the commit`,
    )
  let commit = await readCommit(repository, head)
  for (let step = 0; step < steps; step += 1) {
    const parent = commit.parents[0]
    if (parent === undefined)
      throw new InputError(`input "target" is "${target}", but the branch has only ${step + 1} commits`)
    commit = await readCommit(repository, parent)
  }
  return { commit, foundBy: `${target}, counted along first parents` }
}

/**
 * The newest deployment of the environment that was made before the bad one, has ever succeeded, and whose revision and
 * content differ from the bad one's. Not the active deployment, nor the last green run: both forget.
 */
async function findLastSuccessfulDeployment(
  repository: Repository,
  { environment, bad, head }: TargetRequest,
): Promise<Target> {
  const { tree } = await readCommit(repository, bad)
  let passedBad = false
  let looked = 0
  const older: string[] = []
  for await (const deployment of listDeployments(repository, { environment })) {
    if (deployment.revision === bad) {
      passedBad = true
      continue
    }
    older.push(deployment.revision.slice(0, 7))
    looked += 1
    if (looked > furthestDeployment) break
    if (!(await hasSucceeded(repository, deployment))) continue
    const commit = await readCommit(repository, deployment.revision)
    if (commit.tree === tree || !(await isAncestor(repository, { older: commit.sha, newer: head }))) continue
    const found = `the newest successful deployment of ${environment} ${passedBad ? `before that of ${bad.slice(0, 7)}` : 'of another content'}, made ${deployment.createdAt.toISOString()}`
    return { commit, foundBy: found }
  }
  const seen =
    older.length === 0 ? 'it has no other deployments' : `looked at those of ${older.slice(0, 5).join(', ')}`
  throw new InputError(
    `no successful deployment of the environment "${environment}" was found from before ${bad.slice(0, 7)} (${seen}); name the good revision in input "target"`,
  )
}
