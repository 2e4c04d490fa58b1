import type { FlagConnection } from './ask.ts'
import type { Served } from './service.ts'

/** What it takes to ask as a client. */
export interface ClientConnection extends Omit<FlagConnection, 'url' | 'authorization'> {
  /** of the clients' API, without a slash at its end; undefined for that of the service's cloud */
  readonly url: string | undefined
  /** what clients have: an SDK key, a client-side ID, an API key */
  readonly key: string
}

/** The flags of an answer that were asked for. */
export function pick(
  names: readonly string[],
  servedOf: (name: string) => Served | undefined,
): ReadonlyMap<string, Served> {
  return new Map(
    names.flatMap((name) => {
      const served = servedOf(name)
      return served === undefined ? [] : [[name, served] as const]
    }),
  )
}

/** A flag of an answer by its name; `constructor` is a name like any other. */
export function ownOf<T>(answer: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(answer, name) ? answer[name] : undefined
}
