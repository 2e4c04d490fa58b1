/** `mode: doctor` on a whole shop: it says that a rollback would work, and finds each thing for which it would not. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import { startRun } from '../support/github/runs.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())
const limit = 90_000

const examine = async (job: Partial<Job> = {}, env: Record<string, string> = {}) => {
  const before = await world()
  const result = await shop.run({ action: 'rollback', inputs: { mode: 'doctor' }, env }, job)
  // it changes nothing, whatever it finds
  expect(await world()).toEqual(before)
  return result
}
const world = async () => ({
  refs: await shop.hosted.git.listRefs('refs/'),
  columns: shop.columns(),
  releases: await shop.releases(),
  issues: shop.hosted.issues.length,
  comments: shop.hosted.comments.length,
  dispatches: shop.hosted.dispatches.length,
})

/** Backups in which a rollback of the database would need one. */
const byBackup = { database: { strategy: 'backup' } }

test(
  'when all is well it says so, in one line of the summary but for what could be better',
  async () => {
    shop = await openWholeShop(byBackup)
    const { exitCode, log, outputs, summary } = await examine()
    expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'ready' })
    expect(summary).toContain('A rollback of production would work now')
    expect(log).toMatch(new RegExp(`ok +target: a rollback would restore ${shop.good.slice(0, 7)}`))
    expect(log).toMatch(/ok +deploy workflow: deploy\.yml is active and can be started on main/)
    expect(log).toMatch(/ok +layers: database and ota can be opened and planned/)
    expect(log).toMatch(/ok +backup: .* its stored bytes are unchanged/)
  },
  limit,
)

describe('it finds', () => {
  const workflow = (text: string) => shop.commit({ '.github/workflows/deploy.yml': text })
  const dispatchable = 'on: { push: {}, workflow_dispatch: { inputs: { revision: {} } } }\n'
  const ruleset = (include: string, type: 'update' | 'pull_request' | 'creation') =>
    shop.hosted.addRuleset({
      name: 'rules',
      enforcement: 'active',
      include: [include],
      rules: [type === 'pull_request' ? { type, approvals: 1 } : { type }],
    })

  test.each<[string, () => Promise<Awaited<ReturnType<typeof examine>>>, RegExp]>([
    [
      'a missing permission',
      async () => {
        shop = await openWholeShop({ permissions: { contents: 'read' } })
        return examine()
      },
      /WRONG +contents: write: the token lacks contents: write, .*\n.*Add `contents: write` to the `permissions` of the job/,
    ],
    [
      'a missing permission to start the deploy workflow',
      async () => {
        shop = await openWholeShop({ permissions: { actions: 'read' } })
        return examine()
      },
      /WRONG +actions: write: the token lacks actions: write, which is needed for `code\.redeploy`/,
    ],
    [
      'the concurrency trap',
      async () => {
        shop = await openWholeShop()
        const sha = await workflow(`concurrency: production\n${dispatchable}jobs: {}\n`)
        const own = await startRun(shop.hosted, {
          ...{ workflow: 'deploy.yml', ref: 'main', sha, event: 'push', actor: 'grace' },
        })
        own.status = 'in_progress'
        return examine({ runId: String(own.id) })
      },
      /WRONG +concurrency: deploy\.yml would wait for the group "production", which this run holds\n.*Set `concurrency` on the job that deploys/,
    ],
    [
      'an absent secret',
      async () => {
        shop = await openWholeShop()
        return examine({}, { CODEPUSH_ACCESS_KEY: '' })
      },
      /WRONG +secrets: CODEPUSH_ACCESS_KEY is not set, or empty\n.*secrets: inherit/,
    ],
    [
      'a broken backup',
      async () => {
        shop = await openWholeShop(byBackup)
        const [name = ''] = readdirSync(shop.storage)
        const part = readdirSync(join(shop.storage, name)).find((file) => file !== 'manifest.json') ?? ''
        writeFileSync(join(shop.storage, name, part), 'broken')
        return examine()
      },
      /WRONG +backup: the last backup, .*, is broken: .*\n.*Run db-backup now/,
    ],
    [
      'a deploy workflow without dispatch',
      async () => {
        shop = await openWholeShop()
        await workflow('on: push\njobs: {}\n')
        return examine()
      },
      /WRONG +deploy workflow: deploy\.yml cannot be started on main: it has no `workflow_dispatch` trigger/,
    ],
    [
      'a deploy workflow whose inputs do not fit',
      async () => {
        shop = await openWholeShop()
        await workflow('on: { workflow_dispatch: { inputs: { track: { required: true } } } }\njobs: {}\n')
        return examine()
      },
      /WRONG +deploy workflow: .*it has no input `revision`; its input `track` is required/,
    ],
    [
      'a disabled workflow',
      async () => {
        shop = await openWholeShop()
        shop.hosted.disabledWorkflows.add('deploy.yml')
        return examine()
      },
      /WRONG +deploy workflow: deploy\.yml is disabled manually\n.*gh workflow enable deploy\.yml/,
    ],
    [
      'a protected branch that the token cannot push to',
      async () => {
        shop = await openWholeShop()
        ruleset('refs/heads/main', 'update')
        return examine()
      },
      /WRONG +branch: main has the rule update, which allows no rollback commit/,
    ],
    [
      'a branch that wants a pull request, where Actions may open none',
      async () => {
        shop = await openWholeShop({ permissions: { 'pull-requests': 'write', administration: 'read' } })
        ruleset('refs/heads/main', 'pull_request')
        shop.hosted.actionsMayOpenPulls = false
        return examine()
      },
      /WRONG +pull requests: the repository does not let Actions open pull requests\n.*Allow GitHub Actions to create/,
    ],
    [
      'a history that cannot be written',
      async () => {
        shop = await openWholeShop()
        ruleset('refs/heads/rollback-history', 'creation')
        return examine()
      },
      /WRONG +history branch: rollback-history has the rules creation/,
    ],
    [
      '12: that nothing deploys the restored revision',
      async () => {
        shop = await openWholeShop({ settings: { code: {} } })
        return examine()
      },
      /WRONG +deploy workflow: nothing deploys the restored revision\n.*Set `code\.redeploy`/,
    ],
    [
      '12: that nothing shows whether production has recovered',
      async () => {
        shop = await openWholeShop({ settings: { health: {} } })
        return examine()
      },
      /WRONG +checks: no check is configured: nothing shows whether production has recovered/,
    ],
    [
      'no target',
      async () => {
        shop = await openWholeShop()
        shop.hosted.deployments.splice(0)
        return examine()
      },
      /WRONG +target: no revision to restore was found: /,
    ],
  ])(
    '%s',
    async (_, look, line) => {
      const { exitCode, log, outputs, summary } = await look()
      expect(log).toMatch(line)
      expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'not-ready' })
      expect(summary).toContain('## A rollback would not work')
    },
    limit,
  )
})

describe('what could not be looked at is said, and is not green', () => {
  test(
    'the setting of pull requests, which only an administrator can read',
    async () => {
      shop = await openWholeShop({ permissions: { 'pull-requests': 'write' } })
      shop.hosted.addRuleset({
        ...{ name: 'rules', enforcement: 'active', include: ['~DEFAULT_BRANCH'] },
        rules: [{ type: 'pull_request', approvals: 1 }],
      })
      const { exitCode, log, outputs, summary } = await examine()
      expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 0, decision: 'unsure' })
      expect(log).toMatch(
        /unknown +pull requests: the setting that lets Actions open pull requests could not be read/,
      )
      expect(summary).toContain('## Not everything could be checked')
    },
    limit,
  )

  test(
    'a hold is a warning: it is meant',
    async () => {
      shop = await openWholeShop()
      const { exitCode, log, outputs } = await shop.run({
        action: 'rollback',
        inputs: { mode: 'doctor', hold: 'an audit' },
      })
      expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 0, decision: 'ready' })
      expect(log).toMatch(/warning +guards: an automatic rollback would be held: .*an audit/)
    },
    limit,
  )
})
