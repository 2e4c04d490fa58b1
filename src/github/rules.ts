import type { Repository } from './client.ts'
import { foreseeable } from './once.ts'
import { explained } from './refusal.ts'

/** What GitHub's rules say of a change of a branch, as far as a token without administration rights can read them. */
export interface BranchRules {
  /** names of GitHub's own: `pull_request`, `merge_queue`, `required_signatures`, `required_status_checks`… */
  readonly types: readonly string[]
  /** classic branch protection is on; what it asks for only an administrator may read */
  readonly isProtected: boolean
}

/** Rules with which nobody but those who may pass them by can push a commit to the branch. */
const againstPushes = new Set([
  'pull_request',
  'merge_queue',
  'required_status_checks',
  'update',
  'required_deployments',
  'workflows',
  'code_scanning',
])

/** Reads the active rules of a branch: https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch */
export const readBranchRules = foreseeable<string, BranchRules>(
  (branch) => branch,
  async (repository, branch) => {
    const { octokit, owner, repo } = repository
    const [types, { data }] = await Promise.all([
      readRuleTypes(repository, branch),
      explained(toRead(branch), () => octokit.rest.repos.getBranch({ owner, repo, branch })),
    ])
    return { types, isProtected: data.protected }
  },
)

/** Names of the active rules that a branch of that name is under, also one that is not there yet. */
export async function readRuleTypes(repository: Repository, branch: string): Promise<readonly string[]> {
  const rules = await listRules(repository, branch)
  return [...new Set(rules.map(({ type }) => type))]
}

/** The rules that keep a commit from being pushed. */
export function rulesAgainstPush({ types }: BranchRules): readonly string[] {
  return types.filter((type) => againstPushes.has(type))
}

/** Names of the checks that the rules of the branch require; what classic branch protection asks for cannot be read. */
export async function requiredChecks(repository: Repository, branch: string): Promise<readonly string[]> {
  const rules = await listRules(repository, branch)
  const names = rules.flatMap((rule) =>
    rule.type === 'required_status_checks'
      ? (rule.parameters?.required_status_checks ?? []).map(({ context }) => context)
      : [],
  )
  return [...new Set(names)]
}

async function listRules({ octokit, owner, repo }: Repository, branch: string) {
  return explained(toRead(branch), () =>
    octokit.paginate(octokit.rest.repos.getBranchRules, { owner, repo, branch, per_page: 100 }),
  )
}

function toRead(branch: string) {
  return { doing: `read the rules of ${branch}`, permission: 'contents: read' }
}
