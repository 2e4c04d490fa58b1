import { ConflictError, RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { resolveRevision } from '../github/commits.ts'
import { readFile } from '../github/contents.ts'
import { limitsRefs } from '../github/environments.ts'
import { readRef } from '../github/ref.ts'

export interface DeployableCommit {
  /** the file under .github/workflows that deploys */
  readonly workflow: string
  readonly branch: string
  /** full id of the commit that is to be deployed */
  readonly commit: string
  /** a tag that is on it, as far as one knows */
  readonly tag: string | undefined
  readonly environment: string | undefined
  /** the inputs of the workflow say which commit it is, so the head of the branch may be another one */
  readonly isNamed: boolean
  /** this run has just put the tag on it */
  readonly isNew: boolean
}

/**
 * The ref on which the workflow that deploys is started. A branch may move at any moment, and the run is for what it is at
 * then; a tag is always the same commit. Not every workflow can run on a tag, though: the rules of the environment may
 * forbid it, or its own conditions ask for the branch, and such a run would succeed and deploy nothing.
 * @throws ConflictError when it has to be the branch, and that is at another commit
 */
export async function chooseRef(repository: Repository, wanted: DeployableCommit): Promise<string> {
  const { branch, commit, tag, isNamed } = wanted
  if (tag !== undefined && (await canRunOnTag(repository, wanted, tag))) return tag
  if (isNamed) return branch
  const head = await readRef(repository, `heads/${branch}`)
  if (head === commit) return branch
  throw new ConflictError(
    `${wanted.workflow} is not started: ${branch} is at ${head?.slice(0, 7) ?? 'no commit'}, and no longer at ${commit.slice(0, 7)}, so it would deploy another revision; check what was pushed, and run this again, or deploy ${commit} yourself`,
  )
}

async function canRunOnTag(
  repository: Repository,
  { workflow, commit, environment, isNew }: DeployableCommit,
  tag: string,
): Promise<boolean> {
  try {
    const [marked, isLimited, file] = await Promise.all([
      isNew ? commit : resolveRevision(repository, `tags/${tag}`),
      environment === undefined ? false : limitsRefs(repository, environment),
      readFile(repository, { path: `.github/workflows/${workflow}`, ref: commit }),
    ])
    return marked === commit && !isLimited && file !== undefined && !asksForRef(file.text)
  } catch (error) {
    // rules that cannot be read may forbid it
    if (error instanceof RefusedError) return false
    throw error
  }
}

/** True for a workflow whose conditions, names or groups depend on the branch it runs on. */
function asksForRef(text: string): boolean {
  return /github\.(?:ref|head_ref|base_ref)\b|github\.ref_|GITHUB_REF|refs\/(?:heads|tags)/.test(text)
}
