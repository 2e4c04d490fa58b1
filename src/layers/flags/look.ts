import { isUserFacing } from '../../errors.ts'
import type { FlagService, Served } from './service.ts'

/** What clients were seen to be served. */
export interface Look {
  /** undefined when it could not be looked at */
  readonly ok: boolean | undefined
  /** one sentence */
  readonly evidence: string
  /** flags that the answer did not have */
  readonly absent?: readonly string[]
}

/** Flags by name, and whether they should be on. */
export type Wanted = ReadonlyMap<string, boolean>

type Asked = Pick<FlagService, 'serve' | 'at'>

/** So much of a value is shown: one may be a whole document. */
const longest = 100

/** How long clients may take to see a change: so many looks, so many ms apart. */
const patience = { looks: 15, everyMs: 2_000 } as const

/**
 * Asks as a client would until it is served what it should be. A flag that clients are still served is a failure, whatever the service's own
 * list says; what could not be asked is not known.
 * @param before what clients were served before the change
 */
export async function lookUntil(
  service: Asked,
  wanted: Wanted,
  { before, sleep }: { readonly before: Look | undefined; readonly sleep: (ms: number) => Promise<void> },
): Promise<Look> {
  let look = await lookOnce(service, wanted)
  for (let count = 1; look.ok === false && count < patience.looks; count++) {
    await sleep(patience.everyMs)
    look = await lookOnce(service, wanted)
  }
  const blind = before?.absent?.find((name) => wanted.get(name) === false)
  if (look.ok !== true || blind === undefined) return look
  return {
    ok: undefined,
    evidence: `clients were not served ${blind} before the change either: the key of \`flags.client\` is of another environment or project`,
  }
}

/** Asks as a client would, once. */
export async function lookOnce({ serve, at }: Asked, wanted: Wanted): Promise<Look> {
  const names = [...wanted.keys()]
  if (serve === undefined)
    return {
      ok: undefined,
      evidence: `${at}: the flags were not evaluated as a client; describe one in \`flags.client\``,
    }
  let served: ReadonlyMap<string, Served>
  try {
    served = await serve(names)
  } catch (error) {
    if (!isUserFacing(error)) throw error
    return { ok: undefined, evidence: `the flags could not be evaluated as a client: ${error.message}` }
  }
  const say = (name: string) => {
    const { value = '', reason = '' } = served.get(name) ?? {}
    return `${name} ${value.length > longest ? `${value.slice(0, longest)}…` : value} (${reason})`
  }
  const absent = names.filter((name) => served.get(name)?.isAbsent)
  const wrong = names.filter((name) => isWrong(served.get(name), wanted.get(name) === true))
  if (wrong.length > 0)
    return { ok: false, evidence: `${at}: clients are still served ${wrong.map(say).join(', ')}`, absent }
  const unknown = names.filter((name) => !served.has(name))
  if (unknown.length > 0)
    return {
      ok: undefined,
      evidence: `${at}: clients of the key of \`flags.client\` are not answered about ${unknown.join(', ')}`,
    }
  const off = names.every((name) => wanted.get(name) === false)
  return {
    ok: true,
    absent,
    evidence: off
      ? `${at}: clients are served ${names.join(', ')} as off`
      : `${at}: clients are served ${names.map(say).join(', ')}`,
  }
}

function isWrong(served: Served | undefined, isWantedOn: boolean): boolean {
  if (served === undefined) return false
  // one client may be served off by a flag that is on
  return isWantedOn ? served.isOff && served.isForAll !== false : !served.isOff
}
