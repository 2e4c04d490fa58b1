import { InputError, type Message, message, setting } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import * as githubCommits from '../../github/commits.ts'
import * as githubCompare from '../../github/compare.ts'
import * as githubRef from '../../github/ref.ts'
import * as githubRefs from '../../github/refs.ts'
import * as githubFacts from '../../github/repository.ts'
import * as githubRules from '../../github/rules.ts'
import * as githubTrees from '../../github/trees.ts'
import * as plainCommits from './plain/commits.ts'
import type { PlainRepository } from './plain/open.ts'
import * as plainPush from './plain/push.ts'
import * as plainRefs from './plain/refs.ts'
import * as plainTrees from './plain/trees.ts'

/** Where the code is: on GitHub, or on any server that speaks git. What is below asks either in its own way. */
export type CodeRepository = Repository | PlainRepository

export function isPlain(repository: CodeRepository): repository is PlainRepository {
  return 'git' in repository
}

/** What only GitHub has. @throws InputError when the repository is not there: it says what asks for it, and what to write instead */
export function demandGitHub(
  repository: CodeRepository,
  { asks, instead }: { asks: string | Message; instead: string },
): Repository {
  if (!isPlain(repository)) return repository
  throw onlyOnGitHub(asks, instead)
}

/** @param asks what asks for it @param instead what to write instead */
export function onlyOnGitHub(asks: string | Message, instead: string): InputError {
  return new InputError(
    message`${asks}, which needs GitHub, and ${setting('remote')} names another server; ${instead}`,
  )
}

function either<A, R>(
  onGitHub: (repository: Repository, asked: A) => Promise<R>,
  overGit: (repository: PlainRepository, asked: A) => Promise<R>,
) {
  return (repository: CodeRepository, asked: A): Promise<R> =>
    isPlain(repository) ? repository.inTurn(() => overGit(repository, asked)) : onGitHub(repository, asked)
}

export const readCommit = either(githubCommits.readCommit, plainCommits.readCommit)
export const listCommits = either(githubCommits.listCommits, plainCommits.listCommits)
export const createCommit = either(githubCommits.createCommit, plainCommits.createCommit)
export const isAncestor = either(githubCompare.isAncestor, plainCommits.isAncestor)
export const resolveRevision = either(githubCommits.resolveRevision, plainCommits.resolveRevision)
export const findNamed = either(githubCommits.findNamed, plainCommits.findNamed)
export const commitsTouching = either(githubCommits.commitsTouching, plainCommits.commitsTouching)
export const compareCommits = either(githubCompare.compareCommits, plainCommits.compareCommits)
/** The same without the files, which plain git would have to fetch folders for. */
export const compareHistories = either(githubCompare.compareHistories, plainCommits.compareHistories)
/** All commits of a range, oldest first, where a comparison on GitHub has at most 250. */
export const listRange = either<Revisions, readonly githubCommits.Commit[]>(
  githubCompare.listRange,
  async (repository, range) => (await plainCommits.compareHistories(repository, range)).commits,
)
interface Revisions {
  readonly base: string
  readonly head: string
}

export const readRef = either(githubRef.readRef, plainRefs.readRef)
export const createRef = either(githubRefs.createRef, plainPush.createRef)
export const moveBranch = either(githubRefs.moveBranch, plainPush.moveBranch)
export const resetBranch = either(githubRefs.resetBranch, plainPush.resetBranch)
export const tagCommit = either(githubRefs.tagCommit, plainPush.tagCommit)
/** Plain git takes none as an argument. */
export const listBranches = either<void, readonly { readonly name: string; readonly commit: string }[]>(
  githubRefs.listBranches,
  plainRefs.listBranches,
)
export const listTags = either(githubRefs.listTags, plainRefs.listTags)
export const readTags = either(githubRefs.readTags, plainRefs.readTags)

export const listTree = either(githubTrees.listTree, plainTrees.listTree)
export const listWholeTree = either(githubTrees.listWholeTree, plainTrees.listWholeTree)
export const createTree = either(githubTrees.createTree, plainTrees.createTree)

/** A git server does not show its rules until they forbid something. */
export const readBranchRules = either(githubRules.readBranchRules, async () => ({
  types: [],
  isProtected: true,
}))

export async function readFacts(repository: CodeRepository): Promise<githubFacts.RepositoryFacts> {
  if (!isPlain(repository)) return githubFacts.readFacts(repository)
  return {
    defaultBranch: await repository.inTurn(() => plainRefs.defaultBranch(repository)),
    archived: false,
  }
}
