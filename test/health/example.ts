import { type WatchInput, watchHealth } from '../../src/health/gate.ts'
import { parseChecks } from '../../src/settings/parse.ts'
import type { Check, HttpCheck } from '../../src/settings/schema.ts'
import type { Behaviour, MisbehavingService } from '../support/misbehaving-service.ts'

/** Noon, where every watch in virtual time begins. */
export const noon = Date.parse('2026-11-24T12:00:00Z')

/** Checks as the configuration file would give them, for an interval of 15 s. */
export function checksOf(...checks: readonly object[]): readonly Check[] {
  return parseChecks({ text: JSON.stringify(checks), file: 'the test', intervalMs: 15_000 })
}

export function httpCheckOf(check: object): HttpCheck {
  const [parsed] = checksOf({ name: 'homepage', type: 'http', ...check })
  if (parsed?.type !== 'http') throw new Error('not an http check')
  return parsed
}

/** A clock that runs only while somebody sleeps. */
export function virtualClock({ onTick = () => {} }: { readonly onTick?: (at: number) => void } = {}) {
  let time = noon
  return {
    now: () => time,
    sleep: async (ms: number) => {
      time += ms
      onTick(time)
    },
    /** lets time go by without anybody having asked for it */
    pass: (ms: number) => {
      time += ms
    },
  }
}

/** Has a service behave in another way each round; the last way stays. */
export function playRounds(service: MisbehavingService, ...rounds: readonly Behaviour[]) {
  const left = [...rounds]
  const next = () => {
    const behaviour = left.shift()
    if (behaviour !== undefined) service.behave(behaviour)
  }
  next()
  return virtualClock({ onTick: next })
}

export const good: Behaviour = { kind: 'answer' }
export const bad: Behaviour = { kind: 'raw', status: 500, body: 'something broke' }

/** Watches for five minutes of virtual time, a round every 15 s, unless told otherwise. */
export async function watch(wanted: Partial<WatchInput> & Pick<WatchInput, 'checks'>): Promise<{
  readonly report: Awaited<ReturnType<typeof watchHealth>>
  readonly lines: readonly string[]
}> {
  const lines: string[] = []
  const report = await watchHealth({
    ...virtualClock(),
    windowMs: 300_000,
    intervalMs: 15_000,
    timeoutMs: 1000,
    fetch,
    env: {},
    alpha: 0.01,
    healthyEarly: false,
    deployedAt: undefined,
    log: (line) => {
      lines.push(line)
    },
    redact: (text) => text,
    signal: new AbortController().signal,
    ...wanted,
  })
  return { report, lines }
}
