import { InputError, message, setting } from '../../errors.ts'
import { count } from '../../text/count.ts'
import type { Target } from './found-target.ts'
import { type CodeRepository, listCommits, listTags } from './repository.ts'

export const previousDeploymentTag = 'previous-deployment-tag'

/** How far back on the branch a tag is looked for, in pages of a hundred commits. */
const mostPages = 50

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
      message`${setting('code.tag-pattern')} is "${pattern}"; write the beginning of the names of the tags with one *, such as deploy-*`,
    )
  }
  const tags = (await listTags(repository, { prefix })).filter(({ name }) => name.endsWith(suffix))
  const nameOf = new Map(tags.map(({ name, commit }) => [commit, name]))
  let failedTree: string | undefined
  let looked = 0
  for (let page = 1; page <= mostPages && tags.length > 0; page += 1) {
    const commits = await listCommits(repository, { branch: bad, count: 100, page })
    failedTree ??= commits[0]?.tree
    for (const commit of commits) {
      const name = nameOf.get(commit.sha)
      if (name === undefined || commit.sha === bad || commit.tree === failedTree) continue
      const foundBy = `the newest tag ${pattern} before ${bad.slice(0, 7)}: ${name}`
      return { commit, foundBy, vouchedBy: `the tag ${name}` }
    }
    looked += commits.length
    if (commits.length < 100) break
  }
  throw new InputError(
    tags.length === 0
      ? message`there is no tag ${pattern}; change ${setting('code.tag-pattern')}, or name the good revision in ${setting('code.target')}`
      : message`no tag ${pattern} marks a commit with other content before ${bad.slice(0, 7)} (${count(Math.max(0, looked - 1), 'commit')} checked); change ${setting('code.tag-pattern')}, or name the good revision in ${setting('code.target')}`,
  )
}
