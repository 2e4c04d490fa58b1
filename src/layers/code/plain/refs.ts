import type { TagNote, TagsAsked } from '../../../github/refs.ts'
import type { Git } from '../command.ts'
import { fetchCommits } from './fetch.ts'
import type { PlainRepository } from './open.ts'
import { explainRemote } from './refusal.ts'

/** What the remote's refs point at now; of an annotated tag also under its name with `^{}`, the commit that it marks. */
export async function remoteRefs(
  git: Git,
  patterns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  try {
    const lines = (await git.run(['ls-remote', '--quiet', 'origin', ...patterns])).split('\n')
    return new Map(
      lines.flatMap((line) => {
        const [sha, ref] = line.split('\t')
        return sha === undefined || ref === undefined ? [] : [[ref, sha] as const]
      }),
    )
  } catch (error) {
    throw explainRemote(error)
  }
}

/** The commit or tag object that a ref points at; undefined when there is no such ref. The newest commits of a branch come with it. */
export async function readRef({ git, history }: PlainRepository, ref: string): Promise<string | undefined> {
  const sha = (await remoteRefs(git, [`refs/${ref}`])).get(`refs/${ref}`)
  if (sha !== undefined && ref.startsWith('heads/')) await history.bringBranch(sha)
  return sha
}

/** The branch that a clone of the remote checks out; '' when it names none. */
export async function defaultBranch({ git }: PlainRepository): Promise<string> {
  try {
    const said = await git.run(['ls-remote', '--quiet', '--symref', 'origin', 'HEAD'])
    return /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(said)?.[1] ?? ''
  } catch (error) {
    throw explainRemote(error)
  }
}

/** The branches of the remote, at most a hundred, with the commit that each is at. */
export async function listBranches({
  git,
}: PlainRepository): Promise<readonly { readonly name: string; readonly commit: string }[]> {
  const refs = await remoteRefs(git, ['refs/heads/*'])
  return [...refs].slice(0, 100).map(([ref, commit]) => ({ name: ref.slice('refs/heads/'.length), commit }))
}

/** Every tag whose name begins so, with the commit it marks. */
export async function listTags(
  { git }: PlainRepository,
  { prefix }: { prefix: string },
): Promise<readonly { readonly name: string; readonly commit: string }[]> {
  const refs = await remoteRefs(git, [`refs/tags/${prefix}*`])
  return [...refs].flatMap(([ref, sha]) =>
    ref.endsWith('^{}')
      ? []
      : [{ name: ref.slice('refs/tags/'.length), commit: refs.get(`${ref}^{}`) ?? sha }],
  )
}

/** The annotated tags whose names begin so, the last by name first. @param count how many at most @param skip tags that are not read */
export async function readTags(
  { git: main, openEmpty }: PlainRepository,
  { prefix, count, skip }: TagsAsked,
): Promise<readonly TagNote[]> {
  const refs = await remoteRefs(main, [`refs/tags/${prefix}*`])
  const annotated = [...refs]
    .filter(([ref]) => refs.has(`${ref}^{}`) && !skip?.has(ref.slice('refs/tags/'.length)))
    .slice(-count)
  if (annotated.length === 0) return []
  // a tag brings its commit, and only as the end of a history does it bring no more than that
  const git = await openEmpty()
  await fetchCommits(
    git,
    annotated.map(([ref, sha]) => `${sha}:${ref}`),
    ['--depth=1'],
  )
  const format = '--format=%(refname:lstrip=2)%00%(*objectname)%00%(taggerdate:unix)%00%(contents)%00'
  const fields = (await git.run(['for-each-ref', format, 'refs/tags/'])).split('\0')
  const tags: TagNote[] = []
  for (let at = 0; at + 4 < fields.length; at += 4) {
    const [name = '', commit = '', seconds = '', message = ''] = fields.slice(at, at + 4)
    tags.push({ name: name.trim(), commit, message, taggedAt: new Date(Number(seconds) * 1000) })
  }
  return tags.reverse()
}
