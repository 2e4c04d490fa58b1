/** What GitHub says of an incident: read from the emulator, as the action reads it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Event } from '../../../src/history/event.ts'
import { readEvidence } from '../../../src/views/postmortem/evidence.ts'
import { gatherFacts } from '../../../src/views/postmortem/incident-facts.ts'
import { mergedPull } from '../../support/pulls.ts'
import { openBrokenShop } from '../../support/repository.ts'
import { healthChecked, rollbackFailed, rolledBack } from './example.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

const now = () => new Date().toISOString()

function factsOf(...events: readonly Event[]) {
  const own = events.map((each) => ({ ...each, revision: shop.bad, incident: 'i' }))
  const facts = gatherFacts(own, 'i')
  if (facts === undefined) throw new Error('no incident')
  return facts
}

/** The two commits that the bad deployment brought, as a rollback lists them. */
const undone = async () => {
  const { octokit, owner, repo } = shop.repository
  const { data } = await octokit.rest.repos.listCommits({ owner, repo, per_page: 2 })
  return data
    .map(({ sha, commit }) => ({ revision: sha, title: commit.message, author: commit.author?.name ?? '' }))
    .reverse()
}

test('the deployment, the commits with their files, and their pull requests', async () => {
  shop.hosted.issues.push(mergedPull(1, 'Tidy up', shop.bad))
  shop.hosted.pullsOfCommits.set(shop.bad, 1)
  const facts = factsOf(healthChecked({ at: now() }), rolledBack({ at: now(), undone: await undone() }))
  const permissions = { contents: 'read', deployments: 'read', 'pull-requests': 'read' } as const
  const { deployment, commits, unread } = await readEvidence(shop.open({ permissions }), facts)
  expect(unread).toEqual([])
  expect(deployment?.succeededAt).toBeInstanceOf(Date)
  expect(commits.map(({ title, author, files }) => [title, author, files?.map(({ path }) => path)])).toEqual([
    ['Raise the price', 'Linus', ['lib/price.mjs']],
    ['Tidy up', 'Grace', ['lib/price.mjs', 'server.mjs']],
  ])
  expect(commits[1]?.pulls).toMatchObject([{ number: 1, title: 'Tidy up' }])
})

test('of a rollback that was refused, the commits between the good revision and the failed one', async () => {
  const facts = factsOf(healthChecked({ at: now() }), rollbackFailed({ from: shop.bad, to: shop.good }))
  const { commits } = await readEvidence(shop.repository, facts)
  expect(commits.map(({ title }) => title)).toEqual(['Raise the price', 'Tidy up'])
})

test('an earlier incident with a file in common is found by its commits', async () => {
  const [first] = await undone()
  const before = '2026-01-01T00:00:00.000Z'
  const old = rolledBack({ incident: 'old', from: first?.revision ?? '', to: shop.good, at: before })
  const own = rolledBack({ incident: 'i', at: '2026-02-01T00:00:00.000Z', undone: await undone() })
  const facts = gatherFacts([old, own], 'i')
  if (facts === undefined) throw new Error('no incident')
  const { sameFiles } = await readEvidence(shop.repository, facts)
  expect([...sameFiles]).toEqual([['old', ['lib/price.mjs']]])
})

test('what the token may not read is named, and the rest is there', async () => {
  const repository = shop.open({ permissions: { contents: 'read' } })
  const facts = factsOf(rolledBack({ at: now(), undone: await undone() }))
  const { deployment, commits, unread } = await readEvidence(repository, facts)
  expect(deployment).toBeUndefined()
  expect(commits).toHaveLength(2)
  expect(unread.join('\n')).toMatch(/deployment.*deployments: read/)
  expect(unread.join('\n')).toMatch(/pull requests.*pull-requests: read/)
})
