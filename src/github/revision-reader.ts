import { type CheckState, readChecks } from './checks.ts'
import type { Repository } from './client.ts'
import { deploymentState } from './deployments.ts'
import { defaultBranch } from './repository.ts'
import { requiredChecks } from './rules.ts'

/** How one revision stands, for a health check that asks GitHub. */
export interface RevisionReader {
  /** The checks that the rules of the deployed branch require. */
  readonly requiredChecks: () => Promise<readonly string[]>
  readonly checks: (names: readonly string[]) => Promise<ReadonlyMap<string, CheckState>>
  /** its newest deployment to the environment */
  readonly deployment: () => Promise<CheckState>
}

/** Opens it; asks nothing yet. @param branch the deployed one; undefined for the default branch */
export function openRevisionReader(
  repository: Repository,
  { branch, environment, revision }: { branch: string | undefined; environment: string; revision: string },
): RevisionReader {
  return {
    requiredChecks: async () => requiredChecks(repository, branch ?? (await defaultBranch(repository))),
    checks: (names) => readChecks(repository, { sha: revision, names }),
    deployment: () => deploymentState(repository, { environment, revision }),
  }
}
