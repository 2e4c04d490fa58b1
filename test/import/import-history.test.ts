/** 18: what GitHub has on record of the time before is imported, so that the first report is not empty. Nothing ever acts on it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type Event, newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { type ImportOptions, importHistory } from '../../src/import/import-history.ts'
import { openIncidents } from '../../src/incident/incident.ts'
import { writeMessage } from '../../src/layers/code/message.ts'
import type { DeploymentStatus } from '../support/github/hosted-repository.ts'
import { openBrokenShop } from '../support/repository.ts'

const branch = 'rollback-history'
const day = 86_400_000
const permissions = { contents: 'write', issues: 'write', deployments: 'read' } as const
let shop: Awaited<ReturnType<typeof openBrokenShop>>
let lines: string[]
beforeEach(async () => {
  shop = await openBrokenShop()
  shop.hosted.deployments.splice(0)
  lines = []
})
afterEach(() => shop.close())

const ago = (days: number) => new Date(Date.now() - days * day)
const whole = (date: Date) => new Date(Math.floor(date.getTime() / 1000) * 1000)

const run = (options: Partial<ImportOptions> = {}, repository = shop.open({ permissions })) =>
  importHistory(repository, {
    ...{ branch, labels: ['postmortem', 'incident'], environments: ['production'], retentionDays: undefined },
    ...{ now: new Date(), log: (line) => void lines.push(line), warn: (line) => void lines.push(line) },
    ...options,
  })
const read = async () => (await shop.history.read({ imported: true })).events
const imported = async () => (await read()).filter((event) => event.imported)

function deployed(
  revision: string,
  days: number,
  state: DeploymentStatus['state'] = 'success',
  environment = 'production',
) {
  shop.deploy(revision, state, environment)
  const [newest] = shop.hosted.deployments
  if (newest === undefined) throw new Error('nothing was deployed')
  const createdAt = whole(ago(days))
  Object.assign(newest, { createdAt })
  for (const status of newest.statuses) Object.assign(status, { createdAt })
  return createdAt
}

const trace = (revision: string) => ({
  ...{ incident: incidentId({ environment: 'production', revision }), environment: 'production' },
  ...{ from: revision, to: shop.good, reason: 'errors', by: 'grace', runUrl: undefined },
})
async function tag(name: string, message: string, days: number, commit = shop.bad) {
  const at = whole(ago(days))
  const sha = await shop.hosted.git.writeTag({
    ...{ tag: name, message, object: { sha: commit, type: 'commit' } },
    tagger: { name: 'grace', email: 'grace@example.com', date: at },
  })
  expect(await shop.hosted.git.moveRef(`refs/tags/${name}`, { from: '', to: sha })).toBe(true)
  return at.toISOString()
}
const tagRollback = (days = 5, revision = shop.bad) =>
  tag(
    'rollback_20261101_000000',
    writeMessage(trace(revision), { mode: 'commit', paths: [] }),
    days,
    shop.good,
  )

/** A rollback by tag, two deployments, a revert that was deployed, and the post-mortem of the rollback. */
async function past() {
  deployed(shop.good, 9)
  deployed(shop.bad, 8, 'failure')
  const worse = await shop.commit({ a: '1' }, { message: 'Be faster' })
  const back = await shop.commit(
    { a: null },
    { message: `Revert "Be faster"\n\nThis reverts commit ${worse}.` },
  )
  deployed(worse, 4)
  const revertedAt = deployed(back, 3)
  const taggedAt = await tagRollback()
  const { octokit, owner, repo } = shop.repository
  const body = `<!-- rollback-incident: ${trace(shop.bad).incident} -->\n\nWhat happened`
  const { data } = await octokit.rest.issues.create({
    owner,
    repo,
    title: 'Post-mortem',
    body,
    labels: ['postmortem', 'incident'],
  })
  return { worse, back, revertedAt, taggedAt, issue: data.number }
}

test('rollback tags, deployments, deployed reverts and post-mortems are imported with what is known and no more', async () => {
  const { worse, back, revertedAt, taggedAt, issue } = await past()
  expect(await run()).toBe(7)
  const events = await read()
  expect(events.every((event) => event.imported)).toBe(true)
  const applied = events.filter((event) => event.kind === 'rollback-applied')
  expect(applied).toMatchObject([
    {
      revision: shop.bad,
      from: shop.bad,
      to: shop.good,
      now: shop.good,
      at: taggedAt,
      actor: 'grace',
      reason: 'errors',
    },
    { revision: worse, now: back, at: revertedAt.toISOString(), reason: 'Revert "Be faster"' },
  ])
  for (const event of applied) {
    expect(event).not.toHaveProperty('automatic')
    expect(event).not.toHaveProperty('startedAt')
  }
  const deployments = events.filter((event) => event.kind === 'deployment-recorded')
  expect(deployments.map(({ revision, outcome }) => [revision, outcome])).toEqual([
    [shop.good, 'succeeded'],
    [shop.bad, 'failed'],
    [worse, 'succeeded'],
    [back, 'succeeded'],
  ])
  expect(events.filter((event) => event.kind === 'postmortem-opened')).toMatchObject([
    { issue, revision: shop.bad },
  ])
  expect(
    events.filter((event) => event.kind === 'health-checked' || event.kind === 'recovery-verified'),
  ).toEqual([])
})

test('a second run adds nothing, and writes nothing', async () => {
  await past()
  await run()
  const [before, head] = [await read(), await shop.head(branch)]
  expect(await run()).toBe(0)
  expect(await read()).toEqual(before)
  expect(await shop.head(branch)).toBe(head)
})

test('two imports at once add each event once', async () => {
  await past()
  await Promise.all([run(), run()])
  const events = await read()
  expect(events).toHaveLength(7)
  expect(new Set(events.map(({ id }) => id)).size).toBe(7)
})

test('killed between any two writes and run again, it ends with the same events', async () => {
  await past()
  const operation = 'repos/create-or-update-file-contents'
  for (const written of [1, 2, 3]) {
    // the tag, the revert, the post-mortem, and the deployments are written one after the other
    shop.github.fault({ kind: 'refused', status: 403, message: 'killed', operation, skip: 1 })
    await expect(run()).rejects.toThrow()
    expect(await imported()).toHaveLength(written)
  }
  await run()
  expect(await imported()).toHaveLength(7)
  expect(await run()).toBe(0)
})

test('whoever does not ask for imported events reads none: guards, holds and incidents know nothing of them', async () => {
  await past()
  await run()
  expect((await shop.history.read()).events).toEqual([])
  const subject = { environment: 'production', revision: shop.bad, actor: 'grace', imported: true } as const
  const about = { incident: trace(shop.bad).incident, at: new Date().toISOString(), ...subject }
  // what an import never writes would not count, either
  const dangerous: [Event, ...Event[]] = [
    newEvent({ kind: 'hold-set', because: 'audit', ...about }, []),
    newEvent({ kind: 'incident-opened', severity: 'critical', because: 'down', ...about }, []),
    newEvent(
      {
        ...{ kind: 'rollback-began', layers: [{ layer: 'code', from: shop.bad, to: shop.good }], ...about },
        ...{ reason: 'errors', automatic: true, startedAt: about.at },
      },
      [],
    ),
    newEvent({ kind: 'rollback-ended', outcome: 'complete', layers: [], phases: {}, ...about }, []),
    newEvent(
      {
        ...{
          kind: 'recovery-verified',
          outcome: 'recovered',
          because: 'looked',
          ...about,
          startedAt: about.at,
        },
      },
      [],
    ),
  ]
  await shop.history.append(...dangerous)
  const { events } = await shop.history.read()
  expect(events).toEqual([])
  expect(openIncidents(events, 'production')).toEqual([])
  expect(openIncidents(await read(), 'production')).not.toEqual([])
})

test('tags of an incident that is not that of their revision, and of no deployment that is known, are left out and named', async () => {
  const name = 'rollback_20261102_000000'
  await tag(
    name,
    writeMessage({ ...trace(shop.bad), incident: 'production-0123456789ab' }, { mode: 'commit', paths: [] }),
    5,
  )
  await tag('rollback_2_by_hand', 'Before the holidays', 5)
  await tag(
    'rollback_undone_20261103_000000',
    writeMessage(trace(shop.bad), { mode: 'undo', paths: [], undoes: shop.good }),
    4,
  )
  expect(await run()).toBe(0)
  expect(lines.join('\n')).toContain(`not imported: the tag ${name}: the deployment that failed is not known`)
  expect(lines.join('\n')).toContain('the rollback that it took back is not known')
})

test('what took a rollback back is imported with it', async () => {
  await tagRollback()
  await tag(
    'rollback_undone_20261103_000000',
    writeMessage(trace(shop.bad), { mode: 'undo', paths: [], undoes: shop.good }),
    4,
  )
  expect(await run()).toBe(2)
  expect(await read()).toMatchObject([
    { kind: 'rollback-applied', now: shop.good },
    { kind: 'rollback-undone', from: shop.good, now: shop.bad, revision: shop.bad },
  ])
})

test('a rollback that the history has is not imported again, and neither is one whose job may be running', async () => {
  const at = await tagRollback()
  const { incident, environment, from, to, reason } = trace(shop.bad)
  const real = {
    incident,
    environment,
    revision: from,
    at,
    actor: 'grace',
    from,
    to,
    reason,
    startedAt: at,
  } as const
  await shop.history.append(
    newEvent(
      {
        ...{ kind: 'rollback-applied', layer: 'code', now: shop.good, targetFoundBy: 'deployments' },
        ...{ automatic: true, undone: [], ...real },
      },
      [],
    ),
  )
  expect(await run()).toBe(0)
  await tag('rollback_20261126_000000', writeMessage(trace(shop.good), { mode: 'commit', paths: [] }), 0.5)
  expect(await run()).toBe(0)
})

test('reverts count only where the reverted commit and then the revert were deployed; a revert of a revert is none', async () => {
  const worse = await shop.commit({ a: '1' }, { message: 'Be faster' })
  const back = await shop.commit({ a: null }, { message: `Revert\n\nThis reverts commit ${worse}.` })
  const again = await shop.commit({ a: '1' }, { message: `Reapply\n\nThis reverts commit ${back}.` })
  deployed(back, 6)
  deployed(worse, 5)
  deployed(again, 4)
  deployed(worse, 7, 'success', 'staging')
  deployed(back, 6, 'success', 'staging')
  await run({ environments: ['production', 'staging'] })
  const applied = (await read()).filter((event) => event.kind === 'rollback-applied')
  expect(applied.map(({ environment, revision }) => [environment, revision])).toEqual([['staging', worse]])
  await run({ environments: ['production'] })
})

test('a token that may not read deployments or issues imports the rest, and each that is missing is named', async () => {
  await past()
  expect(await run({}, shop.open({ permissions: { contents: 'write' } }))).toBe(1)
  const said = lines.join('\n')
  expect(said).toContain('deployments are not imported: give the job `permissions: deployments: read`')
  expect(said).toContain('revert commits are not imported')
  expect(said).toMatch(/post-mortems are not imported: .*issues: read/)
  expect(await run()).toBe(6)
})

test('a stranger cannot have an issue imported, and one without an incident is left out', async () => {
  await tagRollback()
  const marker = `<!-- rollback-incident: ${trace(shop.bad).incident} -->`
  const open = async (login: string, body: string) => {
    const { octokit, owner, repo } = shop.open({ login, kind: 'user', permissions })
    await octokit.rest.issues.create({ owner, repo, title: 'x', body })
    for (const issue of shop.hosted.issues) Object.assign(issue, { labels: ['postmortem', 'incident'] })
  }
  await open('mallory', marker)
  await open('grace', 'Something was slow')
  expect(await run()).toBe(1)
  expect(lines.join('\n')).toContain('1 issues with the labels: they name no known incident')
  expect(lines.join('\n')).toContain('1 issues with the labels: their authors may not write')
})

test('deployments of previews, those under way and those before the retention are not imported', async () => {
  deployed(shop.good, 9)
  deployed(shop.good, 8, 'in_progress')
  deployed(shop.good, 7, 'success', 'pr-1')
  deployed(shop.good, 100)
  expect(await run({ retentionDays: 90 })).toBe(1)
  expect(await run()).toBe(1)
})

test('600 deployments are written in a few requests, each event in the file of its month', async () => {
  for (let n = 0; n < 600; n += 1) deployed(shop.good, 20 + n / 10_000)
  const before = shop.github.requests.length
  await run()
  const requests = shop.github.requests.slice(before)
  expect(requests.filter(({ method }) => method === 'PUT').length).toBeLessThanOrEqual(4)
  expect(requests.length).toBeLessThanOrEqual(24)
  const events = await read()
  expect(events.length).toBe(new Set(shop.hosted.deployments.map((each) => each.createdAt.getTime())).size)
  const { events: since } = await shop.history.read({ since: ago(19), imported: true })
  expect(since).toEqual([])
})
