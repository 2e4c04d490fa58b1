import { RefusedError, UnavailableError } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { type Channel, formatChannel } from './release.ts'
import type { UpdateServer, WriteOutcome } from './update-server.ts'

/** How often a write is made whose effect is not to be seen. */
const tries = 3
/** How often, and in what time, the server is read for the effect of a write whose answer was lost. */
const readings = 4
const readingPauseMs = 500

/** One change of a channel, and how it is seen to be made. */
export interface Change {
  readonly write: () => Promise<WriteOutcome>
  /** @param outcome what the server said, for what cannot be seen in the channel */
  readonly isDone: (read: Channel, outcome: WriteOutcome) => boolean
  /** @throws ConflictError when the channel is not any more as it was planned on */
  readonly refuseIfMoved: (read: Channel) => void
}

/**
 * Writes once, and reads before anything else: the server's word is not taken for it, as one server says yes to four
 * rollbacks at once and makes one, and a 5xx may come after the deed.
 * @param before the channel as it was read last
 * @returns the channel with the change in it
 * @throws RefusedError, UnavailableError, and what `refuseIfMoved` throws
 */
export async function carryOut(
  server: UpdateServer,
  before: Channel,
  { write, isDone, refuseIfMoved }: Change,
  { sleep, log }: { readonly sleep: (ms: number) => Promise<void>; readonly log: (line: string) => void },
): Promise<Channel> {
  const { name } = before
  if (isDone(before, 'unknown')) return before
  refuseIfMoved(before)
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    let refusal: RefusedError | undefined
    const outcome = await write().catch((error: unknown): WriteOutcome => {
      // another runner may have done it a moment ago: then the server refuses to do it twice
      if (!(error instanceof RefusedError)) throw error
      refusal = error
      return 'unknown'
    })
    for (let reading = 1; reading <= readings; reading += 1) {
      const channel = await server.read(name)
      if (isDone(channel, outcome)) return channel
      refuseIfMoved(channel)
      if (refusal !== undefined) throw refusal
      if (outcome === 'accepted') break
      await sleep(readingPauseMs * reading)
    }
    log(`${formatChannel(name)}: the server does not show the change yet (attempt ${attempt} of ${tries})`)
  }
  throw new UnavailableError(
    `${server.at} did not change ${formatChannel(name)}, after ${count(tries, 'request')}: see its log, and run this again when it works`,
  )
}
