import { InputError, isUserFacing } from '../../../errors.ts'
import type { CheckOf } from '../../../settings/schema.ts'
import type { Reading } from '../../reading.ts'
import type { Look, RevisionReader, Standing, Surroundings } from '../look.ts'

/**
 * Asks GitHub how the revision stands: 1 when one of its checks or its deployment failed, else 0. While one is pending and none
 * has failed there is no data; a check that never ran is none, either.
 * @throws InputError where there is no GitHub to ask
 */
export function prepareGitHubCheck(check: CheckOf<'github'>, { revision }: Surroundings): Look {
  if (revision === undefined) {
    throw new InputError(
      `check "${check.name}": this run has no GitHub repository to query; remove the check`,
    )
  }
  return {
    at: describe(check),
    look: async (_at, signal): Promise<Reading> => {
      signal.throwIfAborted()
      try {
        return judge(await readStandings(check, revision))
      } catch (error) {
        signal.throwIfAborted()
        // a permission that is missing, or a server that does not answer: said in words that are ours
        const why = isUserFacing(error) ? error.message : 'the request failed'
        return { kind: 'error', note: `GitHub could not be queried: ${why}` }
      }
    },
  }
}

async function readStandings(
  { checks, deployment }: CheckOf<'github'>,
  revision: RevisionReader,
): Promise<ReadonlyMap<string, Standing>> {
  const names = checks === 'required' ? await revision.requiredChecks() : checks
  const found = new Map(names.length === 0 ? [] : await revision.checks(names))
  if (deployment) found.set('the deployment', await revision.deployment())
  return found
}

function judge(standings: ReadonlyMap<string, Standing>): Reading {
  const namesOf = (standing: Standing) =>
    [...standings].filter(([, each]) => each === standing).map(([name]) => name)
  const failed = namesOf('failure')
  if (failed.length > 0) {
    return {
      kind: 'value',
      value: 1,
      note: `${failed.length} of ${standings.size} failed: ${failed.join(', ')}`,
    }
  }
  const open = [...namesOf('pending'), ...namesOf('missing')]
  if (open.length > 0) return { kind: 'no-data', note: `not known yet: ${open.join(', ')}` }
  if (standings.size === 0)
    return { kind: 'no-data', note: 'no check is required, and the deployment is not asked for' }
  return { kind: 'value', value: 0, note: `${standings.size} of ${standings.size} passed` }
}

function describe({ checks, deployment }: CheckOf<'github'>): string {
  const what = checks === 'required' ? 'the required checks' : checks.join(', ')
  return `${what}${deployment ? ' and the deployment' : ''} of the revision on GitHub`
}
