/**
 * What failing channels cost a rollback: the same rollback without channels and with six that never answer, refuse the connection or
 * answer 500, in turns. Measured is the rollback itself, from its start to its end in the history; the step then waits for
 * deliveries that are under way, at most `notify.timeout`, which is the other figure.
 */
import { stringify } from 'yaml'
import { startReceiver } from '../src/drill/receiver.ts'
import { runStep } from '../src/drill/runner.ts'
import { openShop } from '../test/support/repository.ts'
import type { Findings } from './main.ts'

const rounds = 5

interface Rollback {
  /** by the history, ms */
  readonly rollbackMs: number
  /** of the whole step, ms */
  readonly stepMs: number
}

export async function measure(say: (line: string) => void): Promise<Findings> {
  const receiver = await startReceiver(({ path }) => (path === '/hang' ? { hang: true } : { status: 500 }))
  try {
    const [quiet, failing]: [Rollback[], Rollback[]] = [[], []]
    for (let round = 0; round < rounds; round += 1) {
      quiet.push(await rollBack({}, {}))
      failing.push(
        await rollBack(channels, {
          HANG: `${receiver.url}/hang`,
          BROKEN: `${receiver.url}/500`,
          NOBODY: 'http://127.0.0.1:1/',
        }),
      )
      say(
        `round ${round + 1}: ${quiet.at(-1)?.rollbackMs} ms without channels, ${failing.at(-1)?.rollbackMs} ms with failing ones`,
      )
    }
    const figures = {
      rollbackMs: median(quiet, 'rollbackMs'),
      withFailingChannelsMs: median(failing, 'rollbackMs'),
      addedMs: median(failing, 'rollbackMs') - median(quiet, 'rollbackMs'),
      stepAddedMs: median(failing, 'stepMs') - median(quiet, 'stepMs'),
    }
    return { figures, goals: { addedMs: { atMost: 100 }, stepAddedMs: { atMost: 2_500 } } }
  } finally {
    await receiver.stop()
  }
}

const channels = Object.fromEntries(
  ['HANG', 'BROKEN', 'NOBODY'].flatMap((env) => [
    [`slack-${env.toLowerCase()}`, { type: 'slack', url: { env } }],
    [`hook-${env.toLowerCase()}`, { type: 'webhook', url: { env }, secret: { env } }],
  ]),
)

async function rollBack(given: object, env: Readonly<Record<string, string>>): Promise<Rollback> {
  const shop = await openShop()
  try {
    const settings = { environment: 'production', notify: { timeout: '2s', channels: given } }
    shop.deploy(await shop.commit({ '.github/rollback.yml': stringify(settings), price: '1' }))
    const bad = await shop.commit({ price: '2' })
    shop.deploy(bad)
    const job = await shop.job({ sha: bad })
    const from = performance.now()
    const { exitCode, log } = await runStep(job, { action: 'git-rollback', env })
    const stepMs = performance.now() - from
    const { events } = await shop.history.read()
    const began = events.find((event) => event.kind === 'rollback-began')
    const ended = events.find((event) => event.kind === 'rollback-ended')
    if (began?.kind !== 'rollback-began' || ended === undefined)
      throw new Error(`the rollback did not end (${exitCode}): ${log}`)
    return { rollbackMs: Date.parse(ended.at) - Date.parse(began.startedAt), stepMs }
  } finally {
    await shop.close()
  }
}

function median(of: readonly Rollback[], figure: keyof Rollback): number {
  return of.map((each) => each[figure]).toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? Number.NaN
}
