import type { Repository } from './client.ts'
import { compareCommits } from './compare.ts'
import { readFile } from './contents.ts'

/** Where GitHub looks for it; the first one counts. https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners */
const places = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS']

/**
 * The owners of the files that changed between two revisions, as the newer one names them, without `@`; at most 300 files are looked at.
 * @throws RefusedError, UnavailableError
 */
export async function ownersBetween(
  repository: Repository,
  { base, head }: { readonly base: string; readonly head: string },
): Promise<readonly string[]> {
  for (const path of places) {
    const file = await readFile(repository, { path, ref: head })
    if (file === undefined) continue
    const { files } = await compareCommits(repository, { base, head })
    return ownersOf(
      file.text,
      files.map((each) => each.path),
    )
  }
  return []
}

/** The owners of files by a text of CODEOWNERS: for each file, the last line that matches it counts. */
export function ownersOf(text: string, paths: readonly string[]): readonly string[] {
  const rules = text.split(/\r?\n/).flatMap((line) => {
    const [pattern = '', ...owners] = line
      .replace(/(?:^|\s)#.*$/, '')
      .split(/(?<!\\)\s+/)
      .filter((word) => word !== '')
    return pattern === '' ? [] : [{ matches: matcherOf(pattern), owners }]
  })
  const found = paths.flatMap((path) => rules.findLast(({ matches }) => matches(path))?.owners ?? [])
  return [
    ...new Set(found.filter((owner) => /^@[\w-]+(?:\/[\w.-]+)?$/.test(owner)).map((owner) => owner.slice(1))),
  ]
}

/** As in .gitignore, but without `!` and `[ ]`, and `docs/*` is not about folders below. */
function matcherOf(pattern: string): (path: string) => boolean {
  const isAnchored = pattern.slice(0, -1).includes('/')
  const parts = pattern.replace(/^\//, '').replaceAll('\\ ', ' ').replace(/\/$/, '').split('/')
  const hasBelow = parts.length === 1 || parts.at(-1) !== '*'
  const whole = [...(isAnchored ? [] : ['**']), ...parts, ...(hasBelow ? ['**'] : [])]
  return (path) => isLike(whole, path.split('/'), '**', isNamed)
}

function isNamed(pattern: string, name: string): boolean {
  return isLike([...pattern], [...name], '*', (each, letter) => each === '?' || each === letter)
}

/**
 * Whether a list is like a pattern, in which a wildcard stands for any number of items. A pattern comes from a file of others: the
 * time is at most the product of both lengths.
 */
function isLike(
  pattern: readonly string[],
  items: readonly string[],
  wildcard: string,
  isOne: (pattern: string, item: string) => boolean,
): boolean {
  let [at, item, star, from] = [0, 0, -1, 0]
  while (item < items.length) {
    const [wanted, found] = [pattern[at], items[item] ?? '']
    if (wanted === wildcard) {
      star = at
      from = item
      at += 1
    } else if (wanted !== undefined && isOne(wanted, found)) {
      at += 1
      item += 1
    } else if (star >= 0) {
      // the last wildcard takes one item more
      at = star + 1
      from += 1
      item = from
    } else return false
  }
  return pattern.slice(at).every((each) => each === wildcard)
}
