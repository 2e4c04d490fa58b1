/** What is answered to a comment is true of what became of it. */
import { describe, expect, test } from '@jest/globals'
import { describeOutcome, hear } from '../../src/issueops/reply.ts'
import { openShop } from '../support/repository.ts'

const failed = 'a'.repeat(40)
const outcomeOf = (decision: string) =>
  describeOutcome({ decision, commit: failed, postmortem: '', url: 'https://github.example/run' })

describe('a reply', () => {
  test.each(['planned', 'held', 'well', 'nothing', 'failed', 'undone', 'proposed', ''])(
    'to what ended as "%s" names no revision to deploy: the output `commit` is what is deployed already',
    (decision) => {
      expect(outcomeOf(decision).words).not.toContain(failed)
    },
  )

  test('12: to what ended as "rolled-back" is no rocket: production was not checked', () => {
    expect(outcomeOf('rolled-back')).toEqual({
      reaction: 'eyes',
      words: `Rolled back. This run did not check production: check it once the restored revision is deployed. The revision to deploy is ${failed}. [The run](https://github.example/run) has the details.`,
    })
  })

  test.each(['complete', 'not-recovered'])(
    'to what ended as "%s" names the revision that is deployed, and asks nobody to deploy it',
    (decision) => {
      const { words } = outcomeOf(decision)
      expect(words).toContain(`The deployed revision is ${failed}.`)
      expect(words).not.toContain('to deploy')
    },
  )

  test.each(['already-rolled-back', 'not-deployed', 'not-verified', 'partial'])(
    'to what ended as "%s" names the revision to deploy',
    (decision) => {
      expect(outcomeOf(decision).words).toContain(`The revision to deploy is ${failed}.`)
    },
  )

  test.each([
    'partial',
    'failed',
    'undone',
    'held',
    'proposed',
    'not-deployed',
    'not-recovered',
    'not-verified',
    '',
  ])('to what ended as "%s" is no rocket, for something is left to do', (decision) => {
    expect(outcomeOf(decision).reaction).toBe('-1')
  })
})

test('a reply ends with one mark: a question that suggests a command has no full stop behind it', async () => {
  const shop = await openShop()
  shop.hosted.roles.set('ada', 'write')
  const repository = shop.open({ login: 'ada', kind: 'user', permissions: { issues: 'write' } })
  const { octokit, owner, repo } = repository
  await octokit.rest.issues.create({ owner, repo, title: 'down' })
  const body = '/rollbak'
  const { data } = await octokit.rest.issues.createComment({ owner, repo, issue_number: 1, body })
  const comment = { ...{ id: data.id, body, on: 1, isNew: true }, author: { login: 'ada', isBot: false } }
  const heard = await hear(repository, comment, (name) => name || 'production')
  expect(heard).toEqual({ kind: 'refused', why: 'misunderstood' })
  expect(shop.hosted.comments.at(-1)?.body).toMatch(/did you mean `\/rollback`\?$/)
  await shop.close()
})

test('a command is carried out although its comment takes no reaction: it was deleted since', async () => {
  const shop = await openShop()
  shop.hosted.roles.set('ada', 'write')
  const repository = shop.open({ login: 'ada', kind: 'user', permissions: { issues: 'write' } })
  const comment = {
    ...{ id: 404, body: '/rollback', on: 1, isNew: true },
    author: { login: 'ada', isBot: false },
  }
  const heard = await hear(repository, comment, (name) => name || 'production')
  expect(heard).toMatchObject({
    kind: 'command',
    command: { name: 'rollback', environment: 'production' },
  })
  await shop.close()
})

test.each<[string, 'read' | 'none' | undefined]>([
  ['may only read', 'read'],
  ['has lost its access', 'none'],
  ['was never let in', undefined],
])('12: a command of an account that %s is refused, and changes nothing', async (_, role) => {
  const shop = await openShop()
  try {
    if (role !== undefined) shop.hosted.roles.set('reader', role)
    const { octokit, owner, repo } = shop.open({
      login: 'reader',
      kind: 'user',
      permissions: { issues: 'write' },
    })
    await octokit.rest.issues.create({ owner, repo, title: 'The shop is down' })
    const body = '/rollback'
    const { data } = await octokit.rest.issues.createComment({ owner, repo, issue_number: 1, body })
    const author = { login: 'reader', isBot: false }
    const comment = { id: data.id, body, on: 1, isNew: true, author }
    const heard = await hear(shop.repository, comment, (name) => name || 'production')
    expect(heard).toEqual({ kind: 'refused', why: 'no-permission' })
  } finally {
    await shop.close()
  }
})
