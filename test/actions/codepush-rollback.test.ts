import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { codepushRollback } from '../../src/actions/codepush-rollback/contract.ts'
import type { Job, StepOptions } from '../../src/drill/runner.ts'
import { type LayerName, newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { openCodePush } from '../../src/layers/ota/code-push.ts'
import { connect, offersOf, showHistory } from '../support/codepush/connect.ts'
import { openExpoProject } from '../support/codepush/eas.ts'
import { type MicrosoftServer, startMicrosoft } from '../support/codepush/microsoft.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let server: MicrosoftServer
beforeEach(async () => {
  shop = await openBrokenShop()
  server = await startMicrosoft()
  for (const app of ['Shop-ios', 'Shop-android']) openApp(app)
})
afterEach(async () => {
  await server.stop()
  await shop.close()
})

function openApp(app: string): void {
  server.createApp(app)
  server.release(app, { content: 'good' })
  server.release(app, { content: 'bad' })
}

const both = 'Shop-ios/Production, Shop-android/Production'

function step(inputs: Record<string, string> = {}): StepOptions {
  return {
    action: 'codepush-rollback',
    inputs: {
      'server-url': server.url,
      'access-key': server.accessKey,
      channels: both,
      'verify-timeout': '1s',
      ...inputs,
    },
  }
}

async function rollBack(inputs: Record<string, string> = {}, job: Partial<Job> = {}) {
  return runStep(await shop.job({ sha: shop.bad, ...job }), step(inputs))
}

const client = () => openCodePush(connect(server), 'microsoft')
const writes = () => server.requests.filter(({ method }) => method !== 'GET')
/** What was done to the updates; that a rollback began, and how it ended, is around it. */
const events = async () =>
  (await shop.history.read()).events.filter((event) => 'layer' in event && event.layer === 'ota')
const kinds = async () => (await shop.history.read()).events.map(({ kind }) => kind)

describe('a rollback', () => {
  test('of iOS and Android in one step, with the permissions that the README asks for', async () => {
    const { permissions } = codepushRollback
    const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
    const { exitCode, outputs, log, raw, summary } = await rollBack({ reason: 'it crashes' }, { token })
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    expect(outputs).toMatchObject({
      decision: 'rolled-back',
      'reason-code': 'restored',
      from: 'v2,v2',
      to: 'v1,v1',
      label: 'v3,v3',
      verified: 'true',
    })
    expect(JSON.parse(outputs['result'] ?? '')).toMatchObject({ schema: 1, label: 'v3,v3' })
    expect(await showHistory(client(), 'Shop-ios')).toBe('v3<v1 v2! v1')
    expect(await showHistory(client(), 'Shop-android')).toBe('v3<v1 v2! v1')
    expect(log).toContain(
      'Shop-ios/Production: devices on v2, which was rolled back, binary 1.0.0: v3, package hash-of-good',
    )
    expect(summary).toContain('hash-of-good')
    // in the names that the front door has for the same
    expect(await events()).toMatchObject([
      {
        kind: 'rollback-applied',
        layer: 'ota',
        from: 'Shop-ios/Production v2, Shop-android/Production v2',
        to: 'Shop-ios/Production v1, Shop-android/Production v1',
        now: 'Shop-ios/Production v3, Shop-android/Production v3',
        reason: 'it crashes',
        kept: { 'Shop-ios/Production': 'v2', 'Shop-android/Production': 'v2' },
      },
    ])
    expect(await kinds()).toEqual([
      'rollback-began',
      'rollback-applied',
      'recovery-verified',
      'rollback-ended',
    ])
    // only the command that masks it has it
    const printed = raw.split('\n').filter((line) => !line.startsWith('::add-mask::'))
    expect(printed.join('\n') + summary).not.toContain(server.accessKey)
  })

  test('that is only planned sends nothing that writes', async () => {
    const { exitCode, outputs, log } = await rollBack({ 'dry-run': 'true' })
    expect(exitCode).toBe(0)
    expect(outputs).toMatchObject({ decision: 'planned', from: 'v2,v2', to: 'v1,v1', label: ',' })
    expect(log).toContain('Shop-ios/Production: v2 (for 1.0.0) → content of v1 (for 1.0.0)')
    expect(log).toContain('make v1 the newest release (rollback)')
    expect(writes()).toEqual([])
  })

  test('that is run again does nothing, and records nothing twice', async () => {
    await rollBack()
    const before = writes().length
    const { exitCode, outputs } = await rollBack()
    expect({ exitCode, outputs }).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back' } })
    expect(writes()).toHaveLength(before)
    expect(await events()).toHaveLength(1)
  })

  test('of another incident is not recorded as one of this', async () => {
    await rollBack()
    const { outputs } = await rollBack({ revision: shop.good })
    expect(outputs['decision']).toBe('already-rolled-back')
    expect(await events()).toHaveLength(1)
  })

  test('to the release that devices are offered already is an error, unless a rollback put it there', async () => {
    const channels = 'Shop-ios/Production'
    const wrong = await rollBack({ channels, target: 'v2' })
    expect(wrong.exitCode).toBe(1)
    expect(wrong.log).toContain('input "target" is v2 (for 1.0.0), which is what devices are offered')
    expect(writes()).toEqual([])
    expect(await events()).toEqual([])
    await rollBack({ channels })
    const { exitCode, outputs, log } = await rollBack({ channels, target: 'v1' })
    expect(exitCode).toBe(0)
    expect(outputs).toMatchObject({
      decision: 'already-rolled-back',
      to: 'v1',
      label: 'v3',
      verified: 'true',
    })
    expect(log).toContain('v2 is already rolled back, and devices are offered v3 (for 1.0.0)')
  })

  test('that fails on one channel is partial: the step fails, the other is done, a re-run does the rest', async () => {
    const body = `not allowed with ${server.accessKey}`
    server.fault({ method: 'POST', path: 'Shop-ios/', answer: { status: 403, body } })
    const { exitCode, outputs, log, summary } = await rollBack()
    expect({ exitCode, outputs }).toMatchObject({
      exitCode: 1,
      outputs: { decision: 'partial', 'reason-code': 'refused', label: ',v3' },
    })
    expect(log).toContain('answered 403 (not allowed with ***)')
    expect(summary + JSON.stringify(outputs) + JSON.stringify(await events())).not.toContain(server.accessKey)
    expect((await events()).map(({ kind }) => kind)).toEqual(['rollback-applied'])
    expect((await shop.history.read()).events.at(-1)).toMatchObject({
      kind: 'rollback-ended',
      outcome: 'partial',
    })
    const again = await rollBack()
    expect(again.exitCode).toBe(0)
    expect(again.log).toContain('resuming the rollback that began at')
    expect(again.outputs).toMatchObject({ decision: 'rolled-back', label: 'v3,v3', verified: 'true' })
    expect((await kinds()).filter((kind) => kind === 'rollback-began')).toHaveLength(1)
  })

  test('that fails on one channel is taken back from the others with on-failure: undo', async () => {
    server.fault({ method: 'POST', path: 'Shop-android/', answer: { status: 403, body: 'no' } })
    const { exitCode, log, outputs, summary } = await rollBack({ 'on-failure': 'undo' })
    expect({ exitCode, log, ...outputs }).toMatchObject({
      exitCode: 1,
      decision: 'undone',
      verified: 'false',
    })
    expect(log).toMatch(/ota: undone, .*v2/)
    expect(summary).toContain('was undone')
    for (const app of ['Shop-ios', 'Shop-android'])
      expect(JSON.stringify(await offersOf(client(), app))).toContain('hash-of-bad')
    expect((await shop.history.read()).events.at(-1)).toMatchObject({
      kind: 'rollback-ended',
      outcome: 'undone',
    })
  })

  test.each<[string, { layer: LayerName; from: string; to: string }[], number]>([
    [
      'that the front door began with the code is left to it',
      [
        { layer: 'code', from: 'b', to: 'a' },
        { layer: 'ota', from: 'Shop-ios/Production v2', to: 'Shop-ios/Production v1' },
      ],
      2,
    ],
    [
      'that began for another channel is left as it is: the guards bind the one of this channel',
      [{ layer: 'ota', from: 'Shop-android/Production v2', to: 'Shop-android/Production v1' }],
      2,
    ],
    [
      'that began for this channel is gone on with',
      [{ layer: 'ota', from: 'Shop-ios/Production v2', to: 'Shop-ios/Production v1' }],
      1,
    ],
  ])('%s', async (_, layers, count) => {
    const environment = 'production'
    const incident = incidentId({ environment, revision: shop.bad })
    const at = new Date(Date.now() - 60_000).toISOString()
    const about = { incident, environment, revision: shop.bad, at, actor: 'grace' }
    const began = { kind: 'rollback-began', reason: 'x', automatic: true, startedAt: at } as const
    await shop.history.append(newEvent({ ...began, layers: [...layers], ...about }, ['x']))
    const { exitCode, log, outputs } = await rollBack({ channels: 'Shop-ios/Production' })
    expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'rolled-back' })
    expect((await kinds()).filter((kind) => kind === 'rollback-began')).toHaveLength(count)
    const ends = (await shop.history.read()).events.filter((event) => event.kind === 'rollback-ended')
    expect(ends.map((event) => event.layers.map(({ layer }) => layer))).toEqual([['ota']])
  })

  test('that was done is called done only while devices are offered the good one', async () => {
    const channels = 'Shop-ios/Production'
    await offersOf(client(), 'Shop-ios')
    server.cacheAnswers()
    expect((await rollBack({ channels })).outputs).toMatchObject({ verified: 'false' })
    // the history, the releases and their marks say that it is done
    const again = await rollBack({ channels })
    expect({ exitCode: again.exitCode, ...again.outputs }).toMatchObject({
      exitCode: 1,
      decision: 'failed',
      'reason-code': 'unverified',
      verified: 'false',
    })
    server.forgetAnswers()
    const last = await rollBack({ channels })
    expect({ exitCode: last.exitCode, ...last.outputs }).toMatchObject({
      exitCode: 0,
      decision: 'already-rolled-back',
      label: 'v3',
      verified: 'true',
    })
    expect((await kinds()).filter((kind) => kind === 'rollback-began')).toHaveLength(1)
  })

  test('of an environment that the settings do not describe is refused, and nothing is asked', async () => {
    const sha = await shop.commit({ '.github/rollback.yml': 'environments:\n  production: {}\n' })
    const { exitCode, log } = await rollBack({ environment: 'preview', revision: shop.bad }, { sha })
    expect(exitCode).toBe(1)
    expect(log).toContain('input "environment" is "preview"')
    expect(server.requests).toEqual([])
  })

  test('is held by the input hold, as every other automatic rollback is, and a person may do it', async () => {
    const held = await rollBack({ hold: 'database maintenance' })
    expect({ exitCode: held.exitCode, ...held.outputs }).toMatchObject({
      exitCode: 1,
      decision: 'failed',
      'reason-code': 'refused',
    })
    expect(held.log).toMatch(/manual approval required: .*database maintenance/)
    expect(writes()).toEqual([])
    expect(await events()).toEqual([])
    const manual = await rollBack({ hold: 'database maintenance' }, { eventName: 'workflow_dispatch' })
    expect(manual.outputs).toMatchObject({ decision: 'rolled-back' })
  })

  test('of another release than the expected one is superseded: the step fails, nothing is written', async () => {
    server.release('Shop-ios', { content: 'mended' })
    const { exitCode, outputs, log } = await rollBack({
      channels: 'Shop-ios/Production',
      'from-label': 'v2',
    })
    expect({ exitCode, outputs }).toMatchObject({ exitCode: 1, outputs: { decision: 'superseded' } })
    expect(log).toContain('v2 is superseded by v3 (for 1.0.0)')
    expect(writes()).toEqual([])
  })

  test('without a release to go back to halts the bad one, and fails with what to do', async () => {
    server.createApp('New')
    server.release('New', { content: 'bad' })
    const { exitCode, outputs, log } = await rollBack({ channels: 'New/Production' })
    expect({ exitCode, outputs }).toMatchObject({
      exitCode: 1,
      outputs: { decision: 'stopped', 'reason-code': 'no-target' },
    })
    expect(log).toContain('release a fixed bundle to reach the devices that run it')
    expect(await showHistory(client(), 'New')).toBe('v1!')
  })
})

test('a rollback on EAS by its command line, whose devices are not asked', async () => {
  const project = await openExpoProject()
  try {
    const good = await project.publish('first')
    const bad = await project.publish('bad')
    const job = await shop.job({ sha: shop.bad })
    const inputs = { 'server-kind': 'eas', channels: 'all/production', project: project.folder }
    const run = () => runStep(job, { action: 'codepush-rollback', inputs, env: project.env })
    const { exitCode, log, outputs, raw, summary } = await run()
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    expect(outputs).toMatchObject({ decision: 'rolled-back', from: bad, to: good, verified: 'false' })
    expect(log).not.toContain('ask as devices')
    expect(await events()).toMatchObject([
      {
        kind: 'rollback-applied',
        layer: 'ota',
        from: `all/production ${bad}`,
        kept: { 'all/production': bad },
      },
    ])
    const printed = raw.split('\n').filter((line) => !line.startsWith('::add-mask::'))
    expect(printed.join('\n') + summary).not.toContain(project.token)
    expect((await run()).outputs).toMatchObject({ decision: 'already-rolled-back' })
    expect(await events()).toHaveLength(1)
  } finally {
    await project.close()
  }
})

describe('bad input is one clear error, before anything is written', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['no address', { 'server-url': 'codepush' }, /^error: input "server-url" is not an address/],
    ['a secret in the address', { 'server-url': 'https://u:p@x.example' }, /holds more than an address/],
    ['no key', { 'access-key': '' }, /^error: input "access-key" is required/],
    ['a wrong key', { 'access-key': 'wrong-key-123' }, /does not accept the key in input "access-key"/],
    [
      'a channel without a deployment',
      { channels: 'Shop' },
      /write app\/deployment, as in Shop-ios\/Production/,
    ],
    ['a channel twice', { channels: 'a/b,a/b' }, /names a\/b twice/],
    ['an unknown app', { channels: 'Nobody/Production' }, /has no app "Nobody" that this key may see/],
    ['an unknown deployment', { channels: 'Shop-ios/Live' }, /it has Production, Staging/],
    ['too few labels', { channels: `${both},c/d`, target: 'v1,v2' }, /has 2 values for 3 channels/],
    ['the bad label as the target', { target: 'v2', 'from-label': 'v2' }, /are both v2/],
    ['a target that is called bad', { target: 'v1', 'known-bad': 'v1' }, /which input "known-bad" names too/],
    [
      'a mode that puts nothing in place, with a target',
      { mode: 'stop', target: 'v1' },
      /leave one of them out/,
    ],
    [
      'a key for a server that takes none',
      { 'server-kind': 'eas' },
      /input "access-key" has no effect where input "server-kind" is eas; leave one of them out/,
    ],
    [
      'no token for EAS',
      { 'server-kind': 'eas', 'server-url': '', 'access-key': '' },
      /EXPO_TOKEN is not set, and server-kind eas needs it/,
    ],
    ['an unknown kind of server', { 'server-kind': 'appcenter' }, /write one of auto, microsoft, lisong/],
  ])('%s', async (_, inputs, message) => {
    const { exitCode, log, outputs } = await rollBack(inputs)
    expect(exitCode).toBe(1)
    expect(log).toMatch(message)
    expect(log).not.toContain('unexpected')
    // what a contract refuses has no outcome, as nothing was loaded
    const isRead = !/write one of auto|leave one of them out/.test(log)
    expect(outputs).toMatchObject(isRead ? { decision: 'failed', 'reason-code': 'invalid-input' } : {})
    expect(writes()).toEqual([])
  })
})

test('killed after any of its requests to the update server, and run again, it leaves one rollback and one event', async () => {
  const inputs = { channels: 'Shop-ios/Production' }
  await rollBack(inputs)
  const count = server.requests.length
  expect(count).toBeGreaterThan(8)
  for (let nth = 1; nth <= count; nth += 1) {
    const app = `Killed-${nth}`
    openApp(app)
    const channel = { channels: `${app}/Production` }
    const job = await shop.job({ sha: shop.bad })
    let kill = () => {}
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const afterwards = () => {
      kill()
      return ended
    }
    server.fault({ path: '/', skip: nth - 1, afterwards })
    const onStart = (killer: () => void) => {
      kill = killer
    }
    const killed = await runStep(job, { ...step(channel), onStart })
    end()
    expect({ nth, exitCode: killed.exitCode }).toEqual({ nth, exitCode: null })
    const { exitCode, log } = await runStep(job, step(channel))
    expect({ nth, exitCode, log: exitCode === 0 ? '' : log }).toEqual({ nth, exitCode: 0, log: '' })
    expect({ nth, history: await showHistory(client(), app) }).toEqual({ nth, history: 'v3<v1 v2! v1' })
    const recorded = (await events()).filter((each) => 'from' in each && each.from.startsWith(`${app}/`))
    expect({ nth, recorded: recorded.map(({ kind }) => kind) }).toEqual({
      nth,
      recorded: ['rollback-applied'],
    })
  }
})
