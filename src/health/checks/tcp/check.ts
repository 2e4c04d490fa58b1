import { connect } from 'node:net'
import { explainNoAnswer, type NoAnswer } from '../../../http/no-answer.ts'
import type { CheckOf } from '../../../settings/schema.ts'
import { formatDuration } from '../../../text/duration.ts'
import type { Reading } from '../../reading.ts'
import { formatValue } from '../../value.ts'
import type { Look, Surroundings } from '../look.ts'

/**
 * Opens a connection once a round: 1 if it is refused, dropped or too slow, else 0. A host name that is not found is an
 * error, as it may be a mistake in the check.
 */
export function prepareTcpCheck(check: CheckOf<'tcp'>, { timeoutMs }: Surroundings): Look {
  const { host, port } = check
  return {
    at: `${host}:${port}`,
    look: async (_at, signal): Promise<Reading> => {
      const startedAt = performance.now()
      const failure = await tryToConnect({ host, port, timeoutMs, signal })
      if (failure === undefined) {
        return {
          kind: 'value',
          value: 0,
          note: `connected in ${formatValue(performance.now() - startedAt, 'ms')}`,
        }
      }
      return failure.isOutage
        ? { kind: 'value', value: 1, note: failure.detail }
        : { kind: 'error', note: `${host}:${port} could not be reached: ${failure.detail}` }
    },
  }
}

function tryToConnect(input: {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}): Promise<NoAnswer | undefined> {
  const { host, port, timeoutMs, signal } = input
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const end = (act: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.destroy()
      act()
    }
    const abort = () => end(() => reject(signal.reason))
    const timer = setTimeout(() => {
      const detail = `no connection within ${formatDuration(timeoutMs)}`
      end(() => resolve({ kind: 'no-answer', isOutage: true, detail }))
    }, timeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    socket.once('connect', () => end(() => resolve(undefined)))
    socket.on('error', (error) => end(() => resolve(explainNoAnswer(error))))
  })
}
