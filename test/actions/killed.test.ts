/** Each action is killed after every request it makes, in turn, and run again: nothing is done twice, and nothing is missing. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Job, StepOptions, StepResult } from '../../src/drill/runner.ts'
import { newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'
import { startService } from '../support/service.ts'

type BrokenShop = Awaited<ReturnType<typeof openBrokenShop>>

let service: Awaited<ReturnType<typeof startService>>
beforeAll(async () => {
  service = await startService({ status: 500, body: 'down' })
})
afterAll(() => service.stop())

/** Runs a step and kills its process when its nth request was carried out and not yet answered. */
async function runAndKill(shop: BrokenShop, job: Job, step: StepOptions, nth: number): Promise<StepResult> {
  let kill = () => {}
  let ended: () => void = () => {}
  const end = new Promise<void>((resolve) => {
    ended = resolve
  })
  let seen = 0
  const stopListening = shop.github.onRequest(async () => {
    seen += 1
    if (seen !== nth) return
    kill()
    await end
  })
  const onStart = (killer: () => void) => {
    kill = killer
  }
  const result = await runStep(job, { ...step, onStart })
  ended()
  stopListening()
  return result
}

/** The lines of the history's files, as they are stored. */
async function storedEvents(shop: BrokenShop): Promise<readonly { id: string; kind: string }[]> {
  const { git } = shop.hosted
  const head = (await git.readRef('refs/heads/rollback-history'))?.sha
  if (head === undefined) return []
  const files = await git.readTree(head, { recursive: true })
  const texts = await Promise.all(
    files.filter(({ type }) => type === 'blob').map(({ sha }) => git.readBlob(sha)),
  )
  return texts.flatMap((text) =>
    text
      .toString('utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  )
}

async function expectEachEventOnce(shop: BrokenShop, kinds: readonly string[]): Promise<void> {
  const events = await storedEvents(shop)
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  expect(events.map(({ kind }) => kind).sort()).toEqual([...kinds].sort())
}

/** How many requests the step makes when nothing happens to it. */
async function countRequests(step: (shop: BrokenShop) => Promise<{ job: Job; options: StepOptions }>) {
  const shop = await openBrokenShop()
  try {
    const { job, options } = await step(shop)
    const before = shop.github.requests.length
    await runStep(job, options)
    return shop.github.requests.length - before
  } finally {
    await shop.close()
  }
}

/** Kills the step after its 1st, 2nd, … last request, each time in a new repository, and checks what the second run leaves. */
async function killAtEachRequest(
  prepare: (shop: BrokenShop) => Promise<{ job: Job; options: StepOptions }>,
  check: (shop: BrokenShop, result: StepResult) => Promise<void>,
): Promise<void> {
  const count = await countRequests(prepare)
  expect(count).toBeGreaterThan(2)
  for (let nth = 1; nth <= count; nth += 1) {
    const shop = await openBrokenShop()
    try {
      const { job, options } = await prepare(shop)
      const killed = await runAndKill(shop, job, options, nth)
      expect({ nth, exitCode: killed.exitCode }).toEqual({ nth, exitCode: null })
      await check(shop, await runStep(job, options))
    } finally {
      await shop.close()
    }
  }
}

const limit = 360_000

describe('killed after any of its requests, and run again', () => {
  test(
    'git-rollback leaves one rollback commit, one tag and one event',
    () =>
      killAtEachRequest(
        async (shop) => ({ job: await shop.job({ sha: shop.bad }), options: { action: 'git-rollback' } }),
        async (shop, { exitCode, outputs }) => {
          expect(exitCode).toBe(0)
          const { git } = shop.hosted
          const [rollback, below] = await git.log(await shop.head(), { count: 2 })
          expect(below?.sha).toBe(shop.bad)
          expect(rollback?.tree).toBe(await shop.tree(shop.good))
          expect(outputs).toMatchObject({ from: shop.bad, to: shop.good, commit: rollback?.sha })
          const tags = await git.listRefs('refs/tags/')
          expect(tags.map(({ name }) => name)).toEqual([`refs/tags/${outputs['tag']}`])
          expect(await git.resolve(outputs['tag'] ?? '')).toBe(rollback?.sha)
          await expectEachEventOnce(shop, [
            'rollback-began',
            'rollback-applied',
            'recovery-verified',
            'rollback-ended',
          ])
        },
      ),
    limit,
  )

  test(
    'health-gate leaves one event and the same decision',
    () =>
      killAtEachRequest(
        async (shop) => ({
          job: await shop.job({ sha: shop.bad }),
          options: {
            action: 'health-gate',
            inputs: {
              // without a history, in which it has passed before
              checks: `- { name: url, type: http, url: '${service.url}', severity: critical, on-error: fail }`,
              window: '10s',
              interval: '100ms',
            },
          },
        }),
        async (shop, { exitCode, outputs }) => {
          expect(exitCode).toBe(1)
          expect(outputs).toMatchObject({ verdict: 'unhealthy', decision: 'roll-back' })
          await expectEachEventOnce(shop, ['health-checked'])
        },
      ),
    limit,
  )

  test(
    'postmortem-issue leaves one issue and one event',
    () =>
      killAtEachRequest(
        async (shop) => {
          await recordRollback(shop)
          return { job: await shop.job({ sha: shop.bad }), options: { action: 'postmortem-issue' } }
        },
        async (shop, { exitCode, outputs }) => {
          expect(exitCode).toBe(0)
          const { issues } = shop.hosted
          expect(issues.map(({ state }) => state)).toEqual(['open'])
          expect(outputs['issue-number']).toBe('1')
          await expectEachEventOnce(shop, ['rollback-applied', 'postmortem-opened'])
        },
      ),
    limit,
  )
})

/** What git-rollback records: the incident that the post-mortem is about. */
async function recordRollback({ history, good, bad }: BrokenShop): Promise<void> {
  const at = new Date().toISOString()
  const incident = incidentId({ environment: 'production', revision: bad })
  const applied = newEvent(
    {
      kind: 'rollback-applied',
      incident,
      environment: 'production',
      revision: bad,
      at,
      startedAt: at,
      actor: 'grace',
      layer: 'code',
      from: bad,
      to: good,
      now: good,
      reason: 'the homepage answers 500',
      targetFoundBy: 'named as the target',
      automatic: true,
      undone: [],
    },
    ['code', bad, good],
  )
  await history.append(applied)
}
