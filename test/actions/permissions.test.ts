import { DatabaseSync } from 'node:sqlite'
/** Each action, with a token that may do just what its contract says it always needs; and with one that may less. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { actions } from '../../src/actions/table.ts'
import type { Job } from '../../src/drill/runner.ts'
import type { Level } from '../support/github/tokens.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

type Permissions = Readonly<Record<string, Level>>

/** What to give each action, so that it does its usual work; in an order in which each finds something to do. */
const inputsOf = ({
  database,
  storage,
  updates,
}: WholeShop): Readonly<Record<string, Record<string, string>>> => ({
  'db-backup': { 'database-url': `sqlite:${database}`, storage: `${storage}-2` },
  'health-gate': { window: '1s', interval: '100ms' },
  'git-rollback': {},
  'db-restore': {
    'database-url': `sqlite:${database}`,
    storage,
    backup: 'before-deployment',
    'allow-data-loss': 'true',
  },
  'db-migrate': { 'database-url': `sqlite:${database}.new`, migrations: 'db' },
  'codepush-rollback': {
    'server-url': updates.url,
    'access-key': updates.accessKey,
    channels: 'Shop-ios/Production',
    'verify-timeout': '2s',
  },
  'config-rollback': { mode: 'restore', files: 'server.mjs' },
  'postmortem-issue': {},
  incident: { operation: 'acknowledge' },
  'rollback-report': {},
  // on a shop of its own
  rollback: { layers: 'code' },
  // last: its hold would hold the others
  issueops: {},
})

const guarded: ReadonlySet<string> = new Set(['db-restore', 'codepush-rollback', 'config-rollback'])
const ofAnother: ReadonlySet<string> = new Set(['config-rollback', 'rollback'])
// a later step of the job deploys the output commit: to start a workflow needs more than the least permissions
const usual = { settings: { code: { redeploy: 'external' } } }
let shop: WholeShop
let another: WholeShop
beforeAll(async () => {
  shop = await openWholeShop(usual)
  another = await openWholeShop(usual)
})
afterAll(() => Promise.all([shop.close(), another.close()]))

test('each action does its work with the permissions of its contract, and names the one that is not there', async () => {
  const inputs = inputsOf(shop)
  // one that no other tool migrates
  const fresh = new DatabaseSync(`${shop.database}.new`)
  fresh.exec('CREATE TABLE product (name TEXT, price INTEGER)')
  fresh.close()
  expect(Object.keys(inputs).sort()).toEqual(actions.map(({ name }) => name).sort())
  const comment = await hold(shop)
  for (const [action, given] of Object.entries(inputs)) {
    const permissions: Permissions = actions.find(({ name }) => name === action)?.permissions ?? {}
    const run = (held: Permissions) => {
      const { run: start, github } = ofAnother.has(action) ? another : shop
      const token = github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions: held })
      // in a manual run the deployed revision is asked for, and no rollback before holds the next one
      const isManual = 'deployments' in permissions || guarded.has(action)
      const byHand = isManual ? { eventName: 'workflow_dispatch' } : {}
      return start({ action, inputs: given }, { ...byHand, ...(action === 'issueops' && comment), token })
    }
    for (const [scope, level] of Object.entries(permissions).reverse()) {
      const { [scope]: _, ...others } = permissions
      const { exitCode, log } = await run(level === 'write' ? { ...others, [scope]: 'read' } : others)
      expect({ action, scope, exitCode, log }).toMatchObject({
        exitCode: 1,
        log: expect.stringContaining(`${scope}: ${level}`),
      })
    }
    const { exitCode, log, outputs } = await run(permissions)
    // the gate fails the step because of what it sees
    expect({ action, exitCode, log }).toMatchObject({ exitCode: action === 'health-gate' ? 1 : 0 })
    expect({ action, decision: outputs['decision'] }).toMatchObject({
      decision: expect.stringMatching(
        /^(backed-up|roll-back|hold|rolled-back|already-rolled-back|unchanged|complete|migrated|already-migrated|reported|acknowledged)$/,
      ),
    })
  }
})

/** Somebody writes a comment. @returns the event of it */
async function hold({ hosted, open }: WholeShop): Promise<Partial<Job>> {
  hosted.roles.set('grace', 'write')
  const { octokit, owner, repo } = open({ login: 'grace', kind: 'user', permissions: { issues: 'write' } })
  await octokit.rest.issues.create({ owner, repo, title: 'The shop is down' })
  const body = '/hold reason until the audit is over'
  const { data } = await octokit.rest.issues.createComment({ owner, repo, issue_number: 1, body })
  const comment = { id: data.id, body, user: { login: 'grace', type: 'User' } }
  return {
    eventName: 'issue_comment',
    event: { action: 'created', issue: { number: 1 }, comment, sender: comment.user },
  }
}
