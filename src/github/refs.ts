import { setTimeout as sleep } from 'node:timers/promises'
import ms from 'ms'
import { ConflictError, UnavailableError } from '../errors.ts'
import { type Repository, repeatable } from './client.ts'
import { isAncestor } from './compare.ts'
import { readRef } from './ref.ts'
import { explain, explained, isAmbiguous, isRefused } from './refusal.ts'

const permission = 'contents: write'

/**
 * Moves a branch from the commit it was seen at to a new one, or not at all.
 *
 * The new commit's parent is `from` and the update is not forced, so GitHub itself refuses it as no fast-forward when
 * anybody moved the branch in between: a compare-and-swap in one request. When the answer is lost the ref is read again.
 * @throws ConflictError when the branch is elsewhere; RefusedError when a rule or a permission forbids it
 */
export async function moveBranch(
  repository: Repository,
  move: { branch: string; from: string; to: string },
): Promise<void> {
  // right after a push GitHub's API may lag, and refuse a move from where the branch is
  if ((await tryMove(repository, move)) === 'moved') return
  repository.octokit.log.warn(`GitHub lags behind on ${move.branch}: waiting ${lagMs / 1000} s`)
  await sleep(lagMs)
  if ((await tryMove(repository, move)) === 'moved') return
  throw new UnavailableError(
    `could not move ${move.branch}: GitHub rejected the update as not a fast-forward, although ${move.branch} is still at ${move.from.slice(0, 7)}; run again`,
  )
}

const lagMs = ms('2s')

async function tryMove(
  repository: Repository,
  { branch, from, to }: { branch: string; from: string; to: string },
): Promise<'moved' | 'lag'> {
  const { octokit, owner, repo } = repository
  const need = { doing: `move ${branch} from ${from.slice(0, 7)} to ${to.slice(0, 7)}`, permission }
  try {
    // once it is carried out the same update changes nothing, so this PATCH may be repeated
    await octokit.rest.git.updateRef({
      owner,
      repo,
      ref: `heads/${branch}`,
      sha: to,
      force: false,
      request: repeatable,
    })
    return 'moved'
  } catch (error) {
    const lag = isRefused(error, 'not-fast-forward')
    if (!lag && !isAmbiguous(error) && !isRefused(error, 'not-found')) throw explain(error, need)
    const now = await readRef(repository, `heads/${branch}`)
    if (now === from && lag) return 'lag'
    if (now === from) throw explain(error, need)
    // an update whose answer was lost, with or without somebody's commit on top of it since
    if (now !== undefined && (await isAncestor(repository, { older: to, newer: now }))) return 'moved'
    throw movedSince({ branch, from, now }, error)
  }
}

function movedSince(
  { branch, from, now }: { branch: string; from: string; now: string | undefined },
  cause: unknown,
): ConflictError {
  return new ConflictError(
    `${branch} was at ${from.slice(0, 7)} when the rollback was planned and is at ${now?.slice(0, 7) ?? 'nothing'} now: nothing was overwritten; run again to plan on the new state`,
    { cause },
  )
}

/** Creates a ref, or finds it there already. @returns the object it points at, which is another one when the name was taken */
export async function createRef(
  repository: Repository,
  { ref, sha }: { ref: string; sha: string },
): Promise<string> {
  const { octokit, owner, repo } = repository
  try {
    // a second one finds the name taken and changes nothing, so this POST may be repeated
    await octokit.rest.git.createRef({ owner, repo, ref: `refs/${ref}`, sha, request: repeatable })
    return sha
  } catch (error) {
    const maybeThere =
      isAmbiguous(error) || isRefused(error, 'already-exists') || isRefused(error, 'conflict')
    const there = maybeThere ? await readRef(repository, ref) : undefined
    if (there !== undefined) return there
    throw explain(error, { doing: `create refs/${ref}`, permission })
  }
}

/** An annotated tag to be. */
interface Tagging {
  readonly tag: string
  readonly commit: string
  readonly message: string
}

/** What has been read and made for a tag, before anything points at it. */
export interface PreparedTag extends Tagging {
  /** what the name points at already */
  readonly existing: string | undefined
  /** the tag object; undefined where the name is taken */
  readonly made: string | undefined
}

/** Does for the tag of a new commit what changes nothing yet, so that it is done while the commit is put on the branch. */
export async function prepareTag(repository: Repository, tagging: Tagging): Promise<PreparedTag> {
  const [existing, made] = await Promise.all([
    readRef(repository, `tags/${tagging.tag}`),
    makeTag(repository, tagging),
  ])
  return { ...tagging, existing, made }
}

/** Makes a tag object. @returns its id */
async function makeTag(
  { octokit, owner, repo }: Repository,
  { tag, commit, message }: Tagging,
): Promise<string> {
  const { data } = await explained({ doing: `create the tag ${tag}`, permission }, () =>
    // an object that nothing points at changes nothing, so this POST may be repeated
    octokit.rest.git.createTag({
      owner,
      repo,
      tag,
      message,
      object: commit,
      type: 'commit',
      request: repeatable,
    }),
  )
  return data.sha
}

/**
 * Puts an annotated tag on a commit; the same tag on the same commit is left as it is.
 * @param tagging may be prepared already
 * @throws ConflictError when the name is taken by a tag of another commit
 */
export async function tagCommit(repository: Repository, tagging: Tagging | PreparedTag): Promise<void> {
  const { tag, commit } = tagging
  const isPrepared = 'made' in tagging
  const existing = isPrepared ? tagging.existing : await readRef(repository, `tags/${tag}`)
  const made =
    existing === undefined ? (isPrepared && tagging.made) || (await makeTag(repository, tagging)) : undefined
  const object =
    made === undefined ? existing : await createRef(repository, { ref: `tags/${tag}`, sha: made })
  if (object === undefined || object === made) return
  const tagged = await commitOf(repository, object)
  if (tagged !== commit) {
    throw new ConflictError(
      `the tag ${tag} is already on ${tagged.slice(0, 7)}: delete or rename it, and run again`,
    )
  }
}

/**
 * Moves a branch to any commit, from the one it was seen at or not at all: GitHub compares and swaps. When the answer is
 * lost the ref is read again.
 * https://docs.github.com/en/graphql/reference/mutations#updaterefs
 * @throws ConflictError when the branch is elsewhere; RefusedError when a rule or a permission forbids it
 */
export async function resetBranch(
  repository: Repository,
  { branch, from, to }: { branch: string; from: string; to: string },
): Promise<void> {
  const { octokit, owner, repo } = repository
  const need = { doing: `reset ${branch} from ${from.slice(0, 7)} to ${to.slice(0, 7)}`, permission }
  const { data } = await explained(need, () => octokit.rest.repos.get({ owner, repo }))
  try {
    await octokit.graphql(
      'mutation ($id: ID!, $updates: [RefUpdate!]!) { updateRefs(input: { repositoryId: $id, refUpdates: $updates }) { clientMutationId } }',
      {
        id: data.node_id,
        updates: [{ name: `refs/heads/${branch}`, beforeOid: from, afterOid: to, force: true }],
      },
    )
  } catch (error) {
    const now = await readRef(repository, `heads/${branch}`)
    if (now === to) return
    if (now === from) throw explain(error, need)
    throw movedSince({ branch, from, now }, error)
  }
}

/** The commit that a tag is on: an annotated one is an object of its own, a lightweight one the commit itself. */
async function commitOf({ octokit, owner, repo }: Repository, object: string): Promise<string> {
  return explained(
    { doing: `read the tag ${object.slice(0, 7)}`, permission: 'contents: read' },
    async () => {
      try {
        const { data } = await octokit.rest.git.getTag({ owner, repo, tag_sha: object })
        return data.object.sha
      } catch (error) {
        if (isRefused(error, 'not-found')) return object
        throw error
      }
    },
  )
}

/** Which tags are read. */
export interface TagsAsked {
  readonly prefix: string
  readonly count: number
  readonly skip?: ReadonlySet<string>
}

/** An annotated tag of a commit, with what it says. */
export interface TagNote {
  readonly name: string
  readonly commit: string
  readonly message: string
  readonly taggedAt: Date
}

/**
 * The annotated tags whose names begin so, the last by name first.
 * @param count how many at most: each is a request
 * @param skip tags that are known already, and not read
 */
export async function readTags(
  { octokit, owner, repo }: Repository,
  { prefix, count, skip }: TagsAsked,
): Promise<readonly TagNote[]> {
  return explained({ doing: `read the tags ${prefix}*`, permission: 'contents: read' }, async () => {
    const refs = await octokit.paginate(octokit.rest.git.listMatchingRefs, {
      owner,
      repo,
      ref: `tags/${prefix}`,
    })
    const newest = refs
      .filter(({ ref, object }) => object.type === 'tag' && !skip?.has(ref.slice('refs/tags/'.length)))
      .slice(-count)
    const tags = await Promise.all(
      newest.map(async ({ object }) => {
        const { data } = await octokit.rest.git.getTag({ owner, repo, tag_sha: object.sha })
        const { tag: name, message, tagger } = data
        return { name, commit: data.object.sha, message, taggedAt: new Date(tagger.date) }
      }),
    )
    return tags.reverse()
  })
}

/** The branches of the repository, by name, at most a hundred, with the commit that each is at. */
export async function listBranches({
  octokit,
  owner,
  repo,
}: Repository): Promise<readonly { readonly name: string; readonly commit: string }[]> {
  const { data } = await explained({ doing: 'list the branches', permission: 'contents: read' }, () =>
    octokit.rest.repos.listBranches({ owner, repo, per_page: 100 }),
  )
  return data.map(({ name, commit }) => ({ name, commit: commit.sha }))
}

/** Every tag whose name begins so, with the commit it marks. Tags of anything but a commit are left out. @param prefix without refs/tags/ */
export async function listTags(
  repository: Repository,
  { prefix }: { prefix: string },
): Promise<readonly { readonly name: string; readonly commit: string }[]> {
  const { octokit, owner, repo } = repository
  return explained({ doing: `list the tags ${prefix}*`, permission: 'contents: read' }, async () => {
    const refs = await octokit.paginate(octokit.rest.git.listMatchingRefs, {
      owner,
      repo,
      ref: `tags/${prefix}`,
    })
    const tags = await Promise.all(
      refs.map(async ({ ref, object }) => {
        const name = ref.slice('refs/tags/'.length)
        if (object.type === 'commit') return [{ name, commit: object.sha }]
        if (object.type !== 'tag') return []
        const { data } = await octokit.rest.git.getTag({ owner, repo, tag_sha: object.sha })
        return data.object.type === 'commit' ? [{ name, commit: data.object.sha }] : []
      }),
    )
    return tags.flat()
  })
}
