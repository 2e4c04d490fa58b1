/**
 * Two front doors at once on a whole shop whose deployments fail twice, with one request in ten that goes wrong and processes
 * that are killed at any instant: again and again, until a run says that all is well. What it says is compared with what is
 * there. Prints one line of JSON. `node test/worlds/storm.ts KILLS [SEED]`
 */
import { writeSync } from 'node:fs'
import type { StepResult } from '../../src/drill/runner.ts'
import type { FaultKind } from '../support/github/faults.ts'
import { randomOf } from '../support/random.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

/** Processes are killed up to this age, ms: a run takes about as long. */
const oldest = 6_000
/** After so many rounds nothing goes wrong any more: what is left then has to be done by the next. */
const roughRounds = 3
const mostRounds = 8

const [count = '5', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2)
const random = randomOf(Number(seed))
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T

const faults: readonly FaultKind[] = [
  { kind: 'server-error', status: 502 },
  { kind: 'server-error', status: 503, carriedOut: true },
  { kind: 'no-answer' },
  { kind: 'no-answer', carriedOut: true },
  { kind: 'cut-off' },
  { kind: 'slow', ms: 300 },
]

let kills = 0
let storms = 0
let rounds = 0
const lastLines: Record<string, number> = {}
let failure: unknown
while (kills < Number(count) && failure === undefined) {
  storms += 1
  failure = await ride(storms)
}
writeSync(1, `${JSON.stringify({ seed, kills, storms, rounds, lastLines, failure })}\n`)
process.exit(failure === undefined ? 0 : 1)

/** @returns what contradicts, with the logs; undefined when all is true in the end */
async function ride(nth: number): Promise<unknown> {
  const shop = await openWholeShop()
  let isRough = true
  const stopFaults = shop.github.onRequest(() => {
    if (isRough && random() < 0.1) shop.github.fault(pick(faults))
  })
  shop.failDeploys(2)
  try {
    for (let round = 1; round <= mostRounds; round += 1) {
      rounds += 1
      isRough = round <= roughRounds
      const results = await Promise.all(
        [1, 2].map((door) => run(shop, `${nth}${round}${door}`, isRough && random() < 0.7)),
      )
      const [violation] = shop.github.takeViolations()
      if (violation !== undefined) return { nth, round, wrong: violation }
      for (const each of results) {
        const wrong = await judge(shop, each)
        if (wrong !== undefined) return { nth, round, wrong, logs: results.map(({ log }) => log) }
      }
      if (!isRough && results.every(({ exitCode }) => exitCode === 0)) return undefined
    }
    const { events } = await shop.history.read()
    return { nth, wrong: 'it never ended well', events: events.map(({ kind }) => kind), last: lastLines }
  } finally {
    stopFaults()
    await shop.close().catch(() => {})
  }
}

async function run(shop: WholeShop, runId: string, isKilled: boolean): Promise<StepResult> {
  let timer: NodeJS.Timeout | undefined
  const onStart = (kill: () => void) => {
    if (isKilled) timer = setTimeout(kill, 200 + random() * oldest)
  }
  const step = { action: 'rollback', inputs: { layers: 'database, code, ota' } }
  const result = await shop.run({ ...step, onStart }, { runId })
  clearTimeout(timer)
  if (result.exitCode === null) kills += 1
  return result
}

/** What a run says, against what is there. */
async function judge(shop: WholeShop, { exitCode, outputs, log }: StepResult): Promise<string | undefined> {
  if (exitCode === null) return undefined
  const last = log.trimEnd().split('\n').at(-1) ?? ''
  const kind = last.replace(/[0-9a-f]{7,40}|\d+/g, 'N').slice(0, 160)
  lastLines[`${exitCode} ${kind}`] = (lastLines[`${exitCode} ${kind}`] ?? 0) + 1
  const { events } = await shop.history.read()
  const ids = events.map(({ id }) => id)
  if (new Set(ids).size !== ids.length) return 'an event is there twice'
  for (const event of events)
    if (event.kind === 'revision-deployed' && !shop.deployed.includes(event.deployed))
      return `the history says that ${event.deployed} was deployed, and it was not`
  if (exitCode !== 0) return last === '' ? 'it failed, and its last line says nothing' : undefined
  if (!['complete', 'already-rolled-back'].includes(outputs['decision'] ?? ''))
    return `it exited 0 with the decision "${outputs['decision']}"`
  const { status } = await fetch(shop.service.url)
  if (status !== 200) return `"${outputs['decision']}", and production answers ${status}`
  const head = await shop.head()
  if ((await shop.tree(head)) !== (await shop.tree(shop.good))) return 'the branch has not the good content'
  if (outputs['commit'] !== head)
    return `the commit to deploy is ${outputs['commit']}, and main is at ${head}`
  if (shop.deployed.at(-1) !== head) return 'what is deployed is not the rollback commit'
  if (shop.columns().includes('stars')) return 'the migration was not undone'
  if (!/^v\d+<v1 /.test(await shop.releases())) return `devices are offered ${await shop.releases()}`
  const ended = events.findLast((event) => event.kind === 'rollback-ended')
  if (ended?.kind !== 'rollback-ended' || ended.outcome !== 'complete')
    return `it exited 0, and the history ends with ${JSON.stringify(ended)}`
  return undefined
}
