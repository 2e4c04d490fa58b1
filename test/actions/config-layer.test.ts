/** The front door rolls configuration back: files of the repository by a commit, files of a machine, Actions variables. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import type { Event } from '../../src/history/event.ts'
import { badConfig, type ConfigShop, goodConfig, openConfigShop, secret } from '../support/config-shop.ts'

let shop: ConfigShop
afterEach(() => shop.close())

const limit = 60_000
const byHand: Partial<Job> = { eventName: 'workflow_dispatch' }
const error = { 'issue-type': 'config-error' }
const rollBack = (inputs: Record<string, string> = error, job: Partial<Job> = {}, env = {}) =>
  shop.run({ action: 'rollback', inputs, env }, job)
const eventsOf = async <K extends Event['kind']>(kind: K) =>
  (await shop.history.read()).events.filter((event) => event.kind === kind)

describe('files of the repository', () => {
  test.each([
    ['automatic', {}, {}],
    ['manual', byHand, {}],
    ['manual', byHand, { health: {} }],
  ] as const)(
    'whose commit could not be deployed are not done: the next %s run of config-rollback deploys it (%j, %j)',
    async (_, job, more) => {
      shop = await openConfigShop({ more })
      shop.failDeployments(1)
      const restore = { action: 'config-rollback', inputs: { mode: 'restore' } }
      const first = await shop.run(restore)
      expect(first).toMatchObject({ exitCode: 1, outputs: { decision: 'not-deployed' } })
      const head = await shop.head()
      const again = await shop.run(restore, job)
      // it verifies production where there are checks
      const decision = 'health' in more ? 'rolled-back' : 'complete'
      expect({ log: again.log, exitCode: again.exitCode, ...again.outputs }).toMatchObject({
        exitCode: 0,
        decision,
        commit: head,
      })
      expect(shop.deployed).toEqual([head])
      // done is a statement on what is deployed, and names it
      const done = await shop.run(restore, byHand)
      expect({ log: done.log, ...done.outputs }).toMatchObject({
        decision: 'already-rolled-back',
        commit: head,
      })
      expect(done.log).toContain(`config is at ${head.slice(0, 7)}`)
      expect(shop.deployed).toEqual([head])
    },
    limit,
  )

  test(
    'go back by one commit of just these files, which is deployed; the code stays',
    async () => {
      shop = await openConfigShop()
      const { exitCode, log, outputs, summary } = await rollBack()
      expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
      expect(outputs).toMatchObject({ decision: 'complete', layers: 'config', commit: await shop.head() })
      expect(await shop.read('config/app.json')).toBe(goodConfig)
      expect(await shop.read('server.mjs')).toBe('serve() // faster\n')
      expect(shop.deployed).toEqual([await shop.head()])
      expect(log).toContain('config/app.json: api.baseUrl: "https://bad" → "https://good"')
      expect(log).toContain('not changed: code')
      expect(summary).toContain('"https://bad" → "https://good"')
      const [applied] = await eventsOf('rollback-applied')
      expect(applied).toMatchObject({
        layer: 'config',
        from: shop.bad,
        to: shop.good,
        now: await shop.head(),
      })
    },
    limit,
  )

  test(
    'are not shown with their secrets, old or new: not in the log, the summary, the outputs, the report or the history (digger 2677)',
    async () => {
      shop = await openConfigShop()
      const { log, outputs, summary } = await rollBack()
      const told = JSON.stringify([log, summary, outputs, (await shop.history.read()).events])
      expect(log).toContain('config/app.json: api.token: *** → ***')
      expect(told).not.toContain(secret)
    },
    limit,
  )

  test(
    'a second run changes nothing: the bad configuration does not come back',
    async () => {
      shop = await openConfigShop()
      await rollBack()
      const head = await shop.head()
      const again = await rollBack()
      expect(again).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back' } })
      expect(await shop.head()).toBe(head)
    },
    limit,
  )

  test(
    'go back with the code, by one commit, where that goes back, too',
    async () => {
      shop = await openConfigShop()
      const { outputs, log } = await rollBack({})
      expect(outputs).toMatchObject({ decision: 'complete', layers: 'code' })
      expect(log).toContain(
        'not changed: config: its files are restored with the code: config/app.json: api.baseUrl: "https://bad" → "https://good"',
      )
      expect(await shop.tree('main')).toBe(await shop.tree(shop.good))
    },
    limit,
  )

  test(
    'that the deployment did not change are not what is wrong: the code is rolled back',
    async () => {
      shop = await openConfigShop({ bad: { 'server.mjs': 'throw 1\n' } })
      const { outputs } = await rollBack(error, byHand)
      expect(outputs).toMatchObject({ layers: 'code' })
      expect(await shop.read('server.mjs')).toBe('serve()\n')
    },
    limit,
  )

  test(
    'are rehearsed: rolled back and taken back again, byte for byte',
    async () => {
      shop = await openConfigShop({ branch: 'staging' })
      const { log, outputs } = await rollBack({ ...error, environment: 'staging', rehearsal: 'true' }, byHand)
      expect(outputs).toMatchObject({ layers: 'config' })
      expect(log).toMatch(/config: undone, .*undoes /)
      expect(await shop.read('config/app.json', 'staging')).toBe(badConfig)
      expect(await eventsOf('rollback-undone')).toMatchObject([{ layer: 'config' }])
    },
    limit,
  )

  const flagFile = (state: string) =>
    `{ "flags": { "checkout": { "state": "${state}", "variants": { "on": true, "off": false }, "defaultVariant": "on" } } }\n`
  const besideFlags = (more: object = {}) =>
    openConfigShop({
      ...more,
      good: { 'config/app.json': goodConfig, 'flags.json': flagFile('ENABLED') },
      more: { flags: { service: 'flagd', file: 'flags.json', disable: ['checkout'] } },
    })

  test(
    'go back beside a file of flags on the same branch: one commit on top of the other, and both are deployed',
    async () => {
      shop = await besideFlags()
      const { log, outputs } = await rollBack({ layers: 'config, flags' }, byHand)
      expect({ log, ...outputs }).toMatchObject({ decision: 'complete', layers: 'flags,config' })
      const deployed = outputs['commit'] ?? ''
      expect(deployed).toBe(await shop.head())
      expect(await shop.read('config/app.json', deployed)).toBe(goodConfig)
      expect(await shop.read('flags.json', deployed)).toBe(flagFile('DISABLED'))
    },
    limit,
  )

  test(
    'a flag to switch off that would be on in the code that goes back is refused where it is asked for, and said where it is not',
    async () => {
      shop = await besideFlags()
      const head = await shop.head()
      const refused = await rollBack({ layers: 'flags, code' }, byHand)
      expect({ log: refused.log, exitCode: refused.exitCode }).toMatchObject({ exitCode: 1 })
      expect(refused.log).toContain('has checkout, which would be on in flags.json after the rollback')
      expect(await shop.head()).toBe(head)
      const { log, outputs } = await rollBack({ layers: 'code' }, byHand)
      expect({ log, ...outputs }).toMatchObject({ decision: 'complete', layers: 'code' })
      expect(log).toContain(
        'not changed: flags: flags.json is restored with the code, in which checkout is on;',
      )
      const afterwards = await rollBack({ layers: 'flags' }, byHand)
      expect(afterwards.outputs).toMatchObject({ decision: 'complete', layers: 'flags' })
      expect(await shop.read('flags.json')).toBe(flagFile('DISABLED'))
      expect(await shop.read('config/app.json')).toBe(goodConfig)
    },
    limit,
  )

  test(
    'an automatic rollback of what the deployment changed says that the flag stays on',
    async () => {
      shop = await besideFlags()
      const { log, outputs } = await rollBack({ layers: '' })
      expect({ log, ...outputs }).toMatchObject({ decision: 'complete' })
      expect(log).toContain(
        'flags.json is restored with the code, in which checkout is on; to switch it off,',
      )
    },
    limit,
  )

  test(
    'a misspelt flag is an error beside the code, too',
    async () => {
      shop = await openConfigShop({
        good: { 'config/app.json': goodConfig, 'flags.json': flagFile('ENABLED') },
        more: { flags: { service: 'flagd', file: 'flags.json', disable: ['chekout'] } },
      })
      const head = await shop.head()
      const { exitCode, log } = await rollBack({ layers: 'flags, code' }, byHand)
      expect({ log, exitCode }).toMatchObject({ exitCode: 1 })
      expect(log).toContain('"chekout", which')
      expect(await shop.head()).toBe(head)
    },
    limit,
  )

  test(
    'are not committed where the workflow that deploys them is disabled, and a plan says so',
    async () => {
      shop = await besideFlags()
      shop.hosted.disabledWorkflows.add('deploy.yml')
      const head = await shop.head()
      const planned = await rollBack({ layers: 'config', mode: 'plan' }, byHand)
      expect(planned.log).toContain('this plan would be refused')
      const { exitCode, log } = await rollBack({ layers: 'config' }, byHand)
      expect({ log, exitCode }).toMatchObject({ exitCode: 1 })
      expect(log).toContain('deploy.yml is disabled manually')
      expect(await shop.head()).toBe(head)
    },
    limit,
  )

  test(
    'do not go on top of what somebody pushes beside the flags: that is not overwritten, and said',
    async () => {
      shop = await besideFlags()
      let pushes = 0
      const end = shop.github.onRequest(async ({ operation, path }) => {
        if (operation !== 'repos/create-or-update-file-contents' || !path.includes('flags.json')) return
        if (pushes++ === 0) await shop.commit({ 'news.md': 'a push in between\n' })
      })
      const { exitCode, log, outputs } = await rollBack({ layers: 'config, flags' }, byHand)
      end()
      expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'partial' })
      expect(log).toContain('when the rollback was planned and is at')
      expect(await shop.read('config/app.json')).toBe(badConfig)
      expect(await shop.read('news.md')).toBe('a push in between\n')
      const again = await rollBack({ layers: 'config, flags' }, byHand)
      expect(again.outputs).toMatchObject({ decision: 'complete' })
      expect(await shop.read('config/app.json')).toBe(goodConfig)
    },
    limit,
  )

  test(
    'are rehearsed beside a file of flags: both are rolled back by the front door, and taken back again, byte for byte',
    async () => {
      shop = await besideFlags({ branch: 'staging' })
      const before = await shop.tree('staging')
      const inputs = { layers: 'config, flags', environment: 'staging', rehearsal: 'true' }
      const { log, outputs } = await rollBack(inputs, byHand)
      expect({ log, ...outputs }).toMatchObject({ decision: 'rehearsed' })
      expect(log).toMatch(/config: undone/)
      expect(log).toMatch(/flags: undone/)
      expect(await shop.tree('staging')).toBe(before)
      expect(await shop.read('config/app.json', 'staging')).toBe(badConfig)
      expect(await shop.read('flags.json', 'staging')).toBe(flagFile('ENABLED'))
      expect(
        (await eventsOf('rollback-undone'))
          .flatMap((event) => ('layer' in event ? [event.layer] : []))
          .sort(),
      ).toEqual(['config', 'flags'])
    },
    limit,
  )

  test(
    'that do not fit the schema of the revision that runs afterwards are refused before anything is changed',
    async () => {
      const schema = JSON.stringify({ required: ['timeoutMs'] })
      shop = await openConfigShop({
        config: { files: ['config/app.json'], schema: 'config/schema.json' },
        bad: { 'config/app.json': badConfig, 'config/schema.json': schema },
      })
      const { exitCode, log } = await rollBack(error, byHand)
      expect(exitCode).toBe(1)
      expect(log).toContain('what would be restored is not valid: config/app.json')
      expect(log).toContain('timeoutMs')
      expect(await shop.head()).toBe(shop.bad)
    },
    limit,
  )

  test(
    'that did not exist are removed only where that is allowed, and the plan says so',
    async () => {
      const bad = { 'config/app.json': badConfig, 'config/new.json': '{}' }
      const config = { files: ['config/app.json', 'config/new.json'] }
      shop = await openConfigShop({ config, bad })
      const planned = await rollBack({ ...error, mode: 'plan' }, byHand)
      expect(planned.log).toContain('config/new.json would be removed: it did not exist at the target')
      const refused = await rollBack(error, byHand)
      expect(refused).toMatchObject({ exitCode: 1 })
      expect(refused.log).toContain('`config.allow-removal`')
      expect(await shop.head()).toBe(shop.bad)
    },
    limit,
  )
})

describe('files of a machine', () => {
  const config = { files: ['app.json'], folder: '$FOLDER', storage: '$STORAGE' }
  const open = async () => {
    const machine: { shop?: ConfigShop } = {}
    const opened = await openConfigShop({
      config,
      bad: {},
      isWell: async () => (await machine.shop?.local('app.json'))?.includes('https://good') === true,
    })
    machine.shop = opened
    return opened
  }

  test(
    'go back to the backup from before the deployment, byte for byte, and a second run does nothing; what would bring the bad value back is said (apollo 1912)',
    async () => {
      shop = await open()
      await shop.write('app.json', goodConfig)
      const { makeBackup } = await import('../../src/layers/config/backup.ts')
      const { readState } = await import('../../src/layers/config/file.ts')
      const about = {
        kind: 'snapshot',
        environment: 'production',
        by: 'ci',
        reason: 'deploy',
        revision: shop.bad,
      } as const
      const files = new Map([['app.json', await readState(shop.folder, 'app.json')]])
      const backup = await makeBackup({ ...about, storage: shop.storage, files, now: new Date() })
      await shop.write('app.json', badConfig)
      const { exitCode, log, outputs } = await rollBack()
      expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
      expect(outputs).toMatchObject({ decision: 'complete', layers: 'config' })
      expect(await shop.local('app.json')).toBe(goodConfig)
      const [applied] = await eventsOf('rollback-applied')
      expect(applied).toMatchObject({ layer: 'config', to: backup.name })
      // what deploys the file next must not bring the bad value back (apollo 1912)
      expect(log).toContain('correct its values, too: otherwise it will write the bad values again')
      const again = await rollBack()
      expect(again.outputs).toMatchObject({ decision: 'already-rolled-back' })
      expect(await shop.local('app.json')).toBe(goodConfig)
    },
    limit,
  )

  test(
    'that a schema of the failed revision alone cannot check are not verified, and in the next run neither',
    async () => {
      shop = await openConfigShop({
        config: { ...config, schema: 'schema.json', target: 'latest' },
        bad: { 'schema.json': '{ "required": ["timeoutMs"] }', 'server.mjs': 'throw 1\n' },
      })
      await shop.write('app.json', goodConfig)
      const kept = await shop.run({ action: 'config-rollback', inputs: { mode: 'backup' } }, byHand)
      expect(kept).toMatchObject({ exitCode: 0 })
      await shop.write('app.json', badConfig)
      for (const _ of ['first', 'second']) {
        const { exitCode, log, outputs } = await rollBack({ layers: 'config, code' }, byHand)
        expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'not-verified' })
        expect(log).toContain(
          `not checked by \`config.schema\`: ${shop.good.slice(0, 7)}, which runs afterwards, has no schema.json`,
        )
        expect(await shop.local('app.json')).toBe(goodConfig)
        expect(await shop.read('server.mjs')).toBe('serve()\n')
      }
    },
    limit,
  )

  test(
    'without a backup are an error that says how to make one',
    async () => {
      shop = await open()
      await shop.write('app.json', badConfig)
      const { exitCode, log } = await rollBack(error, byHand)
      expect(exitCode).toBe(1)
      expect(log).toContain('has no backup of production with app.json from before')
      expect(log).toContain('make backups with mode: backup before each deployment')
    },
    limit,
  )
})

test(
  'doctor plans the configuration, too',
  async () => {
    shop = await openConfigShop()
    const { log } = await rollBack({ mode: 'doctor' }, byHand)
    expect(log).toContain('config can be opened and planned')
  },
  limit,
)
