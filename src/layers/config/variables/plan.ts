import { type Message, message, setting } from '../../../errors.ts'
import type { SecretName } from '../../../github/variables.ts'
import {
  nameOfScope,
  type Variable,
  type VariableChange,
  type VariableScope,
} from '../../../github/variables.ts'
import { count } from '../../../text/count.ts'
import { type MaskRules, maskChange, type ShownChange } from '../mask.ts'
import type { Value } from '../value.ts'
import type { Snapshot } from './snapshot.ts'

/** What becomes of the variables of one scope. */
export interface ScopePlan {
  readonly scope: VariableScope
  /** the variables as the plan saw them */
  readonly seen: ReadonlyMap<string, Variable>
  readonly target: Snapshot
  /** only those that differ */
  readonly changes: readonly VariableChange[]
  /** the same without secrets */
  readonly shown: readonly ShownChange[]
  /** undefined when the token may not list them */
  readonly secretNames: readonly SecretName[] | undefined
  /** secrets that were set, added or removed since: their values cannot be restored */
  readonly secrets: readonly string[]
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables#limits-for-configuration-variables */
const limits = {
  bytes: 48 * 1024,
  organization: 1_000,
  repository: 500,
  environment: 100,
} as const

/** Compares the variables of a scope with those of a snapshot: reads nothing. */
export function planScope(
  scope: VariableScope,
  seen: ReadonlyMap<string, Variable>,
  secrets: readonly SecretName[] | undefined,
  target: Snapshot,
  known: readonly string[],
): ScopePlan {
  const names = [...new Set([...seen.keys(), ...target.variables.keys()])].sort()
  const changes = names.flatMap((name): readonly VariableChange[] => {
    const [before, after] = [seen.get(name)?.value, target.variables.get(name)]
    return before === after ? [] : [{ name, before, after }]
  })
  const rules = { known, writeOnly: new Set<string>() }
  return {
    scope,
    seen,
    target,
    changes,
    shown: changes.map((change) => show(change, rules)),
    secretNames: secrets,
    secrets: changedSecrets(secrets, target),
  }
}

function show({ name, before, after }: VariableChange, rules: MaskRules): ShownChange {
  const value = (text: string): Value => ({ kind: 'scalar', type: 'string', text })
  const path = [name]
  if (before === undefined) return maskChange({ kind: 'added', path, after: value(after ?? '') }, rules)
  if (after === undefined) return maskChange({ kind: 'removed', path, before: value(before) }, rules)
  return maskChange({ kind: 'changed', path, before: value(before), after: value(after) }, rules)
}

function changedSecrets(
  now: readonly SecretName[] | undefined,
  { secrets: then }: Snapshot,
): readonly string[] {
  if (now === undefined || then === undefined) return []
  const names = new Map(now.map(({ name, updatedAt }) => [name, updatedAt.toISOString()]))
  const set = [...names]
    .filter(([name, at]) => then.get(name) !== at)
    .map(([name, at]) => `${name} (set ${at})`)
  return [...set, ...[...then.keys()].filter((name) => !names.has(name)).map((name) => `${name} (removed)`)]
}

/** Why a plan must not be carried out; undefined when it may. */
export function refusalOfScopes(plans: readonly ScopePlan[], allowRemoval: boolean): Message | undefined {
  for (const plan of plans) {
    const { scope, changes } = plan
    if (scope.kind === 'organization') {
      const gone = changes.filter(({ before }) => before === undefined).map(({ name }) => name)
      if (gone.length > 0)
        return message`the variables ${gone.join(', ')} of ${nameOfScope(scope)} are in the backup and no longer exist. Which repositories saw them is not known, so they are not created: nothing was changed; create them in the settings of the organization, or leave them out of ${setting('config.organization-variables')}`
    }
    const removed = changes.filter(({ after }) => after === undefined).map(({ name }) => name)
    if (removed.length > 0 && !allowRemoval)
      return message`the variables ${removed.join(', ')} of ${nameOfScope(scope)} did not exist at the target and would be removed: nothing was changed; set ${setting('config.allow-removal')} to true to remove them`
    const big = changes.find(({ after }) => after !== undefined && Buffer.byteLength(after) > limits.bytes)
    if (big !== undefined)
      return message`the variable ${big.name} of ${nameOfScope(scope)} would have ${Buffer.byteLength(big.after ?? '')} bytes, and GitHub allows ${limits.bytes}: nothing was changed`
    const most = limits[scope.kind]
    const size = valuesAfter(plan).size
    if (size > most)
      return message`${nameOfScope(scope)} would have ${count(size, 'variable')}, and GitHub allows ${most}: nothing was changed`
  }
  return undefined
}

/** The variables once a plan is carried out. */
export function valuesAfter({ seen, changes }: ScopePlan): ReadonlyMap<string, string> {
  const values = new Map(valuesOf(seen))
  for (const { name, after } of changes) {
    if (after === undefined) values.delete(name)
    else values.set(name, after)
  }
  return values
}

export function valuesOf(variables: ReadonlyMap<string, Variable>): ReadonlyMap<string, string> {
  return new Map([...variables].map(([name, { value }]) => [name, value]))
}
