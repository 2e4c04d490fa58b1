import { type Attempt, type Channel, type MessageIds, MissingVariableError } from './channel.ts'
import type { Notice } from './notice.ts'

/** How a delivery ended. */
export interface Delivered {
  readonly outcome: 'delivered' | 'accepted' | 'failed'
  /** '' where it did not fail */
  readonly because: string
  readonly tries: number
  readonly message?: MessageIds
}

export interface DeliverOptions {
  /** the whole delivery, ms */
  readonly timeoutMs: number
  /** ms since some moment */
  readonly clock: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** aborted when the job is cancelled, or the step has to end */
  readonly signal: AbortSignal
}

const mostTries = 3
const firstWaitMs = 500

/**
 * Delivers a notice to a channel in a bounded time, and never throws. It is tried again only where that is harmless: the service did
 * not take it, or a notice that arrives twice is seen once.
 * @param open opens the channel for this delivery; the signal ends it
 */
export async function deliver(
  open: (signal: AbortSignal) => Channel,
  notice: Notice,
  ids: MessageIds,
  { timeoutMs, clock, sleep, signal }: DeliverOptions,
): Promise<Delivered> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const endsAt = clock() + timeoutMs
  const late = () =>
    signal.aborted ? 'the step ended before there was an answer' : `no answer within ${timeoutMs} ms`
  let because = ''
  for (let tries = 1; ; tries += 1) {
    const { attempt, isRepeatable } = await tryOnce(open, notice, ids, ending)
    if (attempt === undefined) return { outcome: 'failed', because: because || late(), tries }
    if (attempt.outcome !== 'failed') {
      const { outcome, message } = attempt
      return { outcome, because: '', tries, ...(message && { message }) }
    }
    because = attempt.because
    const { retry, afterMs = firstWaitMs * 2 ** (tries - 1) } = attempt
    const isAllowed = retry === 'always' || (retry === 'if-harmless' && isRepeatable)
    if (!isAllowed || tries === mostTries) return { outcome: 'failed', because, tries }
    if (clock() + afterMs >= endsAt)
      return {
        outcome: 'failed',
        because: `${because}; it was not tried again, as that would take too long`,
        tries,
      }
    await sleep(afterMs, ending).catch(() => {})
    if (ending.aborted) return { outcome: 'failed', because, tries }
  }
}

/** @returns no attempt when the time was over first */
async function tryOnce(
  open: (signal: AbortSignal) => Channel,
  notice: Notice,
  ids: MessageIds,
  ending: AbortSignal,
): Promise<{ readonly attempt: Attempt | undefined; readonly isRepeatable: boolean }> {
  if (ending.aborted) return { attempt: undefined, isRepeatable: false }
  try {
    const channel = open(ending)
    return {
      attempt: await before(ending, channel.send(notice, ids)),
      isRepeatable: channel.isRepeatable(notice),
    }
  } catch (error) {
    if (ending.aborted) return { attempt: undefined, isRepeatable: false }
    const because =
      error instanceof MissingVariableError
        ? error.message
        : `unexpected: ${error instanceof Error ? error.message : String(error)}`
    return { attempt: { outcome: 'failed', because, retry: 'never' }, isRepeatable: false }
  }
}

/** What a channel does not end in time is left to itself. */
function before<T>(ending: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(undefined)
    ending.addEventListener('abort', end, { once: true })
    work.then(resolve, reject).finally(() => ending.removeEventListener('abort', end))
  })
}
