import { z } from 'zod'
import { InputError } from '../../../errors.ts'
import type { SecretName, Variable } from '../../../github/variables.ts'
import { type FileState, privateState } from '../file.ts'
import type { Scope } from './scope.ts'

const schema = z.object({
  variables: z.record(z.string(), z.string()),
  /** when each was set last; null when the token may not list them */
  secrets: z.record(z.string(), z.iso.datetime()).nullable(),
})

/** The variables of a scope, and what is known of its secrets, as they were. */
export interface Snapshot {
  readonly variables: ReadonlyMap<string, string>
  readonly secrets: ReadonlyMap<string, string> | undefined
}

/** The path that a backup keeps a scope under. */
export function pathOf(scope: Scope): string {
  return `github-actions/variables-of-${scope}.json`
}

/** A snapshot as a backup keeps it: the same variables give the same bytes. */
export function encodeSnapshot(
  variables: Iterable<Pick<Variable, 'name' | 'value'>>,
  secrets: readonly SecretName[] | undefined,
): FileState {
  const byName = <T>(entries: readonly (readonly [string, T])[]) =>
    Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const held = {
    variables: byName([...variables].map(({ name, value }) => [name, value] as const)),
    secrets:
      secrets === undefined
        ? null
        : byName(secrets.map(({ name, updatedAt }) => [name, updatedAt.toISOString()])),
  }
  return privateState(Buffer.from(`${JSON.stringify(held, null, 2)}\n`))
}

/** @throws InputError when it is no snapshot of ours */
export function decodeSnapshot(backup: string, bytes: Uint8Array): Snapshot {
  try {
    const { variables, secrets } = schema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    return {
      variables: new Map(Object.entries(variables)),
      secrets: secrets === null ? undefined : new Map(Object.entries(secrets)),
    }
  } catch (error) {
    throw new InputError(`the backup ${backup} holds no variables that can be read; name another backup`, {
      cause: error,
    })
  }
}
