/** 12.14: an approval is of this job's environment, was given after the plan was made, and by a person. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Approval, approvalsOfRun } from '../../src/github/approvals.ts'
import { newEvent } from '../../src/history/event.ts'
import { findApprover } from '../../src/rollback/approval.ts'
import { makeSavedPlan } from '../../src/rollback/saved-plan.ts'
import { openShop, type Shop } from '../support/repository.ts'

let shop: Shop
beforeEach(async () => {
  shop = await openShop({ permissions: { contents: 'write', actions: 'write' } })
  shop.hosted.roles.set('ada', 'write').set('reader', 'read')
})
afterEach(() => shop.close())

const about = { environment: 'production', incident: 'production-abc', revision: 'a'.repeat(40) }
const madeAt = '2026-11-24T12:00:00.000Z'
const { saved, digest } = makeSavedPlan(
  { repository: 'octo-org/shop', ...about, madeAt, expiresAt: '2026-11-24T13:00:00.000Z' },
  [],
)

function planned({ approvals }: { approvals?: readonly Approval[] } = { approvals: [] }) {
  const run = { id: '7', attempt: 1, url: 'https://github.com/octo-org/shop/actions/runs/7' }
  const draft = {
    kind: 'rollback-planned',
    plan: digest,
    layers: [],
    at: madeAt,
    actor: 'grace',
    run,
  } as const
  return newEvent({ ...draft, layers: [], ...about, ...(approvals && { approvals: [...approvals] }) }, [
    digest,
  ])
}

const approve = (login: string, environments: string[], state: 'approved' | 'rejected' = 'approved') =>
  shop.hosted.approvals.push({ run: '7', state, login, environments })

const find = (event = planned(), environment = 'approvers') =>
  findApprover(shop.repository, saved, { run: '7', environment, events: [event] })

test('one of the environment of the job, after the plan, counts, and is named', async () => {
  approve('ada', ['Approvers'])
  expect(await find()).toBe('ada')
})

describe('it does not count', () => {
  test('of another environment of the same run, as of the job that deploys', async () => {
    approve('ada', ['deploy'])
    expect(await find()).toBeUndefined()
  })

  test('when the run had it before the plan was made', async () => {
    approve('ada', ['approvers'])
    const event = planned({ approvals: (await approvalsOfRun(shop.repository, '7')) ?? [] })
    expect(await find(event)).toBeUndefined()
    // the same reviewer once more, for the plan
    approve('ada', ['approvers'])
    expect(await find(event)).toBe('ada')
  })

  test('12: by an account that can only read, though GitHub lists it; one that can write counts beside it', async () => {
    approve('reader', ['approvers'])
    expect(await find()).toBeUndefined()
    approve('ada', ['approvers'])
    expect(await find()).toBe('ada')
  })

  test('12: by an account whose write permission was taken away since', async () => {
    approve('ada', ['approvers'])
    shop.hosted.roles.set('ada', 'read')
    expect(await find()).toBeUndefined()
  })

  test('by a bot', async () => {
    approve('deploy-bot[bot]', ['approvers'])
    expect(await find()).toBeUndefined()
  })

  test('when it is a rejection', async () => {
    approve('ada', ['approvers'], 'rejected')
    expect(await find()).toBeUndefined()
  })

  test('when those before the plan could not be read, or now cannot', async () => {
    approve('ada', ['approvers'])
    expect(await find(planned({}))).toBeUndefined()
    const blind = shop.open({ permissions: { contents: 'write' } })
    expect(
      await findApprover(blind, saved, { run: '7', environment: 'approvers', events: [planned()] }),
    ).toBeUndefined()
  })

  test('for a plan that the history does not know', async () => {
    approve('ada', ['approvers'])
    expect(
      await findApprover(shop.repository, saved, { run: '7', environment: 'approvers', events: [] }),
    ).toBeUndefined()
  })
})
