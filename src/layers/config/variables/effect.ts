import { attempt } from '../../../errors.ts'
import { isNotThere } from '../../../github/refusal.ts'
import { listReceivedVariables, listVariables, nameOfScope } from '../../../github/variables.ts'
import { type Places, scopeOf } from './places.ts'
import type { Scope } from './scope.ts'

/** Of two variables of one name a job gets that of the first: https://docs.github.com/en/actions/reference/workflows-and-actions/variables#configuration-variable-precedence */
const narrowestFirst = ['environment', 'repository', 'organization'] as const satisfies readonly Scope[]

/** Variables of each scope, by their names. */
export type NamesByScope = ReadonlyMap<Scope, readonly string[]>

/**
 * Why jobs of the environment do not get what was restored, or why that is not known: a narrower scope that was not restored has a variable
 * of the same name, or the organization does not show its variable to this repository.
 * @param restored the variables that a rollback has changed, or would change
 * @param held all that the restored scopes have afterwards
 * @returns a sentence each; empty where they get them
 */
export async function findIneffective(
  places: Places,
  restored: NamesByScope,
  held: NamesByScope,
): Promise<readonly string[]> {
  const heldBy = new Map<Scope, ReturnType<typeof readNames>>()
  const namesIn = (scope: Scope) => {
    const known = held.get(scope)
    const names = heldBy.get(scope) ?? (known ? Promise.resolve(new Set(known)) : readNames(places, scope))
    heldBy.set(scope, names)
    return names
  }
  const found: string[] = []
  for (const [scope, names] of restored) {
    if (names.length === 0) continue
    let open: readonly string[] = names
    for (const narrower of narrowestFirst.slice(0, narrowestFirst.indexOf(scope))) {
      const there = await namesIn(narrower)
      if (typeof there === 'string') {
        found.push(sayUnknown(places, narrower, there))
        continue
      }
      const shadowed = open.filter((name) => there.has(name))
      // a narrower one that was restored, too, is what jobs had
      if (shadowed.length > 0 && !held.has(narrower))
        found.push(sayShadowed(places, scope, narrower, shadowed))
      open = open.filter((name) => !there.has(name))
    }
    if (scope === 'organization' && open.length > 0) found.push(...(await findUnreceived(places, open)))
  }
  return [...new Set(found)]
}

/** @returns why they are not known, where they are not */
async function readNames(places: Places, scope: Scope): Promise<ReadonlySet<string> | string> {
  const found = await attempt(() => listVariables(places.repository, scopeOf(scope, places)))
  if (!(found instanceof Error)) return new Set(found.keys())
  // GitHub knows no such environment: there is nothing in it
  return scope === 'environment' && isNotThere(found) ? new Set() : found.message
}

async function findUnreceived({ repository }: Places, names: readonly string[]): Promise<readonly string[]> {
  const where = `the organization ${repository.owner}`
  const received = await attempt(() => listReceivedVariables(repository))
  if (received instanceof Error)
    return [
      `whether workflows of this repository get ${names.join(', ')} of ${where} is not known: ${received.message}`,
    ]
  const missing = names.filter((name) => !received.has(name))
  return missing.length === 0
    ? []
    : [
        `workflows of this repository do not get ${missing.join(', ')} of ${where}: it is not among the repositories that have access; grant it access in the settings of the organization`,
      ]
}

function sayShadowed(places: Places, scope: Scope, by: Scope, names: readonly string[]): string {
  const [mine, other] = [scope, by].map((each) => nameOfScope(scopeOf(each, places)))
  return `${names.join(', ')} of ${mine} ${names.length === 1 ? 'has' : 'have'} no effect: ${other} has ${names.length === 1 ? 'a variable of the same name, which its jobs get' : 'variables of the same names, which its jobs get'}; check ${names.length === 1 ? 'its value' : 'their values'}, or add \`${by}\` to \`config.variables\` to restore ${names.length === 1 ? 'it' : 'them'}, too`
}

function sayUnknown(places: Places, scope: Scope, why: string): string {
  return `whether ${nameOfScope(scopeOf(scope, places))} has variables of the same names, which its jobs would get, is not known: ${why}`
}
