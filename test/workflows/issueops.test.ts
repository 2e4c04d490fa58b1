/** Comments on issues and pull requests, with the payloads that GitHub sends, through the workflow that users call. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeAct } from '../support/act/describe-act.ts'
import { documentedWorkflow } from '../support/act/documented.ts'
import { exampleEvent } from '../support/act/events.ts'
import { openShop, type Shop } from '../support/act/shop.ts'

const repository = { owner: 'octo-org', repo: 'shop' }
const file = '.github/workflows/issueops.yml'

describeAct('a comment', () => {
  let shop: Shop
  let bad: string
  beforeAll(async () => {
    shop = await openShop({ 'issueops.yml': documentedWorkflow('docs/workflows.md', 'issueops') })
    bad = await shop.breakProduction()
    shop.hosted.roles.set('eve', 'read')
    await shop.as('grace').octokit.rest.issues.create({ ...repository, title: 'The shop is down' })
  })
  afterAll(() => shop.close())

  /** Writes it as the person, and runs the workflow for it. */
  async function comment(body: string, { login = 'grace', type = 'User', pull = false } = {}) {
    const { hosted } = shop
    const { octokit } = shop.as(login)
    const { id } = (await octokit.rest.issues.createComment({ ...repository, issue_number: 1, body })).data
    const run = await shop.run(file, {
      event: 'issue_comment',
      actor: login,
      runId: String(id),
      payload: exampleEvent('issue_comment', 'created', {
        comment: { id, body, user: { login, type } },
        issue: {
          number: 1,
          ...(pull && { pull_request: { url: 'https://api.github.com/repos/octo-org/shop/pulls/1' } }),
        },
        repository: {
          full_name: 'octo-org/shop',
          name: 'shop',
          owner: { login: 'octo-org' },
          default_branch: 'main',
        },
        sender: { login, type },
      }),
    })
    return {
      run,
      reactions: hosted.reactions.filter((each) => each.comment === id).map(({ content }) => content),
      answers: hosted.comments
        .filter(({ body: text }) => text.includes(`: ${id} -->`))
        .map(({ body: text }) => text),
    }
  }

  test.each([
    ['of a person without write access is refused, and told so', { login: 'eve' }, ['-1'], 1],
    ['of a bot is not answered', { login: 'ci[bot]', type: 'Bot' }, [], 0],
  ])('%s', async (_, by, reactions, answers) => {
    const head = await shop.head()
    const said = await comment('/rollback reason because', by)
    expect({ log: said.run.log, exit: said.run.exitCode }).toMatchObject({ exit: 0 })
    expect(said.reactions).toEqual(reactions)
    expect(said.answers).toHaveLength(answers)
    expect(said.run.jobs['rollback/rollback'] ?? 'skipped').toBe('skipped')
    expect(await shop.head()).toBe(head)
  })

  test.each(['> /rollback', '```\n/rollback\n```', 'one could write\n/rollback'])(
    '%j is no command',
    async (body) => {
      const said = await comment(body)
      expect(said.run.exitCode).toBe(0)
      expect([...said.reactions, ...said.answers]).toEqual([])
    },
  )

  test.each(['/rollback prodcution', '/hold staging', '/unhold prod'])(
    '12.9: %s names no environment of the settings, and is answered at once',
    async (body) => {
      const said = await comment(body)
      expect(said.reactions).toEqual(['confused'])
      expect(said.answers).toEqual([expect.stringContaining('describes the environment "production"')])
      expect(said.run.jobs['rollback/rollback'] ?? 'skipped').toBe('skipped')
      expect(await shop.events()).toEqual([])
    },
  )

  test('/hold and /unhold are in the history, with who said it', async () => {
    const held = await comment('/hold reason audit until Friday')
    expect({ log: held.run.log, reactions: held.reactions }).toMatchObject({ reactions: ['eyes', 'rocket'] })
    expect(held.answers).toEqual([
      expect.stringContaining('on hold until somebody writes `/unhold production`'),
    ])
    expect((await comment('/unhold')).answers).toEqual([expect.stringContaining('no longer on hold')])
    const events = await shop.events()
    expect(events).toMatchObject([
      {
        kind: 'hold-set',
        actor: 'grace',
        environment: 'production',
        because: 'audit until Friday',
        revision: bad,
      },
      { kind: 'hold-lifted', actor: 'grace' },
    ])
  })

  test('/rollback plan shows what would be done, and changes nothing', async () => {
    const head = await shop.head()
    const said = await comment('/rollback plan')
    expect({ log: said.run.log, answers: said.answers }).toMatchObject({
      answers: [expect.stringContaining('only the plan, nothing was changed')],
    })
    expect(said.reactions).toEqual(['eyes', 'rocket'])
    expect(await shop.head()).toBe(head)
  })

  test('/rollback on a pull request takes production back, and says so', async () => {
    expect((await shop.production.visit()).status).toBe(500)
    const said = await comment('/rollback reason $(touch /tmp/pwned) the shop is down', { pull: true })
    expect({ log: said.run.log, reactions: said.reactions }).toMatchObject({ reactions: ['eyes', 'rocket'] })
    expect(said.answers).toEqual([
      expect.stringMatching(/Rolled back\..*deployed revision is [0-9a-f]{40}\..*post-mortem is #\d+/),
    ])
    const head = await shop.head()
    expect(await shop.hosted.git.readCommit(head)).toMatchObject({
      parents: [bad],
      message: expect.stringContaining('$(touch /tmp/pwned) the shop is down'),
    })
    expect((await shop.production.visit()).status).toBe(200)
  })
})
