/**
 * The over-the-air layer on EAS Update. Its service cannot be reached by tests: a program stands in for Expo's command
 * line, and prints what the real one was seen to print. It was not tried against the live service.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openEas } from '../../../src/layers/ota/eas.ts'
import { prepareServer } from '../../../src/layers/ota/open.ts'
import { undoRollback } from '../../../src/layers/ota/undo.ts'
import type { UpdateServer } from '../../../src/layers/ota/update-server.ts'
import { openCircumstances, requestFor, rollBack } from '../../support/codepush/connect.ts'
import { openExpoProject } from '../../support/codepush/eas.ts'

let project: Awaited<ReturnType<typeof openExpoProject>>
let client: UpdateServer
beforeEach(async () => {
  project = await openExpoProject()
  const env = { ...project.env, INPUT_TOKEN: 'ghs_not-for-expo' }
  client = openEas({ ...project, env, signal: new AbortController().signal })
})
afterEach(() => project.close())

const writes = async () => (await project.commands()).filter(([command]) => command !== 'update:list')
const all = (changes = {}) => requestFor('all/production', changes)

test('a rollback publishes the older group again, and says of which it is a copy', async () => {
  const good = await project.publish('first')
  const bad = await project.publish('Faster checkout')
  const { decision, results } = await rollBack(client, [all()])
  expect(results[0]?.problem).toBeUndefined()
  expect(decision).toBe('rolled-back')
  expect(await writes()).toEqual([
    [
      'update:rollback',
      bad,
      `--message=first [rollback of ${bad}, incident production-0123456789ab] (group: ${good})`,
      '--platform=all',
      '--json',
      '--non-interactive',
    ],
  ])
  // nobody was asked as a device, and nothing else is said
  expect(results[0]?.receipt?.devices).toEqual([])
  expect(results[0]?.receipt?.now).toMatchObject({ copyOf: { label: good }, packageHash: good })
})

test('it is run again and does nothing; the bad one is not gone back to', async () => {
  await project.publish('first')
  const bad = await project.publish('bad')
  await rollBack(client, [all()])
  const { decision, plans } = await rollBack(client, [all({ from: bad })])
  expect(decision).toBe('already-rolled-back')
  expect(plans[0]).toMatchObject({ kind: 'done', ours: true })
  expect((await rollBack(client, [all()])).decision).toBe('already-rolled-back')
  expect(await writes()).toHaveLength(1)
  // a later one is bad as well: what Expo's own rollback would take, the copy of the good one, is right here
  await project.publish('bad too')
  await rollBack(client, [all()])
  await project.publish('bad again')
  const { results } = await rollBack(client, [all()])
  expect(results[0]?.receipt?.now?.packageHash).toBe('aaaaaaaa-0000-4000-8000-000000000001')
})

test('an older group than the one before is published again by its id', async () => {
  const oldest = await project.publish('oldest')
  const middle = await project.publish('middle')
  await project.publish('bad')
  const { decision } = await rollBack(client, [all({ knownBad: [middle] })])
  expect(decision).toBe('rolled-back')
  expect((await writes())[0]?.slice(0, 2)).toEqual(['update:republish', `--group=${oldest}`])
})

test('a flip-flop of Expo’s own rollback is mended', async () => {
  const good = await project.publish('first')
  const bad = await project.publish('bad')
  await project.publish(`Roll back to "first" (group: ${good})`)
  await project.publish(`Roll back to "bad" (group: ${bad})`)
  const { decision, results } = await rollBack(client, [all()])
  expect(decision).toBe('rolled-back')
  expect(results[0]?.receipt?.now?.packageHash).toBe(good)
})

test('a runtime version of its own is left alone', async () => {
  await project.publish('first')
  await project.publish('bad')
  await project.publish('for a new binary', { runtimeVersion: '2.0.0' })
  const { decision } = await rollBack(client, [all({ binary: '1.0.0' })])
  expect(decision).toBe('rolled-back')
  expect((await project.groups())[0]).toMatchObject({ runtimeVersion: '1.0.0' })
})

test('one platform goes back by itself', async () => {
  const good = await project.publish('first')
  await project.publish('bad')
  const { decision } = await rollBack(client, [requestFor('ios/production')])
  expect(decision).toBe('rolled-back')
  expect((await project.groups())[0]).toMatchObject({ platforms: ['ios'] })
  expect((await writes())[0]).toContain(`--group=${good}`)
  const android = await rollBack(client, [requestFor('android/production')])
  expect(android.decision).toBe('rolled-back')
})

test('with nothing to go back to, devices are told to return to what came from the store', async () => {
  await project.publish('bad')
  const { decision, results } = await rollBack(client, [all()])
  expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'stopped', code: 'no-target' })
  expect((await project.groups())[0]).toMatchObject({
    isRollBackToEmbedded: true,
    runtimeVersion: '1.0.0',
    message: 'bad [rolled back, incident production-0123456789ab]',
  })
  await rollBack(client, [all()])
  expect(await writes()).toHaveLength(1)
})

test('a group that landed since the bad one is left alone', async () => {
  await project.publish('first')
  const bad = await project.publish('bad')
  await project.publish('mended')
  const { decision } = await rollBack(client, [all({ from: bad })])
  expect(decision).toBe('superseded')
  expect(await writes()).toEqual([])
})

describe('undone', () => {
  const undo = (label: string) => undoRollback(client, all().name, label, openCircumstances().circumstances)

  test('the group that was taken back is published again, once', async () => {
    await project.publish('first')
    const bad = await project.publish('bad')
    await rollBack(client, [all()])
    expect(await undo(bad)).toMatch(
      /a copy of …000000000002, is the newest release again; no device was asked/,
    )
    expect((await client.read(all().name)).releases[0]?.packageHash).toBe(bad)
    expect(await undo(bad)).toContain('is the newest release already')
    expect(await writes()).toHaveLength(2)
  })

  test('the one that nothing was put in place of is published again', async () => {
    const bad = await project.publish('bad')
    await rollBack(client, [all({ mode: 'stop' })])
    expect(await undo(bad)).toContain('is the newest release again')
    expect((await client.read(all().name)).releases[0]).toMatchObject({ packageHash: bad, isDisabled: false })
    expect(await undo(bad)).toContain('is the newest release already')
  })
})

describe('what goes wrong', () => {
  test('a line that breaks after the deed: it is not done twice', async () => {
    await project.publish('first')
    await project.publish('bad')
    const said = 'request to https://api.expo.dev/graphql failed, reason: socket hang up'
    await project.fault({ command: 'update:rollback', times: 1, when: 'after', said })
    expect((await rollBack(client, [all()])).decision).toBe('rolled-back')
    expect(await writes()).toHaveLength(1)
  })

  test('a line that breaks before the deed: it is done after a look', async () => {
    await project.publish('first')
    await project.publish('bad')
    const said = 'request to https://api.expo.dev/graphql failed, reason: getaddrinfo ENOTFOUND api.expo.dev'
    await project.fault({ command: 'update:rollback', times: 1, when: 'before', said })
    expect((await rollBack(client, [all()])).decision).toBe('rolled-back')
    expect(await writes()).toHaveLength(2)
  })

  test('what the command line refuses is said in its own words', async () => {
    await project.publish('first')
    await project.publish('bad')
    const said = 'Must specify --private-key-path argument to sign republished update group for code signing'
    await project.fault({ command: 'update:rollback', times: 9, when: 'before', said })
    const { results } = await rollBack(client, [all()])
    expect(results[0]).toMatchObject({
      reasonCode: 'refused',
      problem: `eas update:rollback failed: ${said}`,
    })
  })

  test.each<[string, string, RegExp]>([
    ['something else than JSON', 'hello', /eas update:list printed unexpected output/],
    ['JSON of another shape', '{"currentPage":[{"group":"--evil"}]}', /no id of an update group/],
  ])('%s is not taken for a list', async (_, said, message) => {
    await project.fault({ command: 'update:list', times: 1, when: 'instead', said })
    await expect(client.read(all().name)).rejects.toThrow(message)
  })

  test('a wrong token, an unknown branch, an unknown platform', async () => {
    const env = { ...project.env, EXPO_TOKEN: 'wrong' }
    const other = openEas({ ...project, env, signal: new AbortController().signal })
    await expect(other.read(all().name)).rejects.toThrow("set EXPO_TOKEN in the step's env")
    await expect(client.read(requestFor('all/staging').name)).rejects.toThrow(
      'EAS has no branch "staging" for the project',
    )
    await expect(client.read(requestFor('windows/production').name)).rejects.toThrow(
      'for EAS write a platform and a branch: all/production',
    )
  })

  test('it is taken from npm in a known version where it is not installed, and missed where npx is not there either', async () => {
    await project.publish('first')
    await project.uninstall('eas')
    await project.install('npx')
    expect((await client.read(all().name)).releases).toHaveLength(1)
    const env = { ...project.env, PATH: '/nowhere' }
    const other = openEas({ ...project, env, signal: new AbortController().signal })
    await expect(other.read(all().name)).rejects.toThrow('neither eas nor npx is on this runner')
  })

  test('text in a message reaches no shell, and the tokens of the job do not reach the command line', async () => {
    await project.publish('$(touch pwned) `touch pwned` "; touch pwned; --group=x')
    await project.publish('bad')
    expect((await rollBack(client, [all()])).decision).toBe('rolled-back')
    expect((await writes())[0]?.[2]).toContain('$(touch pwned) `touch pwned` "; touch pwned; --group=x')
    const seen = await project.seen()
    expect(seen['EXPO_TOKEN']).toBe(project.token)
    expect(seen['INPUT_TOKEN']).toBeUndefined()
  })
})

test('what is asked of it has to fit: a token in the env, and no key', () => {
  const options = {
    kind: 'eas',
    url: '',
    accessKey: '',
    folder: '.',
    env: {},
    fetch,
    now: Date.now,
    signal: new AbortController().signal,
  } as const
  expect(() => prepareServer(options)).toThrow('EXPO_TOKEN is not set, and server-kind eas needs it')
  expect(() => prepareServer({ ...options, accessKey: 'key' })).toThrow(
    '`ota.access-key` is not for server-kind eas',
  )
})
