import { findDeployedElsewhere } from '../../deployment/deployed.ts'
import { RefusedError } from '../../errors.ts'
import { count } from '../../text/count.ts'
import type { Target } from './found-target.ts'
import { type CodeRepository, compareHistories, isPlain } from './repository.ts'
import type { Warning } from './warnings.ts'

/** Another environment that is deployed from the branch, and what it would lose. */
export interface Neighbour {
  readonly environment: string
  readonly revision: string
  /** commits that are deployed there, and that the branch has no more after the rollback */
  readonly lost: number
}

/**
 * The other environments that run a revision which the rollback undoes: their next deployment from the branch loses it.
 * @param from where the branch is
 * @throws RefusedError when the token may not read deployments
 */
async function findNeighbours(
  repository: Exclude<CodeRepository, { git: unknown }>,
  { environment, target, from }: { environment: string; target: Target; from: string },
): Promise<readonly Neighbour[]> {
  const deployed = await findDeployedElsewhere(repository, environment)
  const found = await Promise.all(
    deployed.map(async ({ environment: other, revision }): Promise<readonly Neighbour[]> => {
      try {
        const [ofTarget, ofBranch] = await Promise.all([
          compareHistories(repository, { base: target.commit.sha, head: revision }),
          compareHistories(repository, { base: revision, head: from }),
        ])
        const isOnBranch = ofBranch.status === 'ahead' || ofBranch.status === 'identical'
        const isNewer = ofTarget.status === 'ahead' || ofTarget.status === 'diverged'
        return isOnBranch && isNewer ? [{ environment: other, revision, lost: ofTarget.aheadBy }] : []
      } catch (error) {
        // a revision that was pushed away by force is not on the branch
        if (error instanceof RefusedError) return []
        throw error
      }
    }),
  )
  return found.flat()
}

/** The same as warnings of a plan; none where deployments cannot be read. */
export async function neighboursOf(
  repository: CodeRepository,
  about: { environment: string; target: Target; from: string },
): Promise<readonly Warning[]> {
  if (isPlain(repository)) return []
  try {
    return (await findNeighbours(repository, about)).map(warnNeighbour)
  } catch (error) {
    if (error instanceof RefusedError) return []
    throw error
  }
}

function warnNeighbour({ environment, revision, lost }: Neighbour): Warning {
  const commits = count(lost, 'commit')
  return {
    kind: 'environments',
    message: `${environment} is deployed from this branch, too, and runs ${revision.slice(0, 7)}: its next deployment loses ${commits}; to leave it as it is, restore only the paths of this environment`,
    paths: [],
  }
}
