import { isUserFacing } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { type ChangedFile, filesOfCommit } from '../../github/commits.ts'
import { compareCommits } from '../../github/compare.ts'
import { type DeploymentStory, readDeploymentStory } from '../../github/deployment-story.ts'
import { isObjectId } from '../../github/once.ts'
import { type PullRequest, pullsByCommit } from '../../github/pulls.ts'
import type { IncidentFacts } from './incident-facts.ts'

/** A commit that the failed deployment brought, and that the one before had not. */
export interface SuspectCommit {
  readonly revision: string
  readonly title: string
  readonly author: string
  readonly pulls: readonly PullRequest[]
  /** undefined where they were not read */
  readonly files: readonly ChangedFile[] | undefined
}

/** What GitHub says of an incident, beside the history. */
export interface Evidence {
  /** the deployment that failed; undefined where GitHub has none, or it could not be read */
  readonly deployment: DeploymentStory | undefined
  /** oldest first */
  readonly commits: readonly SuspectCommit[]
  /** how many commits there are beyond those that were read */
  readonly moreCommits: number
  /** the files that an earlier incident has in common with this one, by incident */
  readonly sameFiles: ReadonlyMap<string, readonly string[]>
  /** what could not be read, each one clause */
  readonly unread: readonly string[]
}

export const noEvidence: Evidence = {
  deployment: undefined,
  commits: [],
  moreCommits: 0,
  sameFiles: new Map(),
  unread: [],
}

/** Each commit is a request. */
const mostCommits = 20

/** Reads it all. What cannot be read is named, and keeps no post-mortem from being written. */
export async function readEvidence(repository: Repository, facts: IncidentFacts): Promise<Evidence> {
  const unread: string[] = []
  const attempt = async <T>(otherwise: T, read: () => Promise<T>): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      if (!isUserFacing(error)) throw error
      unread.push(error.message)
      return otherwise
    }
  }
  const { environment, revision, events } = facts
  const before = new Date(facts.detection?.at ?? events[0]?.at ?? 0)
  const [deployment, { commits, more }] = await Promise.all([
    attempt(undefined, () => readDeploymentStory(repository, { environment, revision, before })),
    attempt({ commits: [], more: 0 }, () => commitsOf(repository, facts)),
  ])
  const shas = commits.map((each) => each.revision)
  const [pulls, files] = await Promise.all([
    attempt(undefined, () => pullsByCommit(repository, shas)),
    Promise.all(shas.map((sha) => attempt(undefined, () => filesOfCommit(repository, sha)))),
  ])
  if (pulls === undefined && shas.length > 0)
    unread.push('the pull requests of the commits: the token may not read them (pull-requests: read)')
  const suspects = commits.map((commit, n) => ({
    ...commit,
    pulls: pulls?.get(commit.revision) ?? [],
    files: files[n],
  }))
  const sameFiles = await attempt(new Map(), () => filesInCommon(repository, facts, suspects))
  return { deployment, commits: suspects, moreCommits: more, sameFiles, unread: [...new Set(unread)] }
}

type PlainCommit = Pick<SuspectCommit, 'revision' | 'title' | 'author'>

/** What was undone; where nothing was, what lies between the good revision and the failed one. */
async function commitsOf(
  repository: Repository,
  { rollbacks, proposals, failures }: IncidentFacts,
): Promise<{ readonly commits: readonly PlainCommit[]; readonly more: number }> {
  const undone = rollbacks.filter(({ layer }) => layer === 'code').flatMap((each) => each.undone)
  const known = [...new Map(undone.map((each) => [each.revision, each])).values()]
  const range = [...proposals, ...failures].find(
    ({ layer, from, to }) => layer === 'code' && isObjectId(from) && isObjectId(to),
  )
  const all =
    known.length > 0 || range === undefined
      ? known
      : (await compareCommits(repository, { base: range.to, head: range.from })).commits.map(
          ({ sha, message, author }) => ({ revision: sha, title: message.split('\n', 1)[0] ?? '', author }),
        )
  const own = all.filter(({ revision }) => isObjectId(revision))
  return { commits: own.slice(-mostCommits), more: Math.max(0, own.length - mostCommits) }
}

async function filesInCommon(
  repository: Repository,
  { earlier }: IncidentFacts,
  commits: readonly SuspectCommit[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const own = new Set(commits.flatMap(({ files = [] }) => files.map(({ path }) => path)))
  if (own.size === 0) return new Map()
  const found = await Promise.all(
    earlier.map(async ({ incident, range }) => {
      if (range === undefined || !isObjectId(range.base) || !isObjectId(range.head)) return []
      try {
        const { files } = await compareCommits(repository, range)
        const same = files.map(({ path }) => path).filter((path) => own.has(path))
        return same.length === 0 ? [] : [[incident, same] as const]
      } catch (error) {
        // its commits may be gone
        if (!isUserFacing(error)) throw error
        return []
      }
    }),
  )
  return new Map(found.flat())
}
