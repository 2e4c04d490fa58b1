/** 14.13b: hot-updater by its own command line: the real one, on the real server. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { askForUpdate } from '../../../src/layers/ota/hot-updater.ts'
import { openHotUpdaterCli } from '../../../src/layers/ota/hot-updater-cli.ts'
import { prepareServer } from '../../../src/layers/ota/open.ts'
import { undoRollback } from '../../../src/layers/ota/undo.ts'
import { connect, openCircumstances, requestFor, rollBack } from '../../support/codepush/connect.ts'
import { type HotUpdaterServer, startHotUpdater } from '../../support/codepush/hot-updater.ts'
import { openHotUpdaterProject } from '../../support/codepush/hot-updater-project.ts'

let server: HotUpdaterServer
let project: Awaited<ReturnType<typeof openHotUpdaterProject>>
let cli: ReturnType<typeof openHotUpdaterCli>
beforeAll(async () => {
  server = await startHotUpdater()
  project = await openHotUpdaterProject(server)
  cli = openHotUpdaterCli(project, ({ name }, device) => askForUpdate(connect(server), name, device))
})
afterAll(async () => {
  await project?.close()
  await server?.stop()
})

const limit = 60_000
let channels = 0
async function openChannel(...contents: readonly string[]) {
  channels += 1
  const channel = `cli${channels}`
  const ids: string[] = []
  for (const content of contents) ids.push(await server.release({ channel, content }))
  return { app: 'ios', deployment: channel, name: `ios/${channel}`, ids }
}
const enabledOf = async (channel: { app: string; deployment: string }) =>
  (await cli.read(channel)).releases.map(
    ({ packageHash, isDisabled }) => `${packageHash}${isDisabled ? '!' : ''}`,
  )

test(
  'lists the bundles of a channel, newest first',
  async () => {
    const channel = await openChannel('v1', 'v2')
    expect((await cli.read(channel)).releases).toMatchObject([
      { label: channel.ids[1], packageHash: 'hash-of-v2', binary: '1.0.0', isDisabled: false, rollout: 100 },
      { label: channel.ids[0], packageHash: 'hash-of-v1', isDisabled: false },
    ])
  },
  limit,
)

test(
  'disables the bad bundle, devices are offered the good one, a second run changes nothing, and it can be undone',
  async () => {
    const channel = await openChannel('good', 'bad')
    const first = await rollBack(cli, [requestFor(channel.name)])
    expect({ decision: first.decision, problem: first.results[0]?.problem }).toEqual({
      decision: 'rolled-back',
      problem: undefined,
    })
    expect(await enabledOf(channel)).toEqual(['hash-of-bad!', 'hash-of-good'])
    const again = await rollBack(cli, [{ ...requestFor(channel.name), from: channel.ids[1] }])
    expect(again).toMatchObject({ decision: 'already-rolled-back' })
    const undone = await undoRollback(cli, channel, channel.ids[1] ?? '', openCircumstances().circumstances)
    expect(undone).toContain('is the newest release again')
    expect(await enabledOf(channel)).toEqual(['hash-of-bad', 'hash-of-good'])
  },
  limit,
)

test(
  'the only bundle is halted, with a warning of what iOS devices may do then',
  async () => {
    const channel = await openChannel('bad')
    const { decision, plans } = await rollBack(cli, [requestFor(channel.name)])
    expect(decision).toBe('stopped')
    expect(plans[0]?.warnings.join()).toContain('hang on iOS')
  },
  limit,
)

describe('what is wrong is one clear error', () => {
  test(
    'a bundle that is not there',
    async () => {
      const channel = await openChannel('v1')
      const gone = '01900000-0000-7000-8000-00000000dead'
      await expect(cli.disable(channel, gone, '')).rejects.toThrow(`No bundle with id ${gone}`)
    },
    limit,
  )

  test(
    'a server that refuses, and credentials are not shown',
    async () => {
      const wrong = openHotUpdaterCli({ ...project, env: { ...project.env, UPDATES_TOKEN: 'canary0canary' } })
      const asked = wrong.read({ app: 'ios', deployment: 'production' })
      await expect(asked).rejects.toThrow(/hot-updater bundle list failed: .*status 401/)
      await expect(asked).rejects.not.toThrow('canary')
    },
    limit,
  )

  test('a project without the command line', async () => {
    const bare = openHotUpdaterCli({ ...project, folder: '/' })
    await expect(bare.read({ app: 'ios', deployment: 'x' })).rejects.toThrow(
      'hot-updater is not installed in `ota.project` "/"; install the project\'s dependencies in a step before',
    )
  })

  test('a channel that is no platform’s, and an access key', async () => {
    await expect(cli.read({ app: 'Shop', deployment: 'x' })).rejects.toThrow('write ios/x or android/x')
    const options = { ...connect(server), ...project, kind: 'hot-updater-cli' as const }
    expect(() => prepareServer({ ...options, url: '' })).toThrow(
      '`ota.access-key` is not for server-kind hot-updater-cli',
    )
  })
})
