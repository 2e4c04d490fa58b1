/** A rollback by hand, through the workflow that users call: planned, then approved, then just that plan carried out. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeAct } from '../support/act/describe-act.ts'
import { documentedWorkflow } from '../support/act/documented.ts'
import { changeInRelease } from '../support/act/release.ts'
import { openShop, type Shop } from '../support/act/shop.ts'
import type { RunOptions } from '../support/act/users-repository.ts'

const file = '.github/workflows/rollback.yml'
/** What users paste, with the approval that the document tells of. */
const caller = documentedWorkflow('docs/workflows.md', 'rollback').replace(
  'with: {',
  'with: { approval: "${{ vars.APPROVAL }}",',
)

const changed = (from: string | RegExp, to: string) => changeInRelease(file, from, to)

describeAct('a rollback by hand', () => {
  let shop: Shop
  let bad: string
  beforeAll(async () => {
    shop = await openShop({ 'rollback.yml': caller })
    bad = await shop.breakProduction()
  })
  afterAll(() => shop.close())

  /** @returns all that the scenarios look at */
  async function dispatch(inputs: Record<string, string>, options: RunOptions = {}) {
    const run = await shop.run(file, {
      event: 'workflow_dispatch',
      inputs: { environment: 'production', reason: 'the shop is down', 'dry-run': 'false', ...inputs },
      runId: String(shop.hosted.nextId()),
      ...options,
    })
    const [plan, apply, rollback] = ['plan', 'apply', 'rollback'].map(
      (job) => run.jobs[`rollback/${job}`] ?? 'skipped',
    )
    return { log: run.log, exitCode: run.exitCode, plan, apply, rollback, head: await shop.head() }
  }
  const approved = { vars: { APPROVAL: 'rollback-approval' } }
  const whatIsRight = { exitCode: 0, plan: 'success', apply: 'success', rollback: 'skipped' }

  test('a dry run plans, and changes nothing', async () => {
    expect(await dispatch({ 'dry-run': 'true' })).toMatchObject({
      ...{ exitCode: 0, plan: 'success', apply: 'skipped', rollback: 'skipped', head: bad },
      log: expect.stringContaining('Rollback planned'),
    })
  })

  test.each([
    [
      'the condition of the job that applies is broken',
      changed("needs.plan.outputs.decision == 'planned'", "needs.plan.outputs.decision == 'plan'"),
      { apply: 'skipped' },
    ],
    [
      'the plan’s job drops its output',
      changed(/ {6}decision: \$\{\{ steps\.plan\.outputs\.decision \}\}\n/, ''),
      { apply: 'skipped' },
    ],
    [
      'the plan’s job lacks a permission',
      changed('      contents: write # the history\n', '      contents: read\n'),
      { plan: 'failure', log: expect.stringContaining('contents: write') },
    ],
    [
      'an action of others is not pinned by its commit',
      changed(/upload-artifact@\w+ # v[\d.]+/, 'upload-artifact@v7'),
      { plan: 'failure', log: expect.stringContaining('actions/upload-artifact') },
    ],
  ])('this test sees it when %s', async (_, change, seen) => {
    const found = await dispatch({}, { ...approved, change })
    expect(found).toMatchObject({ ...seen, head: bad })
    expect(found).not.toMatchObject(whatIsRight)
  })

  test('a plan is not carried out when the branch has moved since', async () => {
    const git = 'git -C "$PEOPLES_CLONE" -c user.name=Grace -c user.email=grace@example.com'
    const push = `${git} commit --quiet --allow-empty -m Meanwhile && ${git} push --quiet origin HEAD:main`
    const found = await dispatch(
      {},
      {
        ...approved,
        env: { PEOPLES_CLONE: shop.production.clone },
        change: changed(
          '      - name: Fetch the plan\n',
          `      - run: ${push}\n      - name: Fetch the plan\n`,
        ),
      },
    )
    expect(found).toMatchObject({
      ...{ plan: 'success', apply: 'failure' },
      log: expect.stringMatching(/no longer holds|has moved since/),
    })
    expect(await shop.hosted.git.readCommit(found.head)).toMatchObject({
      parents: [bad],
      message: 'Meanwhile',
    })
  })

  test('once the plan is approved, just that plan is carried out', async () => {
    expect((await shop.production.visit()).status).toBe(500)
    const before = await shop.head()
    const found = await dispatch({}, approved)
    expect(found).toMatchObject(whatIsRight)
    const { git } = shop.hosted
    expect(await git.readCommit(found.head)).toMatchObject({
      parents: [before],
      tree: (await git.readCommit(shop.good)).tree,
    })
    expect((await shop.production.visit()).status).toBe(200)
    expect(shop.hosted.issues).toHaveLength(1)
    const kinds = (await shop.events()).map(({ kind }) => kind)
    expect(kinds.slice(-6)).toEqual([
      'rollback-began',
      'rollback-applied',
      'revision-deployed',
      'recovery-verified',
      'rollback-ended',
      'postmortem-opened',
    ])
  })
})
