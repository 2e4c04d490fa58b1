import { setTimeout as sleep } from 'node:timers/promises'
import type { Circumstances } from '../../../src/layers/ota/apply.ts'
import type { Connection } from '../../../src/layers/ota/exchange.ts'
import type { RollbackRequest } from '../../../src/layers/ota/plan.ts'
import { planAll } from '../../../src/layers/ota/plan-all.ts'
import { applyAll, decide } from '../../../src/layers/ota/roll-back.ts'
import type { AskableServer, UpdateServer } from '../../../src/layers/ota/update-server.ts'

/** What our client asks a test server with. */
export function connect({ url, accessKey }: { url: string; accessKey: string }): Connection {
  return { fetch, now: Date.now, signal: new AbortController().signal, url, accessKey }
}

/** A request with nothing chosen. @param channel `Shop-ios/Production`, or the app alone */
export function requestFor(channel: string, request: Partial<RollbackRequest> = {}): RollbackRequest {
  const [app = '', deployment = 'Production'] = channel.split('/')
  return {
    name: { app, deployment },
    mode: 'roll-back',
    target: undefined,
    from: undefined,
    binary: undefined,
    knownBad: [],
    incident: 'production-0123456789ab',
    ...request,
  }
}

/** Circumstances in which nothing is waited for longer than it takes. */
export function openCircumstances(changes: Partial<Circumstances> = {}) {
  const lines: string[] = []
  const circumstances: Circumstances = {
    incident: 'production-0123456789ab',
    verifyTimeoutMs: 300,
    now: Date.now,
    sleep: (ms) => sleep(Math.min(ms, 20)),
    log: (line) => void lines.push(line),
    ...changes,
  }
  return { circumstances, lines }
}

/** Plans and applies, as the action does. */
export async function rollBack(
  server: UpdateServer,
  requests: readonly RollbackRequest[],
  changes: Partial<Circumstances> = {},
) {
  const plans = await planAll(server, requests)
  const { circumstances, lines } = openCircumstances(changes)
  const results = await applyAll(server, plans, circumstances)
  // as whoever has no inputs reads it
  const told = results.map(({ problem, ...rest }) => ({
    ...rest,
    ...(problem !== undefined && { problem: String(problem) }),
  }))
  return { plans, results: told, decision: decide(results), lines }
}

/** `v3<v1 v2! v1`: newest first, copies with their original, disabled ones marked. */
export async function showHistory(server: UpdateServer, channel: string): Promise<string> {
  const { releases } = await server.read(requestFor(channel).name)
  return releases
    .map(
      ({ label, copyOf, isDisabled }) =>
        `${label}${copyOf === undefined ? '' : `<${copyOf.label}`}${isDisabled === true ? '!' : ''}`,
    )
    .join(' ')
}

/** What fresh devices are offered: the hash of a package, or what there is in its place. */
export async function offersOf(
  client: AskableServer,
  channel: string,
  { count = 1, binary = '1.0.0' } = {},
): Promise<readonly string[]> {
  const read = await client.read(requestFor(channel).name)
  const offers = await Promise.all(
    Array.from({ length: count }, (_, number) => client.ask(read, { binary, on: undefined, number })),
  )
  return offers.map((offer) => (offer.kind === 'update' ? offer.packageHash : offer.kind))
}
