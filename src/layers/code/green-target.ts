import { InputError, message, setting } from '../../errors.ts'
import { readChecks } from '../../github/checks.ts'
import type { Repository } from '../../github/client.ts'
import { listCommits } from '../../github/commits.ts'
import type { Target } from './found-target.ts'

export const lastGreen = 'last-green'

/** How many commits are looked at, two requests each. */
const furthest = 50

/**
 * The newest revision before the failed one at which all the named checks were green. GitHub forgets checks after 90 days.
 * @throws InputError when no check is named, or none of the revisions was green
 */
export async function findGreenTarget(
  repository: Repository,
  { checks, bad }: { checks: readonly string[]; bad: string },
): Promise<Target> {
  if (checks.length === 0)
    throw new InputError(
      message`${setting('code.target')} is ${lastGreen}, and ${setting('code.checks')} names no checks; name those that say that a revision is good`,
    )
  const [failed, ...older] = await listCommits(repository, { branch: bad, count: furthest + 1 })
  for (const commit of older) {
    if (commit.tree === failed?.tree) continue
    const states = await readChecks(repository, { sha: commit.sha, names: checks })
    if ([...states.values()].every((state) => state === 'success'))
      return {
        commit,
        foundBy: `the newest revision before ${bad.slice(0, 7)} that passed ${checks.join(', ')}`,
        vouchedBy: undefined,
      }
  }
  throw new InputError(
    message`none of the ${older.length} revisions before ${bad.slice(0, 7)} passed all of ${checks.join(', ')}; check the names in ${setting('code.checks')}, or name the good revision in ${setting('code.target')}`,
  )
}
