import { hasBeenDeployed } from '../../deployment/last-good.ts'
import { InputError, message, RefusedError, setting } from '../../errors.ts'
import type { Comparison } from '../../github/compare.ts'
import { pullsOfCommit } from '../../github/pulls.ts'
import type { Target } from './found-target.ts'
import { type CodeRepository, isAncestor, isPlain, listBranches } from './repository.ts'

/** How a target was asked for, and how it stands to the branch. */
export interface Standpoint {
  readonly comparison: Pick<Comparison, 'status'>
  readonly branch: string
  readonly environment: string
  /** where the branch is, or was before the rollback that is there already */
  readonly from: string
  readonly target: Target
  /** as it was written */
  readonly request: string
  /** one that is not on the branch is taken, too, when a deployment or a tag vouches for it */
  readonly mayBeElsewhere: boolean
}

/**
 * A target has to be an older revision of the branch, or one that was good elsewhere.
 * @returns who vouches for one that is not on the branch; undefined when it is
 * @throws InputError that says how it stands to the branch, and which branch has it
 */
export async function demandOlder(
  repository: CodeRepository,
  { comparison: { status }, branch, environment, from, target, request, mayBeElsewhere }: Standpoint,
): Promise<string | undefined> {
  const { sha } = target.commit
  const named = message`${setting('code.target')} (${request}) is ${sha.slice(0, 7)}`
  if (status === 'ahead') return undefined
  if (status === 'identical')
    throw new InputError(
      message`${named}, which is the head of ${branch} already: there is nothing to undo; name an older revision`,
    )
  const at = `${branch} (at ${from.slice(0, 7)})`
  if (status === 'diverged' && mayBeElsewhere) {
    const vouchedBy = target.vouchedBy ?? (await voucherOf(repository, { environment, revision: sha }))
    if (vouchedBy !== undefined) return vouchedBy
  }
  const where = await whereIs(repository, sha, branch)
  const cure =
    status === 'diverged' && mayBeElsewhere
      ? `; ${isPlain(repository) ? 'name it by a tag' : `name it by a tag, or deploy it to ${environment} once`}, or name a revision that ${branch} has been at`
      : `; name a revision that ${branch} has been at`
  throw new InputError(
    message`${named}, which is not an ancestor of ${at}${where}: nothing was changed${cure}`,
  )
}

async function voucherOf(
  repository: CodeRepository,
  of: { environment: string; revision: string },
): Promise<string | undefined> {
  if (isPlain(repository)) return undefined
  try {
    return (await hasBeenDeployed(repository, of))
      ? `a successful deployment of ${of.environment}`
      : undefined
  } catch (error) {
    // a token that may not see deployments sees no one that vouches
    if (error instanceof RefusedError) return undefined
    throw error
  }
}

/** How many branches are compared with a revision. */
const comparedBranches = 20

/** Which branches, and which pull request, have a revision, as a clause; '' when that is not known. */
async function whereIs(repository: CodeRepository, sha: string, except: string): Promise<string> {
  const branches = (await listBranches(repository)).filter(({ name }) => name !== except)
  // a branch that is at it needs no comparison
  const nearest = branches.toSorted((a, b) => Number(b.commit === sha) - Number(a.commit === sha))
  const found = await Promise.all(
    nearest
      .slice(0, comparedBranches)
      .map(async ({ name, commit }) =>
        commit === sha || (await isAncestor(repository, { older: sha, newer: commit })) ? [name] : [],
      ),
  )
  const names = found.flat()
  if (names.length > 0) return ` (it is on ${names.slice(0, 3).join(', ')})`
  const pull = isPlain(repository) ? undefined : await pullOf(repository, sha)
  return pull === undefined ? '' : ` (it is of the pull request #${pull})`
}

async function pullOf(
  repository: Exclude<CodeRepository, { git: unknown }>,
  sha: string,
): Promise<number | undefined> {
  try {
    return (await pullsOfCommit(repository, sha))[0]?.number
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
}
