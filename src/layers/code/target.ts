import { InputError } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import {
  type Deployment,
  deployedEnvironments,
  hasSucceeded,
  listDeployments,
} from '../../github/deployments.ts'
import { incidentId } from '../../history/incident.ts'

import type { Target } from './found-target.ts'
import { findGreenTarget, lastGreen } from './green-target.ts'
import { type CodeRepository, demandGitHub, isAncestor, readCommit, resolveRevision } from './repository.ts'
import { findTaggedTarget, previousDeploymentTag } from './tag-target.ts'

export const lastSuccessfulDeployment = 'last-successful-deployment'

export interface TargetRequest {
  /** `last-successful-deployment`, a commit id, tag or branch, or `HEAD~n` */
  readonly target: string
  readonly branch: string
  readonly environment: string
  /** the revision whose deployment failed */
  readonly bad: string
  /** where the branch stands */
  readonly head: string
  /** for `previous-deployment-tag`: name of the tags, with one `*` */
  readonly tagPattern: string
  /** for `last-green`: the checks that have to be green */
  readonly checks: readonly string[]
  /** the incidents that the branch was rolled back for: their revisions are not gone back to */
  readonly rolledBack: ReadonlySet<string>
}

/** How many first parents `HEAD~n` may go back, one request each. */
const furthestParent = 100
/** How many older deployments are looked at before we say that there is no good one. */
const furthestDeployment = 100
/** How many of these are told when there is no good one. */
const toldDeployments = 5

/** Finds the revision to go back to. @throws InputError when it names nothing, or no deployment succeeded before the bad one */
export async function findTarget(repository: CodeRepository, request: TargetRequest): Promise<Target> {
  const { target, head } = request
  const asked = {
    asks: `input "target" is ${target}`,
    instead: `write ${previousDeploymentTag}, a commit id, a tag, a branch, or HEAD~n`,
  }
  if (target === lastSuccessfulDeployment)
    return findLastSuccessfulDeployment(demandGitHub(repository, asked), request)
  if (target === previousDeploymentTag)
    return findTaggedTarget(repository, { pattern: request.tagPattern, bad: request.bad })
  if (target === lastGreen)
    return findGreenTarget(demandGitHub(repository, asked), { checks: request.checks, bad: request.bad })
  const parents = /^HEAD(?:(\^*)|~(\d*))$/.exec(target)
  if (parents !== null) {
    const [, carets = '', count] = parents
    const steps = count === undefined ? carets.length : Number(count || 1)
    return findParent(repository, { head, target, steps })
  }
  if (!isRevisionName(target)) {
    throw new InputError(
      `input "target" is "${target}", which no commit, tag or branch can be called; write ${lastSuccessfulDeployment}, ${previousDeploymentTag}, ${lastGreen}, a commit id, a tag, a branch, or HEAD~n`,
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
  return name !== '' && name.length <= 255 && !forbidden && !/^[-/]|\.\.|@\{|\/\/|[/.]$|\.lock$/.test(name)
}

async function findParent(
  repository: CodeRepository,
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
 * The newest deployment of the environment that was made before the bad one, has ever succeeded, whose content differs
 * from the bad one's, and that was not rolled back from itself. Not the active deployment, nor the last green run: both forget.
 */
async function findLastSuccessfulDeployment(
  repository: Repository,
  { environment, branch, bad, head, rolledBack }: TargetRequest,
): Promise<Target> {
  if (!(await isAncestor(repository, { older: bad, newer: head }))) {
    throw new InputError(
      `${bad.slice(0, 7)}, whose deployment failed, is not on ${branch}: there is nothing to undo; name its branch in input "branch", or the failed revision in input "revision"`,
    )
  }
  const { tree: badTree } = await readCommit(repository, bad)
  const badDeployment = await newestDeployment(repository, { environment, revision: bad })
  const passedOver: string[] = []
  for await (const deployment of listDeployments(repository, { environment })) {
    const { id, revision, createdAt } = deployment
    // ids grow with time, and two deployments may be made in the same second
    if (revision === bad || (badDeployment !== undefined && id > badDeployment.id)) continue
    const passOver = (why: string) => passedOver.push(`${revision.slice(0, 7)} ${why}`)
    if (passedOver.length === furthestDeployment) break
    if (rolledBack.has(incidentId({ environment, revision }))) passOver('was rolled back from')
    else if (!(await hasSucceeded(repository, deployment))) passOver('never succeeded')
    else if (!(await isAncestor(repository, { older: revision, newer: head })))
      passOver(`is not on ${branch}`)
    else {
      const commit = await readCommit(repository, revision)
      const before = badDeployment === undefined ? '' : ` before that of ${bad.slice(0, 7)}`
      const foundBy = `the newest successful deployment of ${environment}${before}, made ${createdAt.toISOString()}`
      if (commit.tree !== badTree) return { commit, foundBy }
      passOver('has the same content')
    }
  }
  if (passedOver.length === 0 && badDeployment === undefined) await refuseUnknown(repository, environment)
  throw new InputError(
    `no successful deployment of the environment "${environment}" was found from before ${bad.slice(0, 7)} (${tell(passedOver)}); name the good revision in input "target"`,
  )
}

/** @throws InputError when nothing was ever deployed to the environment, and something was to others */
async function refuseUnknown(repository: Repository, environment: string): Promise<void> {
  const known = await deployedEnvironments(repository)
  if (known.length === 0 || known.includes(environment)) return
  throw new InputError(
    `nothing was ever deployed to an environment "${environment}"; write one of those that are there, in input "environment" or the configuration: ${known.slice(0, 20).join(', ')}`,
  )
}

async function newestDeployment(
  repository: Repository,
  of: { environment: string; revision: string },
): Promise<Deployment | undefined> {
  for await (const deployment of listDeployments(repository, of)) return deployment
  return undefined
}

function tell(passedOver: readonly string[]): string {
  if (passedOver.length === 0) return 'there is no earlier one'
  const more = passedOver.length > toldDeployments ? `, and ${passedOver.length - toldDeployments} more` : ''
  return `looked at those before it: ${passedOver.slice(0, toldDeployments).join(', ')}${more}`
}
