import { createHash } from 'node:crypto'
import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { Flag } from './service.ts'

/** Flags as a backup has them: their states by name. */
export interface FlagSnapshot {
  readonly name: string
  /** how it was found, in words */
  readonly foundBy: string
  readonly flags: ReadonlyMap<string, string>
}

const schema = z.object({ flags: z.record(z.string(), z.string()) })

/** The same flags give the same bytes. */
export function encodeFlags(flags: Iterable<Pick<Flag, 'name' | 'state'>>): Buffer {
  const sorted = [...flags].sort((a, b) => (a.name < b.name ? -1 : 1))
  return Buffer.from(
    `${JSON.stringify({ flags: Object.fromEntries(sorted.map(({ name, state }) => [name, state])) }, null, 2)}\n`,
  )
}

/** @throws InputError when it is no snapshot of flags */
export function decodeFlags(backup: string, bytes: Uint8Array): ReadonlyMap<string, string> {
  try {
    return new Map(Object.entries(schema.parse(JSON.parse(new TextDecoder().decode(bytes))).flags))
  } catch (error) {
    throw new InputError(
      `the backup ${backup} holds no feature flags that can be read; name another backup`,
      {
        cause: error,
      },
    )
  }
}

export function digestOfState(state: string): string {
  return createHash('sha256').update(state).digest('hex')
}

/** A value as JSON with its keys sorted: equal values give equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`
}
