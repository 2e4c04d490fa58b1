import { InputError, message, setting } from '../../errors.ts'
import type { TreeEntry } from '../../github/trees.ts'
import type { CodeRepository } from './repository.ts'
import { type Walk, walkTree } from './tree-walk.ts'

const setPaths = setting('paths')

/**
 * Paths as people write them (`./app/`, `/app//web`), as git has them: from the root of the repository, each once, sorted,
 * and none below another one of them.
 * @throws InputError for a path that leaves the repository, or is all of it
 */
export function parsePaths(given: readonly string[]): readonly string[] {
  const all = new Set(given.map(parsePath))
  return [...all]
    .filter(
      (path) =>
        !isBelow(
          path,
          [...all].filter((each) => each !== path),
        ),
    )
    .sort()
}

function parsePath(given: string): string {
  const parts = given.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..'))
    throw new InputError(
      message`${setPaths} names "${given}"; write the path from the root of the repository, without ..`,
    )
  if (parts.length === 0)
    throw new InputError(
      message`${setPaths} names "${given}", which is the whole repository; name files and folders in it, or leave ${setPaths} out to restore all of it`,
    )
  return parts.join('/')
}

/** True for a path that is one of the others, or in one of them. */
export function isBelow(path: string, others: readonly string[]): boolean {
  return others.some((each) => path === each || path.startsWith(`${each}/`))
}

/** True where some file may be in both; no paths are all of them. */
export function overlaps(one: readonly string[], other: readonly string[]): boolean {
  if (one.length === 0 || other.length === 0) return true
  return one.some((path) => isBelow(path, other)) || other.some((path) => isBelow(path, one))
}

/** What two revisions have at a path; undefined for nothing. */
export interface PathPair {
  readonly path: string
  readonly now: TreeEntry | undefined
  readonly before: TreeEntry | undefined
}

/** True when both have the same there. */
export function isSamePair({ now, before }: PathPair): boolean {
  return now?.sha === before?.sha && now?.mode === before?.mode
}

/** Looks up paths in two trees. */
export async function readPairs(
  repository: CodeRepository,
  trees: { now: string; before: string; paths: readonly string[] },
): Promise<readonly PathPair[]> {
  const walks = await walkBoth(repository, trees)
  return walks.map(({ path, now, before }) => ({ path, now: now.entry, before: before.entry }))
}

async function walkBoth(
  repository: CodeRepository,
  { now, before, paths }: { now: string; before: string; paths: readonly string[] },
) {
  return Promise.all(
    paths.map(async (path) => {
      const walk = (tree: string) => walkTree(repository, { tree, path })
      const [a, b] = await Promise.all([walk(now), walk(before)])
      return { path, now: a, before: b }
    }),
  )
}

/** A tree, and what messages call it, e.g. `main (at 1234567)`. */
export interface NamedTree {
  readonly tree: string
  readonly name: string
}

/**
 * Looks up the paths that are to be restored.
 * @param now the branch as it is @param before the good revision
 * @throws InputError for a path that neither has, or that cannot be restored without something else
 */
export async function demandPairs(
  repository: CodeRepository,
  { now, before, paths }: { now: NamedTree; before: NamedTree; paths: readonly string[] },
): Promise<readonly PathPair[]> {
  const walks = await walkBoth(repository, { now: now.tree, before: before.tree, paths })
  for (const walk of walks) {
    const { path } = walk
    if (walk.now.entry === undefined && walk.before.entry === undefined)
      throw nowhere(path, [now.name, before.name], [walk.now, walk.before])
    if (walk.before.entry === undefined || walk.now.blocked === undefined) continue
    const above = walk.now.blocked
    throw new InputError(
      message`${setPaths} names "${path}", and ${now.name} has ${kindOf(above.entry)} at "${above.path}", which would go; name "${above.path}" to restore all of it`,
    )
  }
  return walks.map(({ path, now: a, before: b }) => ({ path, now: a.entry, before: b.entry }))
}

/** Says why a path was not found, as far as the folders on the way show. */
function nowhere(path: string, names: readonly string[], walks: readonly Walk[]): InputError {
  const said = message`${setPaths} names "${path}", which is neither in ${names.join(' nor in ')}: nothing was changed`
  const blocked = walks.find((walk) => walk.blocked !== undefined)?.blocked
  if (blocked !== undefined && blocked.entry.mode === '120000')
    return new InputError(
      message`${said}; "${blocked.path}" is a symbolic link: name the folder that it points to`,
    )
  if (blocked !== undefined && blocked.entry.type === 'commit')
    return new InputError(
      message`${said}; "${blocked.path}" is a submodule, whose content is in another repository: name the submodule itself`,
    )
  const other = walks.map((walk) => walk.otherCase).find((each) => each !== undefined)
  if (other !== undefined)
    return new InputError(message`${said}; write "${other}", upper and lower case matter`)
  if (/[*?[\]{}]|^:/.test(path))
    return new InputError(
      message`${said}; patterns are not supported: name a folder, which stands for all that is in it`,
    )
  return new InputError(message`${said}; name a file or a folder of one of them`)
}

function kindOf({ mode, type }: TreeEntry): string {
  if (mode === '120000') return 'a symbolic link'
  return type === 'commit' ? 'a submodule' : 'a file'
}
