import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Event, newEvent } from '../../src/history/event.ts'
import { describeHold, findHold, type HoldAnswer } from '../../src/history/hold.ts'
import { noLimits } from '../support/github/limits.ts'
import { openShop, type Shop } from '../support/repository.ts'

let shop: Shop
beforeEach(async () => {
  shop = await openShop({ limits: noLimits })
  shop.hosted.roles.set('ada', 'write')
  shop.hosted.roles.set('root', 'admin')
  shop.hosted.roles.set('reader', 'read')
})
afterEach(() => shop.close())

function happened(kind: 'hold-set' | 'hold-lifted', at: string, more: Partial<Event> = {}): Event {
  const about = { incident: 'production-abc', environment: 'production', revision: 'a'.repeat(40) }
  const draft = { kind, at: `2026-11-24T${at}:00.000Z`, actor: 'grace', because: 'the audit', ...about }
  return { ...newEvent(draft, [at]), ...more } as Event
}

/** An issue that somebody opened, with labels that the same person put on. */
async function label(login: string, labels: string[], title = 'Audit until Friday'): Promise<number> {
  const { octokit, owner, repo } = shop.open({
    kind: login.endsWith('[bot]') ? 'app' : 'user',
    login,
    permissions: { issues: 'write' },
  })
  const { data } = await octokit.rest.issues.create({ owner, repo, title, labels })
  return data.number
}

const ask = (
  { text = '', events = [] }: { text?: string; events?: readonly Event[] } = {},
  environment = 'production',
): Promise<HoldAnswer> => findHold(shop.repository, { environment, text, events })

/** The sentence of the hold there is; '' for none. */
const say = async (...asked: Parameters<typeof ask>) => {
  const { hold } = await ask(...asked)
  return hold === undefined ? '' : describeHold(hold)
}
const today = () => new Date().toISOString().slice(0, 10)

test('nobody holds anything: there is no hold, and nothing to remark', async () => {
  expect(await ask()).toEqual({ hold: undefined, remarks: [] })
})

test('a text of the workflow is a hold, and GitHub is not even asked', async () => {
  const sentence = 'automatic rollbacks of production are on hold (the input `hold`): the audit until Friday'
  expect(await say({ text: ' the audit\nuntil Friday ' })).toBe(sentence)
  expect(shop.github.requests).toEqual([])
})

describe('in the history', () => {
  test('a hold that was set holds, and says who set it, when and why', async () => {
    expect(await say({ events: [happened('hold-set', '12:00')] })).toBe(
      'automatic rollbacks of production are on hold since 2026-11-24 12:00 UTC by grace (the history): the audit',
    )
  })

  test('one that was lifted does not, until it is set again', async () => {
    const lifted = [happened('hold-set', '12:00'), happened('hold-lifted', '13:00')]
    expect(await say({ events: lifted })).toBe('')
    expect(await say({ events: [...lifted, happened('hold-set', '14:00')] })).toContain('14:00 UTC')
  })

  test('one of another environment does not', async () => {
    const events = [happened('hold-set', '12:00', { environment: 'staging' })]
    expect(await say({ events })).toBe('')
    expect(await say({ events }, 'staging')).toContain('rollbacks of staging are on hold')
  })
})

describe('a label on an open issue', () => {
  test.each(['ada', 'root'])(
    'holds all environments, when %s may write, and says who set it',
    async (who) => {
      await label(who, ['rollback-hold'])
      expect(await say()).toMatch(
        new RegExp(
          `^automatic rollbacks of production are on hold since ${today()} \\d\\d:\\d\\d UTC by ${who} \\(label rollback-hold on #1\\): Audit until Friday$`,
        ),
      )
      expect(await say({}, 'staging')).toContain('rollbacks of staging are on hold')
    },
  )

  test('with an environment in its name holds that one alone, whatever the case of its letters', async () => {
    await label('ada', ['Rollback-Hold:production'])
    expect(await say()).toContain('label rollback-hold:production on #1')
    expect(await say({}, 'staging')).toBe('')
  })

  test('on a pull request holds, too', async () => {
    await shop.commit({ 'README.md': '# Shop\n' })
    await shop.commit({ 'README.md': '# Shops\n' }, { branch: 'topic' })
    const { octokit, owner, repo } = shop.open({
      kind: 'user',
      login: 'ada',
      permissions: { contents: 'write', issues: 'write', 'pull-requests': 'write' },
    })
    await octokit.rest.git.createRef({ owner, repo, ref: 'refs/heads/next', sha: await shop.head('topic') })
    const opened = await octokit.rest.pulls.create({
      owner,
      repo,
      title: 'Move the data',
      head: 'next',
      base: 'main',
    })
    const { number } = opened.data
    await octokit.rest.issues.addLabels({ owner, repo, issue_number: number, labels: ['rollback-hold'] })
    expect(await say()).toContain(`label rollback-hold on #${number}): Move the data`)
  })

  test.each(['reader', 'stranger', 'some-app[bot]'])(
    'by %s, who has no write access, is named and ignored',
    async (who) => {
      shop.hosted.roles.set('stranger', 'none')
      await label(who, ['rollback-hold'])
      expect(await ask()).toEqual({
        hold: undefined,
        remarks: [`the label rollback-hold on #1 is ignored: ${who} added it, and has no write access`],
      })
    },
  )

  test('counts by who put it on last, and not by who wrote the issue', async () => {
    const number = await label('reader', ['rollback-hold'])
    const { octokit, owner, repo } = shop.open({
      kind: 'user',
      login: 'ada',
      permissions: { issues: 'write' },
    })
    await octokit.rest.issues.update({ owner, repo, issue_number: number, labels: [] })
    expect(await ask()).toEqual({ hold: undefined, remarks: [] })
    await octokit.rest.issues.addLabels({ owner, repo, issue_number: number, labels: ['rollback-hold'] })
    expect(await say()).toContain('by ada')
  })

  test('does not count once the one who put it on has lost write access', async () => {
    await label('ada', ['rollback-hold'])
    shop.hosted.roles.set('ada', 'read')
    expect((await ask()).hold).toBeUndefined()
  })

  test('by a stranger does not hide one that counts', async () => {
    await label('ada', ['rollback-hold'], 'The real one')
    await label('reader', ['rollback-hold'], 'A prank')
    const { hold, remarks } = await ask()
    expect(hold).toMatchObject({ by: 'ada', because: 'The real one' })
    expect(remarks).toHaveLength(1)
  })

  test('of an issue that is closed does not', async () => {
    const number = await label('ada', ['rollback-hold'])
    const { octokit, owner, repo } = shop.repository
    await octokit.rest.issues.update({ owner, repo, issue_number: number, state: 'closed' })
    expect(await ask()).toEqual({ hold: undefined, remarks: [] })
  })
})

test('without the permission to read issues their labels are left out, it is said, and the rest counts', async () => {
  await label('ada', ['rollback-hold'])
  const blind = shop.open({ permissions: { contents: 'write' } })
  const nothing = await findHold(blind, { environment: 'production', text: '', events: [] })
  expect(nothing.hold).toBeUndefined()
  expect(nothing.remarks).toEqual([
    expect.stringMatching(/^holds by label could not be read: .*issues: read/),
  ])
  const events = [happened('hold-set', '12:00')]
  expect((await findHold(blind, { environment: 'production', text: '', events })).hold?.by).toBe('grace')
})

test('when GitHub gives no answer it is not known, and not taken for none', async () => {
  // both labels are asked for at the same time: the first that is given up ends the other
  shop.github.fault({ kind: 'server-error', status: 502, operation: 'issues/list-for-repo', times: Infinity })
  await expect(ask()).rejects.toThrow('list what has the label rollback-hold')
})
