import { InputError, message, setting } from '../../../errors.ts'
import type { Repository } from '../../../github/client.ts'
import {
  listSecretNames,
  listVariables,
  nameOfScope,
  type Variable,
  type VariableScope,
} from '../../../github/variables.ts'
import type { FileState } from '../file.ts'
import type { ConfigTarget } from '../target.ts'
import { planScope, type ScopePlan } from './plan.ts'
import type { Scope } from './scope.ts'
import { decodeSnapshot, encodeSnapshot, pathOf, type Snapshot } from './snapshot.ts'

/** Where the variables are. */
export interface Places {
  /** with a token that may read and write variables: the workflow's own cannot */
  readonly repository: Repository
  readonly scopes: readonly Scope[]
  readonly environment: string
  /** those of the organization that are meant, in upper case; empty without its scope */
  readonly organizationVariables: readonly string[]
}

/**
 * The variables of the scopes as a backup keeps them.
 * @throws RefusedError with the token that it takes, InputError for a named variable that the organization does not have
 */
export async function snapshotVariables(places: Places): Promise<ReadonlyMap<string, FileState>> {
  const { repository } = places
  const states = places.scopes.map(async (kind) => {
    const scope = scopeOf(kind, places)
    const [variables, secrets] = await Promise.all([
      listVariables(repository, scope),
      listSecretNames(repository, scope),
    ])
    demandNamed(scope, variables)
    return [pathOf(kind), encodeSnapshot(variables.values(), secrets)] as const
  })
  return new Map(await Promise.all(states))
}

/** What differs from the target, in each scope. @throws InputError for a backup without them, RefusedError with the token that it takes */
export async function planScopes(
  options: Places & { readonly secrets: readonly string[] },
  target: ConfigTarget,
): Promise<readonly ScopePlan[]> {
  const { repository, secrets } = options
  return Promise.all(
    options.scopes.map(async (kind) => {
      const bytes = target.files.get(pathOf(kind))?.bytes ?? Buffer.alloc(0)
      const [scope, snapshot] = narrow(scopeOf(kind, options), decodeSnapshot(target.name, bytes))
      if (scope.kind === 'organization' && scope.names.length === 0)
        throw new InputError(
          message`the backup ${target.name} has none of ${setting('config.organization-variables')}, ${options.organizationVariables.join(', ')}; name another backup`,
        )
      const [seen, names] = await Promise.all([
        listVariables(repository, scope),
        listSecretNames(repository, scope),
      ])
      return planScope(scope, seen, names, snapshot, secrets)
    }),
  )
}

export function scopeOf(
  kind: Scope,
  { repository, environment, organizationVariables: names }: Omit<Places, 'scopes'>,
): VariableScope {
  if (kind === 'organization') return { kind, organization: repository.owner, names }
  return kind === 'repository' ? { kind } : { kind, environment }
}

/** Of the organization, only what the settings name and the backup has, too. */
export function narrow(scope: VariableScope, snapshot: Snapshot): readonly [VariableScope, Snapshot] {
  if (scope.kind !== 'organization') return [scope, snapshot]
  const names = scope.names.filter((name) => snapshot.variables.has(name))
  const variables = new Map([...snapshot.variables].filter(([name]) => names.includes(name)))
  return [
    { ...scope, names },
    { ...snapshot, variables },
  ]
}

/** All names that any of the maps has. */
export function namesOf(...maps: readonly ReadonlyMap<string, unknown>[]): readonly string[] {
  return [...new Set(maps.flatMap((each) => [...each.keys()]))]
}

/** A misspelt name would be kept in no backup, and nobody would know. */
function demandNamed(scope: VariableScope, variables: ReadonlyMap<string, Variable>): void {
  if (scope.kind !== 'organization') return
  const missing = scope.names.filter((name) => !variables.has(name))
  if (missing.length > 0)
    throw new InputError(
      message`${setting('config.organization-variables')} names ${missing.join(', ')}, which ${nameOfScope(scope)} does not have; write the names of its variables`,
    )
}
