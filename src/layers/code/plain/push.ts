import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConflictError, UnavailableError } from '../../../errors.ts'
import type { Git } from '../command.ts'
import { isAncestor } from './commits.ts'
import { fetchingLack } from './fetch.ts'
import type { PlainRepository } from './open.ts'
import { readRef, remoteRefs } from './refs.ts'
import { explainPush } from './refusal.ts'

/** A branch that goes from the commit it was seen at to another one, or not at all. */
export interface Move {
  readonly branch: string
  readonly from: string
  readonly to: string
}

/** Moves a branch forward. @throws ConflictError when it is elsewhere; RefusedError when a rule forbids it */
export async function moveBranch(repository: PlainRepository, move: Move): Promise<void> {
  const { branch, to } = move
  await repository.history.bringCommit(to)
  try {
    await resetBranch(repository, move)
  } catch (error) {
    // an answer that was lost, with somebody's commit on top of it since
    const now = await readRef(repository, `heads/${branch}`)
    if (now === undefined || !(await isAncestor(repository, { older: to, newer: now }))) throw error
  }
}

/** Moves a branch to any commit. @throws ConflictError when it is elsewhere; RefusedError when a rule forbids it */
export async function resetBranch(repository: PlainRepository, { branch, from, to }: Move): Promise<void> {
  await pushRefs(repository, [{ ref: `refs/heads/${branch}`, from, to }])
}

/** A tag that is put on a commit. */
export interface NewTag {
  readonly tag: string
  readonly commit: string
  readonly message: string
}

/**
 * Moves a branch, forward or back, and tags a commit: both in one push, or neither.
 * @throws ConflictError when the branch is elsewhere or the tag's name is taken; RefusedError when a rule forbids it
 */
export async function moveAndTag(
  repository: PlainRepository,
  { branch, from, to }: Move,
  tag: NewTag,
): Promise<void> {
  const object = await makeTag(repository.git, tag)
  await pushRefs(repository, [
    { ref: `refs/heads/${branch}`, from, to },
    { ref: `refs/tags/${tag.tag}`, from: '', to: object },
  ])
}

/** The commit that a tag of the remote is on; undefined when there is none of that name. */
export async function taggedCommit({ git }: PlainRepository, tag: string): Promise<string | undefined> {
  const refs = await remoteRefs(git, [`refs/tags/${tag}`, `refs/tags/${tag}^{}`])
  return refs.get(`refs/tags/${tag}^{}`) ?? refs.get(`refs/tags/${tag}`)
}

/**
 * Puts an annotated tag on a commit; the same tag on the same commit is left as it is.
 * @throws ConflictError when the name is taken by a tag of another commit
 */
export async function tagCommit(repository: PlainRepository, wanted: NewTag): Promise<void> {
  const { tag, commit } = wanted
  const tagged = await taggedCommit(repository, tag)
  if (tagged === commit) return
  if (tagged !== undefined)
    throw new ConflictError(
      `the tag ${tag} is already on ${tagged.slice(0, 7)}: delete or rename it, and run again`,
    )
  const to = await makeTag(repository.git, wanted)
  await pushRefs(repository, [{ ref: `refs/tags/${tag}`, from: '', to }])
}

/** Makes the object of an annotated tag, which is only here. @returns its id */
async function makeTag(git: Git, { tag, commit, message }: NewTag): Promise<string> {
  const tagger = (await git.run(['var', 'GIT_COMMITTER_IDENT'])).trim()
  const input = `object ${commit}\ntype commit\ntag ${tag}\ntagger ${tagger}\n\n${message}`
  return (await git.run(['mktag'], { input })).trim()
}

/** Creates a branch, or finds it there already. @returns the commit it is at, which is another one when the name was taken */
export async function createRef(
  repository: PlainRepository,
  { ref, sha }: { ref: string; sha: string },
): Promise<string> {
  const there = await readRef(repository, ref)
  if (there !== undefined) return there
  await pushRefs(repository, [{ ref: `refs/${ref}`, from: '', to: sha }])
  return sha
}

/** A ref that is moved, or made. */
interface RefMove {
  /** e.g. refs/heads/main */
  readonly ref: string
  /** where it was seen; '' where there must be none of its name */
  readonly from: string
  readonly to: string
}

/** Moves refs in one push, each from where it was seen, or none of them. Whether it did is read from the remote. */
async function pushRefs(repository: PlainRepository, moves: readonly [RefMove, ...RefMove[]]): Promise<void> {
  const leases = moves.map(({ ref, from }) => `--force-with-lease=${ref}:${from}`)
  const refs = moves.map(({ ref, to }) => `${to}:${ref}`)
  const options = ['--porcelain', '--atomic', '--no-verify', '--no-thin', ...leases]
  let failure: unknown
  try {
    const push = () => repository.git.run([...fetchingLack, 'push', ...options, 'origin', ...refs])
    await sharing(repository, moves[0].to, push)
  } catch (error) {
    failure = error
  }
  // the answer may be lost; and git also ends well when a ref was there before, with whatever lease
  if (await isDone(repository, moves)) return
  const what = moves.map(({ ref }) => ref.replace(/^refs\/\w+\//, '')).join(' and ')
  if (failure !== undefined) throw explainPush(failure, what)
  throw new UnavailableError(`the git remote said that it moved ${what}, and it did not; run again`)
}

/**
 * Runs a push of a commit. It sends what the commits before that one have not, and with the content of an older one these
 * are files that the server has had all along: git would fetch them, to send them back. So the commit is noted as coming
 * from the older one, too, in git's own file for such notes, which stays here.
 * https://git-scm.com/docs/gitglossary#Documentation/gitglossary.txt-grafts
 */
async function sharing(
  { git, gitDir }: PlainRepository,
  commit: string,
  push: () => Promise<unknown>,
): Promise<void> {
  const lines = await git.run(['log', '--max-count=10000', '--format=%H %T %P', `${commit}^{commit}`, '--'])
  const [[sha, tree, ...parents] = [], ...older] = lines.split('\n').map((line) => line.split(' '))
  const [twin] = older.find(([, each]) => each === tree) ?? []
  const notes = join(gitDir, 'info', 'grafts')
  await mkdir(dirname(notes), { recursive: true })
  if (twin !== undefined) await writeFile(notes, `${[sha, ...parents, twin].join(' ')}\n`)
  try {
    await push()
  } finally {
    await rm(notes, { force: true })
  }
}

/** A ref that was made is ours alone, and proves that the others were moved, too: they may have gone on since. */
async function isDone(repository: PlainRepository, moves: readonly RefMove[]): Promise<boolean> {
  const now = await remoteRefs(
    repository.git,
    moves.map(({ ref }) => ref),
  )
  const made = moves.filter(({ from }) => from === '')
  return (made.length > 0 ? made : moves).every(({ ref, to }) => now.get(ref) === to)
}
