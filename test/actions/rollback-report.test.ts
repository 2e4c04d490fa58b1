/** 18: the action rollback-report, as a process against the emulated GitHub. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { rollbackReport } from '../../src/actions/rollback-report/contract.ts'
import type { Job } from '../../src/drill/runner.ts'
import { openBranchHistory } from '../../src/history/branch-history.ts'
import { newEvent } from '../../src/history/event.ts'
import { formatLines } from '../../src/history/history.ts'
import { incidentId } from '../../src/history/incident.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

const permissions = { ...rollbackReport.permissions, deployments: 'read' } as const
let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

async function report(inputs: Record<string, string> = {}, job: Partial<Job> = {}) {
  const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
  return runStep(await shop.job({ sha: shop.bad, token, ...job }), {
    action: 'rollback-report',
    inputs: { folder: join(shop.directory, 'report'), ...inputs },
  })
}

const read = (name: string) => readFileSync(join(shop.directory, 'report', name), 'utf8')
const rollBack = async () => runStep(await shop.job({ sha: shop.bad }), { action: 'git-rollback' })

test('reports a rollback that was really made, with the permissions that the README asks for, and changes nothing', async () => {
  await rollBack()
  const before = shop.github.requests.length
  const { exitCode, outputs, log, summary } = await report()
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(outputs).toMatchObject({ decision: 'reported', rollbacks: '1' })
  const made = JSON.parse(read('report.json'))
  expect(made).toMatchObject({ schema: 1, rollbacks: { total: 1 }, repositories: [''] })
  expect(made.recent[0]).toMatchObject({
    environment: 'production',
    revision: shop.bad,
    layers: [{ layer: 'code' }],
  })
  expect(read('rollbacks.csv').split('\r\n')).toHaveLength(3)
  expect(read('metrics.prom')).toContain('rollback_rollbacks{environment="production"')
  expect(summary).toContain('## Rollback report')
  // settings, history, deployments: what there is costs one request each
  const requests = shop.github.requests.slice(before)
  expect(requests.length).toBeLessThanOrEqual(4)
  expect(requests.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/graphql'))).toEqual([])
})

test('retention-days: removes old checks, with the permission that its README asks for, and reports what is left', async () => {
  await rollBack()
  const about = { environment: 'production', revision: shop.good, actor: 'grace' }
  const looks = [500, 450, 420].map((days) => {
    const at = new Date(Date.now() - days * 86_400_000).toISOString()
    const what = {
      verdict: 'healthy',
      decision: 'keep',
      reasonCode: 'ok',
      because: 'ok',
    } as const
    const incident = `production-${days}`
    return newEvent(
      { kind: 'health-checked', ...what, ...about, checks: [], incident, at, startedAt: at },
      [],
    )
  })
  for (const look of looks) await shop.history.append(look)
  const { events } = await shop.history.read()
  const write = { ...permissions, contents: 'write' } as const
  const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions: write })
  const first = await report({ 'retention-days': '400' }, { token })
  expect({ exitCode: first.exitCode, log: first.log }).toMatchObject({ exitCode: 0 })
  expect(first.outputs).toMatchObject({ pruned: '2', decision: 'reported', rollbacks: '1' })
  const after = await openBranchHistory({ repository: shop.open(), branch: 'rollback-history' }).read()
  const removed = looks.slice(0, 2).map(({ id }) => id)
  expect(after.events).toEqual(events.filter(({ id }) => !removed.includes(id)))
  const head = await shop.head('rollback-history')
  expect((await report({ 'retention-days': '400' }, { token })).outputs).toMatchObject({ pruned: '0' })
  expect(await shop.head('rollback-history')).toBe(head)
  const short = await report({ 'retention-days': '30' }, { token })
  expect(short.exitCode).toBe(1)
  expect(short.log).toContain('input "retention-days" is 30; write at least 90')
})

test('import: adds what GitHub has on record, with the permission that its README asks for, and reports it', async () => {
  const write = { ...permissions, contents: 'write', issues: 'read' } as const
  const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions: write })
  const deployments = shop.hosted.deployments.length
  const refused = await report({ import: 'true' })
  expect(refused.exitCode).toBe(1)
  expect(refused.log).toContain('contents: write')
  const first = await report({ import: 'true' }, { token })
  expect({ exitCode: first.exitCode, log: first.log }).toMatchObject({ exitCode: 0 })
  expect(first.outputs).toMatchObject({ imported: String(deployments), decision: 'reported' })
  expect(JSON.parse(read('report.json'))).toMatchObject({
    data: { events: deployments, imported: deployments },
    dora: { changeFailRate: { deployments, failed: 0 } },
  })
  expect(first.summary).toContain(`${deployments} of them imported`)
  const head = await shop.head('rollback-history')
  expect((await report({ import: 'true' }, { token })).outputs).toMatchObject({ imported: '0' })
  expect(await shop.head('rollback-history')).toBe(head)
  // GitHub forgets, the history does not
  shop.hosted.deployments.splice(0)
  await report()
  expect(JSON.parse(read('report.json')).dora.changeFailRate.deployments).toBe(deployments)
})

test('import: a rollback after it is held by nothing that was imported', async () => {
  const about = { environment: 'production', revision: shop.bad, actor: 'grace', imported: true } as const
  const at = new Date().toISOString()
  const incident = incidentId(about)
  await shop.history.append(
    newEvent({ kind: 'hold-set', because: 'audit', ...about, incident: 'production-hold', at }, []),
    ...['1', '2', '3', '4'].map((digit) =>
      newEvent(
        {
          ...{ kind: 'rollback-applied', layer: 'code', from: shop.good, to: 'x', now: 'y', ...about },
          ...{ reason: '', targetFoundBy: 'a tag', undone: [], automatic: true, at, startedAt: at },
          incident: `production-${digit}`,
        },
        [digit],
      ),
    ),
    newEvent(
      { kind: 'rollback-ended', outcome: 'complete', layers: [], phases: {}, ...about, incident, at },
      [],
    ),
  )
  const { exitCode, outputs, log } = await rollBack()
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(outputs).toMatchObject({ decision: 'rolled-back' })
  expect((await shop.history.read()).events.some(({ kind }) => kind === 'rollback-applied')).toBe(true)
})

test('deployments on record are the denominator, and those of previews are not', async () => {
  await rollBack()
  for (const each of ['pr-1', 'pr-2']) shop.deploy(shop.bad, 'success', each)
  await report()
  const { dora } = JSON.parse(read('report.json'))
  expect(dora.changeFailRate.failed).toBe(1)
  const own = shop.hosted.deployments.filter(({ environment }) => environment === 'production').length
  expect(dora.changeFailRate.deployments).toBe(own)
  expect(read('deployments.jsonl')).not.toContain('pr-1')
})

test('without a history and a deployment there is nothing to report, and that is no failure', async () => {
  shop.hosted.deployments.splice(0)
  const { exitCode, outputs } = await report()
  expect(exitCode).toBe(0)
  expect(outputs).toMatchObject({ decision: 'empty', 'reason-code': 'no-events', rollbacks: '0' })
  expect(readdirSync(join(shop.directory, 'report'))).toContain('report.json')
})

test('simple-elf/allure-report-action#23 and #41: two reports at once, without a checkout, give the same figures', async () => {
  await rollBack()
  const folders = ['one', 'two'].map((name) => join(shop.directory, name))
  await Promise.all(folders.map((folder) => report({ folder })))
  const [one, two] = folders.map((folder) => JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')))
  expect({ ...one, generatedAt: two.generatedAt, period: two.period, trends: two.trends }).toMatchObject({
    rollbacks: two.rollbacks,
    dora: { changeFailRate: two.dora.changeFailRate },
  })
})

test('repositories: owner/* reports those that have a history, by one request each', async () => {
  await rollBack()
  const { events } = await shop.history.read()
  for (const name of ['cart', 'empty', 'mail']) {
    await shop.github.createRepository({ owner: 'octo-org', name })
    const repository = { ...shop.repository, repo: name }
    if (name !== 'empty' && events[0] !== undefined)
      await openBranchHistory({ repository, branch: 'rollback-history' }).append(
        events[0],
        ...events.slice(1),
      )
  }
  const before = shop.github.requests.length
  const { exitCode, log, outputs } = await report({ repositories: 'octo-org/*' })
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(log).toContain('3 of 3 histories read')
  expect(outputs['rollbacks']).toBe('3')
  const made = JSON.parse(read('report.json'))
  expect(made.repositories).toEqual(['octo-org/cart', 'octo-org/mail', 'octo-org/shop'])
  // settings, the list, and for each a history and its deployments
  expect(shop.github.requests.length - before).toBeLessThanOrEqual(2 + 3 * 2)
})

test.each([
  ['shop', /input "repositories" has "shop"; write owner\/name/],
  ['nobody/*', /names nobody\/\*, and the token sees no such owner/],
  ['octo-org/*', /none of them has a branch rollback-history/],
])('repositories: %s is one clear error where nothing is there', async (repositories, error) => {
  const { exitCode, log } = await report({ repositories })
  expect(exitCode).toBe(1)
  expect(log).toMatch(error)
})

test('a clone of the history gives the same report as the branch', async () => {
  await rollBack()
  await report()
  const byApi = JSON.parse(read('report.json'))
  const clone = join(shop.directory, 'clone')
  const { events } = await shop.history.read()
  for (const [path, text] of [
    ['v1/events/2026/2026-11.jsonl', formatLines(events, 0)],
    ['v1/events/2026/2026-11/again.jsonl', `${formatLines(events, 0)}{"kind":"of another tool"}\r\n`],
    ['README.md', 'not an event'],
  ] as const) {
    mkdirSync(dirname(join(clone, path)), { recursive: true })
    writeFileSync(join(clone, path), text)
  }
  const { exitCode, log } = await report({ history: clone })
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(log).toContain(`line ${events.length + 1} of v1/events/2026/2026-11/again.jsonl`)
  const byClone = JSON.parse(read('report.json'))
  expect(byClone.data).toMatchObject({ events: events.length, duplicates: events.length, unreadable: 1 })
  expect({ ...byClone.rollbacks }).toEqual(byApi.rollbacks)
})

test('a folder that has no history is one clear error', async () => {
  const { exitCode, log } = await report({ history: join(shop.directory, 'nowhere') })
  expect(exitCode).toBe(1)
  expect(log).toMatch(/input "history" is ".*nowhere", which could not be read/)
})

test.each([
  [{ period: '1h' }, /input "period" is 1h; write at least 1d/],
  [
    { 'least-success-percent': '900' },
    /input "least-success-percent" is 900; write a percentage from 0 to 100/,
  ],
  [
    { environment: 'prodcution' },
    /input "environment" is "prodcution", which neither the settings nor the history know/,
  ],
  [{ folder: '/dev/null/x' }, /input "folder" is "\/dev\/null\/x", which could not be created/],
  [{ history: '.', repositories: 'octo-org/shop' }, /history/],
  [{ import: 'true', repositories: 'octo-org/shop' }, /import/],
  [{ import: 'true', history: '.' }, /import/],
])('%j is one clear error', async (inputs, error) => {
  const { exitCode, log, outputs } = await report(inputs)
  expect({ exitCode, outputs }).toEqual({ exitCode: 1, outputs: {} })
  expect(log).toMatch(error)
})

test('a token that may not read deployments gets a report of the history, and a warning', async () => {
  await rollBack()
  const token = shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: { contents: 'read' },
  })
  const { exitCode, log } = await report({}, { token })
  expect(exitCode).toBe(0)
  expect(log).toContain('give the job `permissions: deployments: read`')
  expect(JSON.parse(read('report.json')).rollbacks.total).toBe(1)
})
