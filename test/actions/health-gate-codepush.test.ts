/** What devices report of an over-the-air update, on the real code-push-server of npm, as the compiled gate sees it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type LisongServer, startLisong } from '../support/codepush/lisong.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let running: LisongServer | undefined
beforeAll(async () => {
  running = await startLisong()
})
afterAll(() => running?.stop())
let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

function server(): LisongServer {
  if (running === undefined) throw new Error('the server did not start')
  return running
}

let apps = 0
/** An app with two releases for the same binaries, and what devices report of them. */
async function openApp(...reports: readonly { installed: number; failed: number }[]): Promise<string> {
  apps += 1
  const app = `App${apps}`
  await server().createApp(app)
  for (const [index, report] of reports.entries()) {
    await server().release(app, { content: `content ${index}` })
    await server().report(app, `v${index + 1}`, report)
  }
  return app
}

async function watch(app: string, more = '') {
  const checks = `- { name: update, type: codepush, url: '${server().url}', app: ${app}, token: { env: CODEPUSH_KEY }, max: 0.05${more} }`
  const inputs = { checks, window: '2s', interval: '1s' }
  const job = await shop.job({ sha: shop.bad })
  const env = { CODEPUSH_KEY: server().accessKey }
  const seen = await runStep(job, { action: 'health-gate', inputs, env })
  const printed = seen.raw.split('\n').filter((line) => !line.startsWith('::add-mask::'))
  expect(printed.join('\n') + seen.summary).not.toContain(server().accessKey)
  return seen
}

describe('the newest release', () => {
  test('that fails on one device in four, and the one before on hardly any, is called bad', async () => {
    const app = await openApp({ installed: 196, failed: 4 }, { installed: 60, failed: 20 })
    const { exitCode, outputs, log } = await watch(app)
    expect({ exitCode, outputs, log }).toMatchObject({
      exitCode: 1,
      outputs: { verdict: 'unhealthy', decision: 'roll-back' },
    })
    // the failed ones are among the installed of this server
    expect(log).toContain('20 of 80 installs of v2, limit 3.714 % from v1')
  })

  test('that hardly fails is not called bad', async () => {
    const app = await openApp({ installed: 196, failed: 4 }, { installed: 398, failed: 2 })
    const { exitCode, outputs, log } = await watch(app)
    expect({ exitCode, outputs, log }).toMatchObject({
      exitCode: 0,
      outputs: { verdict: 'healthy', decision: 'keep' },
    })
  })

  test('that fails as often as the one before is not called bad: the app may not confirm its starts', async () => {
    const app = await openApp({ installed: 160, failed: 40 }, { installed: 160, failed: 40 })
    const { outputs } = await watch(app)
    expect(outputs).toMatchObject({ decision: 'keep' })
    expect(outputs['verdict']).not.toBe('unhealthy')
  })

  test('of which nobody reported yet is no data, and not health', async () => {
    const app = await openApp({ installed: 50, failed: 0 }, { installed: 0, failed: 0 })
    const { outputs } = await watch(app)
    expect(outputs).toMatchObject({ verdict: 'inconclusive', decision: 'keep' })
  })
})

test('a server without a single release has no metrics, which is no data', async () => {
  const app = await openApp()
  const { outputs, log } = await watch(app)
  expect(outputs).toMatchObject({ verdict: 'inconclusive', decision: 'keep' })
  expect(log).toContain('the CodePush server has no metrics at all')
})

test('labels that are named are compared with each other', async () => {
  const app = await openApp(
    { installed: 196, failed: 4 },
    { installed: 60, failed: 20 },
    { installed: 300, failed: 0 },
  )
  const { outputs, log } = await watch(app, ', label: v2, label-before: v1')
  expect({ outputs, log }).toMatchObject({ outputs: { verdict: 'unhealthy' } })
  const { outputs: other, log: why } = await watch(app, ', label: v9')
  expect(other).toMatchObject({ verdict: 'inconclusive' })
  expect(why).toContain('the CodePush server has no metrics of v9')
})

test('a deployment that is not there is an error, and rolls nothing back', async () => {
  const { exitCode, outputs, log } = await watch('Nobody')
  expect({ exitCode, outputs }).toMatchObject({
    exitCode: 1,
    outputs: { verdict: 'error', decision: 'keep' },
  })
  expect(log).toContain('has no deployment Production of an app Nobody that the token may see')
})
