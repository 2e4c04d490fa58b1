import { findLastGood } from '../../deployment/last-good.ts'
import { InputError, message, RefusedError, setting } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import type { Commit } from '../../github/commits.ts'
import { isRefused } from '../../github/refusal.ts'
import { incidentId } from '../../history/incident.ts'
import { count } from '../../text/count.ts'
import type { Target } from './found-target.ts'
import { findGreenTarget, lastGreen } from './green-target.ts'
import {
  type CodeRepository,
  compareHistories,
  demandGitHub,
  findNamed,
  isAncestor,
  listCommits,
  readCommit,
} from './repository.ts'
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
  /** a revision that was deployed, and is not on the branch, is a target, too */
  readonly mayBeElsewhere?: boolean
}

/** How far `HEAD~n` may go back. */
const furthestParent = 5_000

const codeTarget = setting('code.target')

/** What the target may be called beside names of revisions. */
const words = [lastSuccessfulDeployment, previousDeploymentTag, lastGreen]
/** Only in git-rollback, which handles them before a target is looked for. */
const takingBack = ['undo', 'reapply']
const names = 'a commit id, a tag, a branch, or HEAD~n'
const choices = `${[...words, ...takingBack, names].join(', ')} (undo and reapply only in git-rollback)`

/** Finds the revision to go back to. @throws InputError when it names nothing, or no deployment succeeded before the bad one */
export async function findTarget(repository: CodeRepository, request: TargetRequest): Promise<Target> {
  const { target, head } = request
  const asked = {
    asks: message`${codeTarget} is ${target}`,
    instead: `write ${previousDeploymentTag}, a commit id, a tag, a branch, or HEAD~n`,
  }
  if (target === lastSuccessfulDeployment)
    return findLastSuccessfulDeployment(demandGitHub(repository, asked), request)
  if (target === previousDeploymentTag)
    return findTaggedTarget(repository, { pattern: request.tagPattern, bad: request.bad })
  if (target === lastGreen)
    return findGreenTarget(demandGitHub(repository, asked), { checks: request.checks, bad: request.bad })
  if (takingBack.includes(target)) {
    throw new InputError(
      message`${codeTarget} is "${target}", which only git-rollback supports; use that action, or write ${[...words, names].join(', ')}`,
    )
  }
  const parents = /^HEAD(?:(\^*)|~(\d*))$/.exec(target)
  if (parents !== null) {
    const [, carets = '', count] = parents
    const steps = count === undefined ? carets.length : Number(count || 1)
    return findParent(repository, { head, target, steps })
  }
  if (!isRevisionName(target)) {
    throw new InputError(
      message`${codeTarget} is "${target}", which cannot be the name of a commit, tag or branch; write ${choices}`,
    )
  }
  return findNamedTarget(repository, target)
}

async function findNamedTarget(repository: CodeRepository, target: string): Promise<Target> {
  const { branch, tag, commit } = await findNamed(repository, target)
  if (branch !== undefined && tag !== undefined && branch !== tag) {
    throw new InputError(
      message`${codeTarget} is "${target}", which is a tag (at ${tag.slice(0, 7)}) and a branch (at ${branch.slice(0, 7)}); write tags/${target} or heads/${target}`,
    )
  }
  const sha = tag ?? branch ?? commit
  if (sha === undefined) {
    throw new InputError(
      message`${codeTarget} is "${target}", and ${repository.owner}/${repository.repo} has no such commit, tag or branch; write ${choices}`,
    )
  }
  return {
    commit: await readCommit(repository, sha),
    foundBy: `named as the target: ${target}`,
    vouchedBy: tag === undefined ? undefined : `the tag ${target.replace(/^(?:refs\/)?tags\//, '')}`,
  }
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
      message`${codeTarget} is "${target}"; go back at most ${furthestParent} commits, or name the commit`,
    )
  // a hundred commits at a time: on a branch without merges these are a hundred steps
  let known = new Map<string, Commit>()
  let sha = head
  for (let step = 0; ; step += 1) {
    if (!known.has(sha)) {
      const listed = await listCommits(repository, { branch: sha, count: 100 })
      known = new Map(listed.map((commit) => [commit.sha, commit]))
    }
    const commit = known.get(sha) ?? (await readCommit(repository, sha))
    if (step === steps)
      return { commit, foundBy: `${target}, counted along first parents`, vouchedBy: undefined }
    const parent = commit.parents[0]
    if (parent === undefined)
      throw new InputError(
        message`${codeTarget} is "${target}", but the branch has only ${count(step + 1, 'commit')}`,
      )
    sha = parent
  }
}

/**
 * The newest deployment of the environment that was made before the bad one, has ever succeeded, whose content differs
 * from the bad one's, and that was not rolled back from itself.
 */
async function findLastSuccessfulDeployment(
  repository: Repository,
  { environment, branch, bad, head, rolledBack, mayBeElsewhere = false }: TargetRequest,
): Promise<Target> {
  await demandOnBranch(repository, { bad, head, branch })
  const { tree: badTree } = await readCommit(repository, bad)
  let found: Commit | undefined
  const { foundBy } = await findLastGood(repository, {
    environment,
    bad,
    reject: async ({ revision }) => {
      if (rolledBack.has(incidentId({ environment, revision }))) return 'was rolled back from'
      const { status } = await standOf(repository, { base: revision, head })
      const isElsewhere = mayBeElsewhere && status === 'diverged'
      if (status !== 'ahead' && status !== 'identical' && !isElsewhere) return `is not on ${branch}`
      if (revision !== bad && (await isAncestor(repository, { older: bad, newer: revision })))
        return `is newer than ${bad.slice(0, 7)}, and has it in its history`
      found = await readCommit(repository, revision)
      return found.tree === badTree ? 'has the same content' : undefined
    },
  })
  if (found === undefined) throw new TypeError('a deployment was found, and not its commit')
  return { commit: found, foundBy, vouchedBy: `a successful deployment of ${environment}` }
}

/** How a revision stands to another one; `gone` for one that was pushed away by force and is not there any more. */
async function standOf(repository: Repository, range: { base: string; head: string }) {
  try {
    return await compareHistories(repository, range)
  } catch (error) {
    if (error instanceof RefusedError && isRefused(error.cause, 'not-found'))
      return { status: 'gone' as const }
    throw error
  }
}

/**
 * The failed revision has to be in the history of the branch: what is not there cannot be undone there.
 * @throws InputError when it is not
 */
export async function demandOnBranch(
  repository: CodeRepository,
  { bad, head, branch }: { bad: string; head: string; branch: string },
): Promise<void> {
  if (bad === head || (await isAncestor(repository, { older: bad, newer: head }))) return
  throw new InputError(
    message`${bad.slice(0, 7)}, whose deployment failed, is not on ${branch}: there is nothing to undo; name the deployed branch in ${setting('branch')}, or the failed revision in ${setting('revision')}`,
  )
}
