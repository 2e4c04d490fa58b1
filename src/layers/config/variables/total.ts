import { attempt, type Message, message, setting } from '../../../errors.ts'
import type { Repository } from '../../../github/client.ts'
import { listReceivedVariables, listVariables, nameOfScope } from '../../../github/variables.ts'
import { type ScopePlan, valuesAfter, valuesOf } from './plan.ts'

/**
 * So much a workflow run gets of its organization's and repository's variables, those of the repository first; silently none of those after.
 * Those of an environment are not counted: https://docs.github.com/en/actions/reference/workflows-and-actions/variables#limits-for-configuration-variables
 */
const bytesOfRun = 256 * 1024

/** What a restore makes of the size of all variables that a workflow run gets. */
export interface Total {
  /** why it must not be carried out; undefined when it may */
  readonly refusal?: Message
  /** what was not counted, a sentence; undefined when all was */
  readonly warning?: string
}

/**
 * Counts the values that a workflow run would get, where a restore makes them more: all of the repository, and those that the organization
 * shows it, also those that the settings do not name.
 */
export async function checkTotal(repository: Repository, plans: readonly ScopePlan[]): Promise<Total> {
  const shared = plans.filter(({ scope }) => scope.kind !== 'environment')
  const growth = shared.reduce(
    (sum, plan) => sum + sizeOf(valuesAfter(plan)) - sizeOf(valuesOf(plan.seen)),
    0,
  )
  if (growth <= 0) return {}
  const planOf = (kind: string) => shared.find(({ scope }) => scope.kind === kind)
  const [mine, named] = [planOf('repository'), planOf('organization')]
  const now = mine?.seen ?? (await attempt(() => listVariables(repository, { kind: 'repository' })))
  const received = await attempt(() => listReceivedVariables(repository))
  const ofRepository = now instanceof Error ? new Map() : valuesOf(now)
  const ofOrganization = valuesOf(received instanceof Error ? (named?.seen ?? new Map()) : received)
  const after = new Map(ofOrganization)
  for (const { name, after: value } of named?.changes ?? [])
    if (after.has(name) && value !== undefined) after.set(name, value)
  const total = sizeOf(mine === undefined ? ofRepository : valuesAfter(mine)) + sizeOf(after)
  if (total > bytesOfRun && total > sizeOf(ofRepository) + sizeOf(ofOrganization)) {
    const places = [
      ...(sizeOf(ofRepository) > 0 || mine !== undefined ? [nameOfScope({ kind: 'repository' })] : []),
      ...(after.size > 0 ? [`the organization ${repository.owner}`] : []),
    ]
    return {
      refusal: message`the variables of ${places.join(' and ')} would have ${total} bytes, and a workflow run gets ${bytesOfRun}, and silently none of those after: nothing was changed; shorten some, or name another ${setting('config.target')}`,
    }
  }
  const unread = [now, received].find((each) => each instanceof Error)
  return unread instanceof Error
    ? {
        warning: `not all variables that a workflow run gets were counted, of which it gets ${bytesOfRun} bytes: ${unread.message}`,
      }
    : {}
}

function sizeOf(values: ReadonlyMap<string, string>): number {
  return [...values.values()].reduce((bytes, value) => bytes + Buffer.byteLength(value), 0)
}
