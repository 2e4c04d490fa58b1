import { RefusedError } from '../../../errors.ts'
import type { Commit, NamedRevision } from '../../../github/commits.ts'
import type { Comparison } from '../../../github/compare.ts'
import { type Git, GitFailure } from '../command.ts'
import type { PlainRepository } from './open.ts'
import { remoteRefs } from './refs.ts'
import { bringDifference, entriesAt } from './trees.ts'

/** A commit by its full id. @throws RefusedError when it is not in the repository */
export async function readCommit(repository: PlainRepository, sha: string): Promise<Commit> {
  const { history, read } = repository
  const known = read.get(sha)
  if (known !== undefined) return known
  await demandCommit(repository, sha)
  await history.deepenUntil(async () => !(await history.cutOff()).has(sha))
  const [commit] = await logCommits(repository, ['--no-walk', sha])
  if (commit === undefined) throw noCommit(repository, sha)
  return commit
}

/** The full id of what a branch, a tag or a (short) commit id names; undefined when it names nothing. */
export async function resolveRevision(
  repository: PlainRepository,
  name: string,
): Promise<string | undefined> {
  const { branch, tag, commit } = await findNamed(repository, name)
  return tag ?? branch ?? commit
}

/** Looks up a branch, a tag or a (short) commit id; `heads/x` and `tags/x`, with or without `refs/`, are one of them alone. */
export async function findNamed(repository: PlainRepository, name: string): Promise<NamedRevision> {
  const { git, history } = repository
  const bring = async (sha: string | undefined) =>
    sha !== undefined && (await history.bringCommit(sha)) ? commitId(git, sha) : undefined
  const none = { branch: undefined, tag: undefined, commit: undefined }
  if (/^[0-9a-f]{40}$/.test(name)) return { ...none, commit: await bring(name) }
  const [, kind, own = name] = /^(?:refs\/)?(heads|tags)\/(.+)$/.exec(name) ?? []
  const refs = await remoteRefs(git, [`refs/heads/${own}`, `refs/tags/${own}`, `refs/tags/${own}^{}`])
  const tagged = refs.get(`refs/tags/${own}^{}`) ?? refs.get(`refs/tags/${own}`)
  const branch = kind === 'tags' ? undefined : await bring(refs.get(`refs/heads/${own}`))
  const tag = kind === 'heads' ? undefined : await bring(tagged)
  if (branch !== undefined || tag !== undefined || !/^[0-9a-f]{7,39}$/.test(name))
    return { ...none, branch, tag }
  await history.deepenUntil(async () => (await commitId(git, name)) !== undefined)
  return { ...none, commit: await commitId(git, name) }
}

/** Compares two revisions, in commits; `unrelated` when they have none in common. @throws RefusedError when one of them is not there */
export async function compareHistories(
  repository: PlainRepository,
  { base, head }: { base: string; head: string },
): Promise<Omit<Comparison, 'files'>> {
  const { git, history } = repository
  await demandCommit(repository, head)
  await demandCommit(repository, base)
  await history.bringRange({ base, head })
  const commits = await logCommits(repository, ['--topo-order', '--reverse', `${base}..${head}`])
  const behindBy = Number(await git.run(['rev-list', '--count', `${head}..${base}`, '--']))
  const aheadBy = commits.length
  const counts = { aheadBy, behindBy, commits }
  if (aheadBy === 0) return { status: behindBy === 0 ? 'identical' : 'behind', ...counts }
  if (behindBy === 0) return { status: 'ahead', ...counts }
  const common = await orNothing(git.run(['merge-base', base, head]))
  return { status: common === undefined ? 'unrelated' : 'diverged', ...counts }
}

/** The same with the files that differ, whose changed lines are not counted: that would take the files themselves. */
export async function compareCommits(
  repository: PlainRepository,
  revisions: { base: string; head: string },
): Promise<Comparison> {
  const comparison = await compareHistories(repository, revisions)
  if (comparison.status !== 'ahead') return { ...comparison, files: [] }
  const [{ tree: from }, { tree: to }] = [
    await readCommit(repository, revisions.base),
    await readCommit(repository, revisions.head),
  ]
  await bringDifference(repository.git, from, to)
  const paths = await repository.git.run(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to])
  const files = paths.split('\0').filter(Boolean)
  return { ...comparison, files: files.map((path) => ({ path, additions: 0, deletions: 0 })) }
}

/** True when the older revision is in the history of the newer one, or is it. */
export async function isAncestor(
  repository: PlainRepository,
  { older, newer }: { older: string; newer: string },
): Promise<boolean> {
  if (!(await repository.history.bringCommit(older))) return false
  const { status } = await compareHistories(repository, { base: older, head: newer })
  return status === 'ahead' || status === 'identical'
}

/** The newest commits of a branch, newest first. @param branch the full id that it is at */
export async function listCommits(
  repository: PlainRepository,
  { branch, count, page = 1 }: { branch: string; count: number; page?: number },
): Promise<readonly Commit[]> {
  const { history } = repository
  const skip = count * (page - 1)
  await demandCommit(repository, branch)
  let listed: readonly Commit[] = []
  await history.deepenUntil(async () => {
    listed = await logCommits(repository, [`--max-count=${count}`, `--skip=${skip}`, branch])
    const cut = await history.cutOff()
    return listed.length === count && !listed.some(({ sha }) => cut.has(sha))
  })
  return listed
}

/** Makes a commit that nothing points at yet, and that is only here. */
export async function createCommit(
  repository: PlainRepository,
  { tree, parents, message }: { tree: string; parents: readonly string[]; message: string },
): Promise<Commit> {
  const { git } = repository
  // what the push compares has to be here, or git fetches all of the tree
  for (const parent of parents) await bringDifference(git, (await readCommit(repository, parent)).tree, tree)
  const onto = parents.flatMap((parent) => ['-p', parent])
  const sha = (await git.run(['commit-tree', tree, ...onto], { input: message })).trim()
  return readCommit(repository, sha)
}

/** Those of some commits that touch one of the paths, compared with each of their parents. */
export async function commitsTouching(
  repository: PlainRepository,
  { commits, paths }: { commits: readonly Commit[]; paths: readonly string[] },
): Promise<readonly Commit[]> {
  const parents = commits.flatMap((commit) => commit.parents)
  const known = new Map(commits.map((commit) => [commit.sha, commit.tree]))
  for (const sha of parents) if (!known.has(sha)) known.set(sha, (await readCommit(repository, sha)).tree)
  const trees = [...new Set(known.values())]
  const touching = new Set<string>()
  for (const path of paths) {
    const entries = await entriesAt(repository.git, trees, path)
    const at = (sha: string) => entries.get(known.get(sha) ?? '')
    for (const { sha, parents: above } of commits) {
      const others = above.length === 0 ? [undefined] : above.map(at)
      if (others.every((other) => other !== at(sha))) touching.add(sha)
    }
  }
  return commits.filter(({ sha }) => touching.has(sha))
}

async function demandCommit(repository: PlainRepository, sha: string): Promise<void> {
  if (!(await repository.history.bringCommit(sha))) throw noCommit(repository, sha)
}

function noCommit({ owner, repo }: PlainRepository, sha: string): RefusedError {
  return new RefusedError(`${owner}/${repo} has no commit ${sha.slice(0, 7)}, or its user may not see it`)
}

async function commitId(git: Git, name: string): Promise<string | undefined> {
  const what = ['--verify', '--quiet', '--end-of-options', `${name}^{commit}`]
  return (await orNothing(git.run(['rev-parse', ...what])))?.trim()
}

/** What git printed; undefined when it ended with another status than 0, which says that there is nothing. */
async function orNothing(output: Promise<string>): Promise<string | undefined> {
  try {
    return await output
  } catch (error) {
    if (error instanceof GitFailure) return undefined
    throw error
  }
}

/** By arguments of `git log`. */
async function logCommits(
  { git, history, read }: PlainRepository,
  args: readonly string[],
): Promise<readonly Commit[]> {
  const format = '--format=tformat:%H%x00%T%x00%P%x00%an%x00%ct%x00%B'
  const fields = (await git.run(['log', '-z', format, ...args, '--'])).split('\0')
  const commits: Commit[] = []
  for (let at = 0; at + 6 <= fields.length; at += 6) {
    const [sha = '', tree = '', parents = '', author = '', seconds = '', message = ''] = fields.slice(
      at,
      at + 6,
    )
    const committedAt = new Date(Number(seconds) * 1000)
    commits.push({ sha, tree, parents: parents.split(' ').filter(Boolean), message, author, committedAt })
  }
  const cut = await history.cutOff()
  for (const commit of commits) if (!cut.has(commit.sha)) read.set(commit.sha, commit)
  return commits
}
