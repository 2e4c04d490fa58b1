/** A job that is cancelled: each action says that it was, and how to go on; and a rollback goes on. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { actions } from '../../src/actions/table.ts'
import type { StepOptions, StepResult } from '../../src/drill/runner.ts'
import type { OperationId } from '../support/github/operations.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())
const limit = 120_000

type Signal = 'SIGINT' | 'SIGTERM'

/** Runs a step that gets a signal when GitHub has carried out a request of it and not answered yet. */
async function cancelAt(
  step: StepOptions,
  { operation, signal = 'SIGINT' }: { operation?: OperationId; signal?: Signal },
  job: Parameters<WholeShop['run']>[1] = {},
): Promise<StepResult> {
  let cancel: ((signal: Signal) => void) | undefined
  let end: () => void = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  let isDone = false
  const stop = shop.github.onRequest(async (request) => {
    // requests of the step before may still be under way
    if (isDone || cancel === undefined || (operation !== undefined && request.operation !== operation)) return
    isDone = true
    cancel(signal)
    await ended
  })
  const onStart: StepOptions['onStart'] = (_, canceller) => {
    cancel = canceller
  }
  const result = await shop.run({ ...step, onStart }, job)
  end()
  stop()
  return result
}

const lastLine = ({ log }: StepResult) => log.trimEnd().split('\n').at(-1) ?? ''
const cancelledAs = (name: string) => {
  const onward = actions.find((action) => action.name === name)?.afterCancelled ?? 'none'
  return expect.stringMatching(
    new RegExp(`^error: this step was cancelled.*: ${onward.replace(/[`.*+?()[\]]/g, '\\$&')}$`),
  )
}

const database = () => ({ 'database-url': `sqlite:${shop.database}`, storage: shop.storage })
const inputsOf = (): Readonly<Record<string, Record<string, string>>> => ({
  'db-backup': database(),
  'db-restore': { ...database(), backup: 'before-deployment', 'allow-data-loss': 'true' },
  'db-migrate': { 'database-url': `sqlite:${shop.database}`, migrations: 'db' },
  'health-gate': { window: '10m', interval: '100ms' },
  'codepush-rollback': {
    'server-url': shop.updates.url,
    'access-key': shop.updates.accessKey,
    channels: 'Shop-ios/Production',
  },
  'config-rollback': { mode: 'restore', files: 'server.mjs' },
})

test(
  'each action says so in its last line, with how to go on, whichever signal it gets',
  async () => {
    shop = await openWholeShop()
    for (const [index, { name }] of actions.entries()) {
      const signal = index % 2 === 0 ? 'SIGTERM' : 'SIGINT'
      const step = { action: name, inputs: inputsOf()[name] ?? {} }
      const comment = { id: 1, body: '/hold', user: { login: 'grace', type: 'User' } }
      const asked =
        name === 'issueops'
          ? {
              eventName: 'issue_comment',
              event: { action: 'created', issue: { number: 1 }, comment, sender: comment.user },
            }
          : {}
      const result = await cancelAt(step, { signal }, asked)
      expect({ name, exitCode: result.exitCode, line: lastLine(result) }).toEqual({
        name,
        exitCode: 1,
        line: cancelledAs(name),
      })
      expect(result.log).toContain(`the job was cancelled (${signal}): stopping`)
      expect(result.log).not.toMatch(/unexpected|report it|operation was aborted/)
    }
  },
  limit,
)

describe('a rollback that is cancelled', () => {
  const rollback = { action: 'rollback', inputs: { reason: 'the homepage answers 500' } }

  test.each<[string, OperationId, Signal]>([
    ['while the branch is moved', 'git/update-ref', 'SIGINT'],
    ['while it waits for the deployment', 'actions/get-workflow-run', 'SIGTERM'],
    ['while it writes what it did', 'repos/create-or-update-file-contents', 'SIGINT'],
  ])(
    '%s says so, and the next run goes on and ends well',
    async (_, operation, signal) => {
      shop = await openWholeShop()
      const first = await cancelAt(rollback, { operation, signal })
      expect({ exitCode: first.exitCode, line: lastLine(first) }).toEqual({
        exitCode: 1,
        line: cancelledAs('rollback'),
      })
      const second = await shop.run(rollback)
      expect(second).toMatchObject({
        exitCode: 0,
        outputs: { decision: expect.stringMatching(/^(complete|already-rolled-back)$/) },
      })
      expect(await shop.tree(await shop.head())).toBe(await shop.tree(shop.good))
      expect(shop.deployed).toHaveLength(1)
    },
    limit,
  )
})
