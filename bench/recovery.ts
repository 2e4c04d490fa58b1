/**
 * What GitHub's distance costs a recovery: the drill's chain with 0 and with 100 ms added to each request of the actions. A
 * chain of requests that follow one another costs their number times the distance; those at the same time cost it once.
 * Then the plan for `HEAD~100`, and an append to a history of 10 and of 10,000 events.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runDrill } from '../src/drill/drill.ts'
import { runStep } from '../src/drill/runner.ts'
import { mergedPull } from '../test/support/pulls.ts'
import { openBrokenShop } from '../test/support/repository.ts'
import type { Findings } from './main.ts'
import { measureAppends } from './support/appends.ts'
import { depthOf, slowDown, type TimedRequest } from './support/slow-api.ts'

const delayMs = 100
const rounds = 3

interface Recovery {
  /** the front door's requests */
  readonly requests: readonly TimedRequest[]
  /** from the bad answer to the good one, ms */
  readonly recoveredMs: number
  /** of the front door until the deployment was started, ms */
  readonly startedMs: number
}

export async function measure(say: (line: string) => void): Promise<Findings> {
  const [near, far]: [Recovery[], Recovery[]] = [[], []]
  // in turns, so that what else the machine does falls on both
  for (let round = 0; round < rounds; round += 1) {
    near.push(await drill(0))
    far.push(await drill(delayMs))
  }
  const addedMs = median(far, 'recoveredMs') - median(near, 'recoveredMs')
  const { requests } = middle(far, 'recoveredMs')
  const phases = phasesOf(requests)
  for (const [phase, own] of Object.entries(phases)) {
    say(`${phase}: ${own.length} requests, ${depthOf(own)} deep`)
    const from = requests[0]?.startedAt ?? 0
    for (const { method, path, startedAt, endedAt, bytes } of own)
      say(
        `  ${Math.round(startedAt - from)}`.padStart(8) +
          `${Math.round(endedAt - from)}`.padStart(7) +
          ` ms ${String(bytes).padStart(7)} bytes  ${method} ${path}`,
      )
  }
  const { plan, begin, code } = phases
  say(
    `recovered after ${Math.round(median(near, 'recoveredMs'))} ms, with ${delayMs} ms a request after ${Math.round(median(far, 'recoveredMs'))} ms`,
  )
  const back = await planFarBack(100)
  say(`plan for HEAD~100: ${back.length} requests, ${depthOf(back)} deep`)
  const appends = await measureAppends(say)
  return {
    figures: {
      plan_depth: depthOf(plan),
      plan_to_deploy_started_depth: depthOf([...begin, ...code]),
      front_door_depth: depthOf(requests),
      front_door_requests: requests.length,
      front_door_added_ms: Math.round(median(far, 'startedMs') - median(near, 'startedMs')),
      recovery_added_ms: Math.round(addedMs),
      head_100_requests: back.length,
      ...appends,
    },
    goals: {
      plan_depth: { atMost: 5 },
      plan_to_deploy_started_depth: { atMost: 12 },
      front_door_requests: { atMost: 40 },
      recovery_added_ms: { atMost: 1500 },
      head_100_requests: { atMost: 20 },
      append_time_10000_to_10: { atMost: 1.2 },
      append_bytes_10000_to_10: { atMost: 1.2 },
    },
  }
}

/** Rehearses a recovery with GitHub at a distance. */
async function drill(delay: number): Promise<Recovery> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-recovery-'))
  let api: Awaited<ReturnType<typeof slowDown>> | undefined
  let from = Number.NaN
  try {
    const { result } = await runDrill({
      directory,
      reach: async (apiUrl) => {
        api = await slowDown(apiUrl, delay)
        return api.url
      },
      say: (line) => {
        const [, name] = /^([a-z-]+):$/.exec(line) ?? []
        // the doctor is a step of this action too, and comes before the bad deployment: the last one counts
        if (name === 'rollback') from = performance.now()
      },
    })
    if (result.decision !== 'complete') throw new Error(`the drill ended with ${result.decision}`)
    const requests = (api?.requests ?? []).filter(
      ({ agent, startedAt }) => agent.includes('rollback-suite/rollback') && startedAt >= from,
    )
    const started = requests.find(isDispatch)
    return {
      requests,
      recoveredMs: result.recovered_ms,
      startedMs: (started?.endedAt ?? Number.NaN) - from,
    }
  } finally {
    await api?.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

const isDispatch = ({ path }: TimedRequest) => path.endsWith('/dispatches')

/** The front door's requests by what they are for: each phase ends where the next one's first request begins. */
function phasesOf(requests: readonly TimedRequest[]) {
  const sorted = requests.toSorted((a, b) => a.startedAt - b.startedAt)
  const after = (from: number, test: (each: TimedRequest) => boolean) => {
    const found = sorted.findIndex((each, index) => index >= from && test(each))
    return found === -1 ? sorted.length : found
  }
  const first = after(0, ({ writes }) => writes)
  const moved = after(first, ({ method, path }) => method === 'PATCH' && path.includes('/git/refs/heads'))
  const dispatched = after(moved, isDispatch) + 1
  return {
    plan: sorted.slice(0, first),
    begin: sorted.slice(first, moved),
    code: sorted.slice(moved, dispatched),
    verify: sorted.slice(dispatched),
  }
}

/** Plans a rollback over many commits, each of a pull request of its own. @returns the requests of all of it */
async function planFarBack(commits: number): Promise<readonly TimedRequest[]> {
  const shop = await openBrokenShop()
  const api = await slowDown(shop.github.apiUrl, 0)
  try {
    let sha = shop.bad
    for (let n = 0; n < commits; n += 1) {
      sha = await shop.commit({ 'lib/price.mjs': `export const price = ${n}\n` }, { message: `Price ${n}` })
      shop.hosted.issues.push(mergedPull(n + 1, `Price ${n}`, sha))
      shop.hosted.pullsOfCommits.set(sha, n + 1)
    }
    shop.deploy(sha)
    const [read, write] = ['read', 'write'] as const
    const permissions = {
      contents: write,
      deployments: read,
      issues: read,
      'pull-requests': read,
      actions: read,
    }
    const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
    // a machine may not undo so many
    const job = await shop.job({ sha, apiUrl: api.url, token, eventName: 'workflow_dispatch' })
    const inputs = { target: `HEAD~${commits}`, mode: 'plan', environment: 'production' }
    const { exitCode, log } = await runStep(job, { action: 'rollback', inputs })
    if (exitCode !== 0) throw new Error(log)
    return api.requests
  } finally {
    await api.stop()
    await shop.close()
  }
}

type Figure = 'recoveredMs' | 'startedMs'

function middle(all: readonly Recovery[], figure: Figure): Recovery {
  const found = all.toSorted((a, b) => a[figure] - b[figure])[Math.floor(all.length / 2)]
  if (found === undefined) throw new Error('nothing was measured')
  return found
}

function median(all: readonly Recovery[], figure: Figure): number {
  return middle(all, figure)[figure]
}
