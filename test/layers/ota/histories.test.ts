/**
 * Whatever happened to the releases before: once a run says `rolled-back`, no device of any kind is offered a package that
 * is known to be bad. On Microsoft's dialect, whose imitation is held against transcripts of the real server.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { InputError } from '../../../src/errors.ts'
import { openCodePush } from '../../../src/layers/ota/code-push.ts'
import type { RollbackRequest } from '../../../src/layers/ota/plan.ts'
import type { AskableServer, Device } from '../../../src/layers/ota/update-server.ts'
import { connect, requestFor, rollBack } from '../../support/codepush/connect.ts'
import { type MicrosoftServer, startMicrosoft } from '../../support/codepush/microsoft.ts'

let server: MicrosoftServer
let client: AskableServer
beforeAll(async () => {
  server = await startMicrosoft({ storageMs: 0 })
  client = openCodePush({ ...connect(server), fetch: server.fetch }, 'microsoft')
})
afterAll(() => server.stop())

const binaries = ['1.0.0', '1.2.0', '2.0.0', '^1.0.0', '1.x', '>=1.2.0', '*'] as const
/** What devices have: each kind that the binaries above can tell apart. */
const versions = ['0.9.0', '1.0.0', '1.0.1', '1.2.0', '1.2.1', '2.0.0', '2.1.0'] as const
const contents = ['a', 'b', 'c', 'd', 'e'] as const

const channel = fc.constantFrom('one', 'two')
const nth = fc.nat(8)
const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      channel: fc.constantFrom('one' as const, 'one' as const, 'two' as const),
      content: fc.constantFrom(...contents),
      binary: fc.constantFrom(...binaries, '1.0.0', '1.0.0', '^1.0.0'),
      isDisabled: fc.constantFrom(false, false, false, true),
      rollout: fc.constantFrom(100, 100, 100, 100, 25, 1),
      isMandatory: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constantFrom('rollback', 'promote', 'disable', 'enable', 'finish', 'run' as const),
    channel,
    nth,
  }),
)
const run = fc.record({
  mode: fc.constantFrom('roll-back', 'roll-back', 'roll-back', 'stop' as const),
  from: fc.option(nth, { nil: undefined, freq: 1 }),
  target: fc.option(nth, { nil: undefined, freq: 1 }),
  knownBad: fc.oneof(fc.constant<number[]>([]), fc.array(nth, { maxLength: 2 })),
  both: fc.boolean(),
})

let apps = 0

/** @returns what was found wrong; undefined when all is well, and what the run decided */
async function replay(
  events: readonly (typeof event extends fc.Arbitrary<infer T> ? T : never)[],
  last: typeof run extends fc.Arbitrary<infer T> ? T : never,
) {
  apps += 1
  const names = { one: `One${apps}`, two: `Two${apps}` }
  for (const app of Object.values(names)) server.createApp(app)
  const labelsOf = async (app: string) =>
    (await client.read(requestFor(app).name)).releases.map(({ label }) => label)
  for (const each of events) {
    const app = names[each.channel]
    if (each.kind === 'release') {
      const { content, binary, isDisabled, rollout, isMandatory } = each
      server.release(app, { content, binary, isDisabled, rollout, isMandatory })
      continue
    }
    const labels = await labelsOf(app)
    const label = labels[each.nth % Math.max(1, labels.length)]
    if (label === undefined) continue
    if (each.kind === 'run') await attempt([requestFor(app, { incident: 'earlier' })])
    else await change(app, each.kind, label)
  }

  const pick = async (app: string, index: number | undefined) => {
    if (index === undefined) return undefined
    const labels = await labelsOf(app)
    return labels[index % Math.max(1, labels.length)]
  }
  const knownBad = (await Promise.all(last.knownBad.map((each) => pick(names.one, each)))).filter(
    (each) => each !== undefined,
  )
  const request: RollbackRequest = requestFor(names.one, {
    mode: last.mode,
    from: await pick(names.one, last.from),
    target: last.mode === 'stop' ? undefined : await pick(names.one, last.target),
    knownBad,
  })
  const requests = last.both ? [request, requestFor(names.two, { mode: last.mode, knownBad })] : [request]
  const outcome = await attempt(requests)
  if (outcome === undefined) return { decision: 'refused', wrong: undefined }
  const { decision, results } = outcome
  if (decision !== 'rolled-back' && decision !== 'already-rolled-back') return { decision, wrong: undefined }
  // as far as the run and its caller know
  const bad = new Set<string>()
  for (const { plan, receipt } of results) {
    if (receipt !== undefined) bad.add(receipt.bad.packageHash)
    for (const each of plan.channel.releases)
      if (
        knownBad.includes(each.label) ||
        (plan.channel.name.app === names.one && each.label === request.from)
      )
        bad.add(each.packageHash)
  }
  for (const { name } of requests) {
    const wrong = await findWrong(name.app, bad)
    if (wrong !== undefined) return { decision, wrong }
  }
  return { decision, wrong: undefined }
}

async function attempt(requests: readonly RollbackRequest[]) {
  try {
    return await rollBack(client, requests, { verifyTimeoutMs: 0 })
  } catch (error) {
    // nothing to roll back, or what the generated request names cannot be meant
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** What people and other tools do; a server that refuses it leaves all as it is. */
async function change(
  app: string,
  kind: 'rollback' | 'promote' | 'disable' | 'enable' | 'finish',
  label: string,
) {
  const info = {
    rollback: undefined,
    promote: { label },
    disable: { label, isDisabled: true, appVersion: null },
    enable: { label, isDisabled: false, appVersion: null },
    finish: { label, rollout: 100, appVersion: null },
  }[kind]
  const path = { rollback: `rollback/${label}`, promote: 'promote/Production' }[kind as string] ?? 'release'
  await server.fetch(`${server.url}/apps/${app}/deployments/Production/${path}`, {
    method: path === 'release' ? 'PATCH' : 'POST',
    headers: { authorization: `Bearer ${server.accessKey}` },
    body: JSON.stringify(info === undefined ? {} : { packageInfo: info }),
  })
}

/** Asks as every kind of device: fresh ones, and on each release that there is. */
async function findWrong(app: string, bad: ReadonlySet<string>): Promise<string | undefined> {
  const read = await client.read(requestFor(app).name)
  for (const binary of versions) {
    const on = [undefined, ...read.releases]
    const devices = on.flatMap((each) => [0, 1, 2].map((number): Device => ({ binary, on: each, number })))
    const offers = await Promise.all(devices.map((each) => client.ask(read, each)))
    const index = offers.findIndex((offer) => offer.kind === 'update' && bad.has(offer.packageHash))
    const offer = offers[index]
    if (offer?.kind === 'update')
      return `${app}: ${binary} on ${devices[index]?.on?.label} is offered ${offer.label}`
  }
  return undefined
}

test('after `rolled-back`, no device of any kind is offered a package that is known to be bad', async () => {
  const decisions = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 10 }), run, async (events, last) => {
      const { decision, wrong } = await replay(events, last)
      decisions.set(decision, (decisions.get(decision) ?? 0) + 1)
      expect(wrong).toBeUndefined()
    }),
    { numRuns: Number(process.env['HISTORIES'] ?? 150) },
  )
  // the property says something only of runs that ended so
  expect((decisions.get('rolled-back') ?? 0) + (decisions.get('already-rolled-back') ?? 0)).toBeGreaterThan(2)
}, 3_000_000)
