/** 12.13: text becomes commands of the runner. Whole processes print what strangers wrote, and the runner reads it. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openRunnerLog } from '../../src/drill/runner-commands.ts'
import { hostileTexts, obeyed } from '../support/hostile-texts.ts'
import { openShop, type Shop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'
import { startService } from '../support/service.ts'

let shop: Shop
beforeEach(async () => {
  shop = await openShop()
})
afterEach(() => shop.close())

const oneLine = hostileTexts.filter((text) => !text.includes('\n'))

/** Good, then a bad one of a commit for each text, whose author and paths are such texts, too. */
async function openHostileShop(): Promise<{ good: string; bad: string }> {
  const good = await shop.commit({ 'server.mjs': 'serve()\n' }, { message: 'Serve' })
  shop.deploy(good)
  let bad = good
  for (const text of oneLine)
    bad = await shop.commit(
      { [`lib/${text}`]: '1\n' },
      { message: text, author: text.replace(/[\r<>]/g, '') },
    )
  shop.deploy(bad)
  return { good, bad }
}

test('titles, authors and paths of commits are no commands, in the plan and in what is done', async () => {
  const { bad } = await openHostileShop()
  const job = await shop.job({ sha: bad })
  for (const mode of ['true', 'false']) {
    const result = await runStep(job, { action: 'git-rollback', inputs: { 'dry-run': mode } })
    expect({ exit: result.exitCode, log: result.log }).toMatchObject({ exit: 0 })
    expect(result.log).toContain('set-env')
    expect(obeyed(result.commands)).toEqual([])
  }
  const whole = await runStep(await shop.job({ sha: await shop.head() }), {
    action: 'rollback',
    inputs: { mode: 'plan' },
  })
  expect(obeyed(whole.commands)).toEqual([])
})

test('answers of a probed service and of GitHub are no commands', async () => {
  const { bad } = await openHostileShop()
  const service = await startService({ status: 500, body: hostileTexts.join('\n') })
  try {
    const job = await shop.job({ sha: bad })
    const checks = JSON.stringify([
      { name: '##[set-env name=A]b', type: 'http', url: service.url, expect: { body: '::add-path::/pwned' } },
    ])
    const gate = await runStep(job, {
      action: 'health-gate',
      inputs: { checks, window: '300ms', interval: '100ms' },
    })
    expect(gate.log).toContain('set-env')
    expect(obeyed(gate.commands)).toEqual([])
  } finally {
    await service.stop()
  }
})

test.each(['target', 'reason', 'config', 'branch'])(
  'what stands in the input %s is no command, in an error neither',
  async (input) => {
    const { bad } = await openHostileShop()
    const job = await shop.job({ sha: bad })
    for (const text of [
      '##[set-env name=A]pwned',
      '\u0085::stop-commands::pwned-token',
      'a\r::add-mask::pwned',
    ]) {
      const { commands } = await runStep(job, {
        action: 'git-rollback',
        inputs: { 'dry-run': 'true', [input]: text },
      })
      expect(obeyed(commands)).toEqual([])
    }
  },
)

test('neither is what a library, Node or an uncaught error prints, in whatever pieces', async () => {
  const script = fileURLToPath(new URL('../support/talkative-action.ts', import.meta.url))
  const env = { PATH: process.env['PATH'], GITHUB_REPOSITORY: 'octo-org/shop' }
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const reader = openRunnerLog(undefined)
  const streams = [child.stdout, child.stderr].map((stream) => {
    const lines = reader.readStream()
    stream.setEncoding('utf8').on('data', lines.read)
    return lines
  })
  const exitCode = await new Promise((resolve) => child.once('close', resolve))
  for (const { end } of streams) end()
  expect(exitCode).toBe(1)
  expect(reader.log()).toContain('unexpected: ')
  // whole annotations of ours carry such texts, escaped: their titles and messages are data
  const stray = reader.commands().filter(({ name }) => !['debug', 'warning', 'error'].includes(name))
  expect({ stray, failures: reader.failures() }).toEqual({ stray: [], failures: [] })
  const warnings = reader.commands().filter(({ name }) => name === 'warning')
  expect(warnings).toHaveLength(10)
})
