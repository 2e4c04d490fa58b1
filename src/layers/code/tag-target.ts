import { InputError } from '../../errors.ts'
import type { Target } from './found-target.ts'
import { type CodeRepository, listCommits, listTags } from './repository.ts'

export const previousDeploymentTag = 'previous-deployment-tag'

/** How far back on the branch a tag is looked for, in commits. */
const furthest = 100

/**
 * The newest revision of the branch before the failed one that bears a deployment tag, and has another content.
 * @param pattern name of the tags with one `*`, e.g. `deploy-*`
 * @throws InputError when the pattern is none, or no tag fits
 */
export async function findTaggedTarget(
  repository: CodeRepository,
  { pattern, bad }: { pattern: string; bad: string },
): Promise<Target> {
  const [prefix = '', suffix, ...more] = pattern.split('*')
  if (prefix === '' || suffix === undefined || more.length > 0) {
    throw new InputError(
      `input "tag-pattern" is "${pattern}"; write the beginning of the tags' names with one *, such as deploy-*`,
    )
  }
  const tags = (await listTags(repository, { prefix })).filter(({ name }) => name.endsWith(suffix))
  const [failed, ...older] = await listCommits(repository, { branch: bad, count: furthest })
  for (const commit of older) {
    const tag = tags.find((each) => each.commit === commit.sha)
    if (tag === undefined || commit.tree === failed?.tree) continue
    return { commit, foundBy: `the newest tag ${pattern} before ${bad.slice(0, 7)}: ${tag.name}` }
  }
  throw new InputError(
    `no tag ${pattern} marks one of the ${older.length} commits before ${bad.slice(0, 7)}; change input "tag-pattern", or name the good revision in input "target"`,
  )
}
