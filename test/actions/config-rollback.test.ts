/** The action for configuration alone, as the runner runs it. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import { badConfig, type ConfigShop, goodConfig, openConfigShop, secret } from '../support/config-shop.ts'
import { launchDarkly, serveFlags } from '../support/flag-servers.ts'
import type { Variable } from '../support/github/hosted-repository.ts'

let shop: ConfigShop
afterEach(() => shop.close())

const limit = 60_000
const byHand: Partial<Job> = { eventName: 'workflow_dispatch' }
const run = (mode: string, inputs: Record<string, string> = {}, env = {}) =>
  shop.run({ action: 'config-rollback', inputs: { mode, ...inputs }, env }, byHand)

describe('files of a machine', () => {
  const open = () => openConfigShop({ config: 'none', bad: {}, isWell: async () => true })
  const machine = () => ({ files: 'app.json', folder: shop.folder, storage: shop.storage })

  test(
    'are backed up, listed, compared, validated and restored, with a backup of what was replaced',
    async () => {
      shop = await open()
      await shop.write('app.json', goodConfig)
      const kept = await run('backup', machine())
      expect({ log: kept.log, ...kept.outputs }).toMatchObject({ decision: 'backed-up' })
      await shop.write('app.json', badConfig)
      const listed = await run('list', machine())
      expect(listed.log).toContain(`${kept.outputs['backup']}: backup of app.json`)
      const diff = await run('diff', { ...machine(), target: 'latest' })
      expect(diff).toMatchObject({ exitCode: 0, outputs: { decision: 'planned' } })
      expect(diff.log).toContain('app.json: api.baseUrl: "https://bad" → "https://good"')
      expect(await shop.local('app.json')).toBe(badConfig)
      const invalid = await run('validate', { ...machine(), required: 'api.timeout' })
      expect(invalid).toMatchObject({ exitCode: 1, outputs: { decision: 'invalid' } })
      const restored = await run('restore', { ...machine(), target: 'latest' })
      expect({ log: restored.log, ...restored.outputs }).toMatchObject({ decision: 'complete' })
      expect(await shop.local('app.json')).toBe(goodConfig)
      const after = await run('list', machine())
      expect(after.log).toContain('what a restore replaced of app.json')
      const told = [kept, listed, diff, invalid, restored, after].map(({ log, summary, outputs }) => [
        log,
        summary,
        outputs,
      ])
      expect(JSON.stringify(told)).not.toContain(secret)
      const again = await run('restore', { ...machine(), target: 'latest' })
      expect(again.outputs['decision']).toBe('already-rolled-back')
      expect(await shop.local('app.json')).toBe(goodConfig)
    },
    limit,
  )

  test(
    'go back key by key: no other byte changes',
    async () => {
      shop = await open()
      await shop.write('app.json', goodConfig)
      await run('backup', machine())
      const mixed = badConfig.replace('"retries": 3', '"retries":   5')
      await shop.write('app.json', mixed)
      const { outputs } = await run('restore', { ...machine(), target: 'latest', keys: 'api.baseUrl' })
      expect(outputs['decision']).toBe('complete')
      expect(await shop.local('app.json')).toBe(mixed.replace('https://bad', 'https://good'))
    },
    limit,
  )
})

describe('what nothing is pending of is a statement about these files', () => {
  const open = async () => {
    shop = await openConfigShop({ config: 'none', bad: {}, isWell: async () => true })
    await shop.write('app.json', goodConfig)
    await shop.write('other.json', '{ "a": 1 }\n')
    await run('backup', machine({ files: 'app.json, other.json' }))
    await shop.write('app.json', badConfig)
  }
  const machine = (given = {}) => ({
    ...{ files: 'app.json', folder: shop.folder, storage: shop.storage },
    ...given,
  })
  const restore = (given = {}) => run('restore', machine({ target: 'latest', ...given }))

  test(
    'what was restored of others before says nothing of them, and what was restored of them still counts',
    async () => {
      await open()
      expect((await restore()).outputs['decision']).toBe('complete')
      const other = await restore({ files: 'other.json' })
      expect({ log: other.log, ...other.outputs }).toMatchObject({ decision: 'nothing' })
      expect(other.log).toMatch(/other\.json in \S+ is as in \S+-snapshot-\S+ already/)
      const again = await restore()
      expect(again.outputs['decision']).toBe('already-rolled-back')
      expect(again.log).toMatch(/already-rolled-back: config is at \S+-snapshot-/)
    },
    limit,
  )

  test(
    'a required field that they lack is not verified, before and after a restore of others',
    async () => {
      await open()
      for (const _ of ['before', 'after']) {
        const { exitCode, outputs, log } = await restore({ files: 'other.json', required: 'b' })
        expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'not-verified' })
        expect(log).toContain('is not valid: other.json b is required and is not there')
        expect(log).not.toContain('would be restored')
        await restore()
      }
    },
    limit,
  )

  test(
    'a file that is nowhere is not verified, and the setting is named; beside others it is a warning',
    async () => {
      await open()
      const target = shop.good
      const nowhere = await restore({ files: 'ap.json', target })
      expect(nowhere).toMatchObject({ exitCode: 1, outputs: { decision: 'not-verified' } })
      expect(nowhere.log).toMatch(/neither \S+ nor \w{40} has ap\.json; write files that one of them has/)
      const inRepository = await run('restore', { files: 'ap.json' })
      expect(inRepository.exitCode).toBe(1)
      expect(inRepository.log).toMatch(/input "files".*ap\.json/)
      await run('backup', machine({ files: 'app.json, ap.json' }))
      await shop.write('app.json', goodConfig)
      const beside = await restore({ files: 'app.json, ap.json' })
      expect({ log: beside.log, ...beside.outputs }).toMatchObject({ decision: 'complete' })
      expect(beside.log).toContain('warning: ap.json exists neither in ')
    },
    limit,
  )

  test(
    'a file that a restore removed does not exist, and stays done: it is not called missing',
    async () => {
      await open()
      const removal = { target: shop.good, 'allow-removal': 'true' }
      const removed = await restore(removal)
      expect({ log: removed.log, ...removed.outputs }).toMatchObject({ decision: 'complete' })
      expect(removed.log).toMatch(/app\.json in \S+ does not exist, as in \w{40}/)
      expect(await shop.local('app.json')).toBeUndefined()
      expect((await restore(removal)).outputs['decision']).toBe('already-rolled-back')
    },
    limit,
  )

  test(
    'what was brought back in between and is restored again is another rollback of the history',
    async () => {
      await open()
      await restore()
      await shop.write('app.json', badConfig)
      expect((await restore()).outputs['decision']).toBe('complete')
      expect((await restore()).outputs['decision']).toBe('already-rolled-back')
      const { events } = await shop.history.read()
      expect(events.filter(({ kind }) => kind === 'rollback-applied')).toHaveLength(2)
    },
    limit,
  )
})

describe('files of the repository', () => {
  test(
    'that are as they were, after a restore of another file, are nothing; the revision to deploy is still the restored one',
    async () => {
      const other = { 'config/other.json': '{ "a": 1 }\n' }
      shop = await openConfigShop({ good: { 'config/app.json': goodConfig, ...other } })
      expect((await run('restore')).outputs['decision']).toBe('complete')
      const head = await shop.head()
      const { outputs, log } = await run('restore', { files: 'config/other.json' })
      expect({ log, ...outputs }).toMatchObject({ decision: 'nothing', commit: head })
      const again = await run('restore')
      expect(again.outputs).toMatchObject({ decision: 'already-rolled-back', commit: head })
      expect(again.log).not.toContain('lost:')
      expect(await shop.head()).toBe(head)
    },
    limit,
  )

  test(
    'without a deployment to go back to are an error that names the input, and what it asks for helps',
    async () => {
      shop = await openConfigShop()
      const refused = await run('restore', { keys: 'api.baseUrl', revision: shop.good })
      expect(refused.exitCode).toBe(1)
      expect(refused.log).toContain('name the good revision in input "target"')
      const restored = await run('restore', { keys: 'api.baseUrl', target: shop.good })
      expect({ log: restored.log, ...restored.outputs }).toMatchObject({ decision: 'complete' })
    },
    limit,
  )

  test(
    'go back key by key, by one commit that changes only these bytes, and once',
    async () => {
      shop = await openConfigShop({ bad: { 'config/app.json': badConfig.replace('3', '9') } })
      const { outputs, log } = await run('restore', { keys: 'api.baseUrl' })
      expect({ log, ...outputs }).toMatchObject({ decision: 'complete', commit: await shop.head() })
      expect(await shop.read('config/app.json')).toBe(
        badConfig.replace('3', '9').replace('https://bad', 'https://good'),
      )
      const head = await shop.head()
      expect((await run('restore', { keys: 'api.baseUrl' })).exitCode).toBe(0)
      expect(await shop.head()).toBe(head)
    },
    limit,
  )

  test(
    'have a history: who changed them, when and why; and need no backup',
    async () => {
      shop = await openConfigShop()
      expect((await run('list')).log).toMatch(new RegExp(`${shop.bad.slice(0, 7)} of \\S+ by Grace: Change`))
      const refused = await run('backup')
      expect(refused.exitCode).toBe(1)
      expect(refused.log).toContain('files in the repository need no backup')
    },
    limit,
  )
})

const seesRepository = { actions_variables: 'read', environments: 'read' } as const

describe('GitHub Actions variables', () => {
  const open = async () => {
    shop = await openConfigShop({ config: 'none', bad: {}, isWell: async () => true })
    for (const [name, value] of [
      ['API_URL', 'https://good'],
      ['API_TOKEN', secret],
      ['GONE', 'x'],
    ])
      set(shop.hosted.variables, name ?? '', value ?? '')
    shop.hosted.environments.set('production', { reviewers: [], variables: new Map(), secrets: new Map() })
  }
  const set = (all: Map<string, Variable>, name: string, value: string) =>
    all.set(name, { name, value, createdAt: new Date(), updatedAt: new Date() })
  const token = () =>
    shop.github.createToken({
      login: 'rollback-app[bot]',
      kind: 'app',
      permissions: { actions_variables: 'write', environments: 'write', secrets: 'read' },
    })
  const inputs = (given = {}) => ({
    variables: 'repository, environment',
    storage: shop.storage,
    'variables-token': token(),
    target: 'latest',
    ...given,
  })

  test(
    'of the organization go back by the names in the settings; without the permission of the organization nothing changes',
    async () => {
      const storage = '$STORAGE'
      shop = await openConfigShop({
        config: {
          ...{ variables: ['organization'], 'organization-variables': ['shop_api_url'], storage },
          ...{ 'variables-token': { env: 'VARIABLES_TOKEN' }, target: 'latest' },
        },
        ...{ bad: {}, isWell: async () => true },
      })
      const all = shop.hosted.organizationVariables
      const write = (name: string, value: string) =>
        all?.set(name, { name, value, visibility: 'selected', createdAt: new Date(), updatedAt: new Date() })
      const values = () => [...(all?.values() ?? [])].map(({ value, visibility }) => [value, visibility])
      const tokenWith = (level: 'read' | 'write', more: Readonly<Record<string, 'read'>> = seesRepository) =>
        shop.github.createToken({
          ...{ login: 'rollback-app[bot]', kind: 'app' },
          permissions: { organization_actions_variables: level, ...more },
        })
      write('SHOP_API_URL', 'https://good')
      write('BILLING_TOKEN', secret)
      const kept = await run('backup', {}, { VARIABLES_TOKEN: tokenWith('read') })
      expect({ log: kept.log, ...kept.outputs }).toMatchObject({ decision: 'backed-up' })
      write('SHOP_API_URL', 'https://bad')
      write('BILLING_TOKEN', `${secret}-2`)
      const refused = await run('restore', {}, { VARIABLES_TOKEN: tokenWith('read') })
      expect(refused.exitCode).toBe(1)
      expect(refused.log).toContain('Variables: read and write (a permission of the organization)')
      expect(values()).toContainEqual(['https://bad', 'selected'])
      // one that cannot see whether the repository has variables of the same names restores, and says what it did not see
      const blind = await run('restore', {}, { VARIABLES_TOKEN: tokenWith('write', {}) })
      expect(blind).toMatchObject({ exitCode: 1, outputs: { decision: 'not-verified' } })
      expect(blind.log).toContain('whether the repository has variables of the same names')
      write('SHOP_API_URL', 'https://bad')
      const { outputs, log } = await run('restore', {}, { VARIABLES_TOKEN: tokenWith('write') })
      expect({ log, ...outputs }).toMatchObject({ decision: 'complete' })
      expect(values()).toEqual([
        ['https://good', 'selected'],
        [`${secret}-2`, 'selected'],
      ])
      expect(JSON.stringify([kept, refused, log])).not.toContain(secret)
      expect(await run('backup', { variables: 'repository', 'variables-token': token() })).toMatchObject({
        exitCode: 0,
      })
    },
    limit,
  )

  test(
    'go back: only those that differ are written, each once',
    async () => {
      await open()
      await run('backup', inputs({ target: '' }))
      set(shop.hosted.variables, 'API_URL', 'https://bad')
      set(shop.hosted.variables, 'API_TOKEN', `${secret}-new`)
      shop.hosted.variables.delete('GONE')
      const before = shop.github.requests.length
      const { outputs, log, summary } = await run('restore', inputs())
      expect({ log, ...outputs }).toMatchObject({ decision: 'complete' })
      expect(log).toContain('variables of the repository: API_URL: "https://bad" → "https://good"')
      expect(log).toContain('API_TOKEN: *** → ***')
      expect(JSON.stringify([log, summary, outputs])).not.toContain(secret)
      expect(shop.hosted.variables.get('API_URL')?.value).toBe('https://good')
      expect(shop.hosted.variables.get('API_TOKEN')?.value).toBe(secret)
      expect(shop.hosted.variables.get('GONE')?.value).toBe('x')
      const writes = shop.github.requests
        .slice(before)
        .filter(
          ({ method, path, status }) => method !== 'GET' && path.includes('/variables') && status !== 404,
        )
      expect(writes).toHaveLength(3)
    },
    limit,
  )

  test(
    'that were added since are removed only where that is allowed',
    async () => {
      await open()
      await run('backup', inputs({ target: '' }))
      set(shop.hosted.variables, 'NEW', 'y')
      const refused = await run('restore', inputs())
      expect(refused.exitCode).toBe(1)
      expect(refused.log).toContain('NEW of the repository did not exist at the target and would be removed')
      expect(shop.hosted.variables.has('NEW')).toBe(true)
      await run('restore', inputs({ 'allow-removal': 'true' }))
      expect(shop.hosted.variables.has('NEW')).toBe(false)
    },
    limit,
  )

  test(
    'a workflow’s own token answers 403: said before anything is written, with the way out (kodus-ai 1271)',
    async () => {
      await open()
      const own = shop.github.createToken({
        login: 'github-actions[bot]',
        kind: 'actions',
        permissions: { contents: 'write' },
      })
      const { exitCode, log } = await run('backup', inputs({ target: '', 'variables-token': own }))
      expect(exitCode).toBe(1)
      expect(log).toContain('GITHUB_TOKEN cannot do this, whatever `permissions:` says')
      expect(log).toMatch(/with \*(?:Variables|Environments): read and write\*/)
    },
    limit,
  )

  test(
    'secrets cannot be read back: the plan says which changed since',
    async () => {
      await open()
      await run('backup', inputs({ target: '' }))
      shop.hosted.secrets.set('DEPLOY_KEY', {
        name: 'DEPLOY_KEY',
        createdAt: new Date(),
        updatedAt: new Date(),
      })
      set(shop.hosted.variables, 'API_URL', 'https://bad')
      const { log } = await run('diff', inputs())
      expect(log).toContain(
        'secrets changed since the backup, and their values cannot be read or restored: DEPLOY_KEY (set',
      )
    },
    limit,
  )
})

describe('feature flags', () => {
  const flags = (state: string) =>
    `{ "flags": { "checkout": { "state": "${state}", "variants": { "on": true, "off": false }, "defaultVariant": "on" } } }\n`

  test(
    'are switched off by one commit, and restored from a backup',
    async () => {
      shop = await openConfigShop({
        more: { flags: { service: 'flagd', file: 'flags.json', storage: '$STORAGE' } },
        good: { 'config/app.json': goodConfig, 'flags.json': flags('ENABLED') },
        bad: {},
        isWell: async () => true,
      })
      const kept = await run('backup')
      expect({ log: kept.log, ...kept.outputs }).toMatchObject({ decision: 'backed-up' })
      const off = await run('disable', { flags: 'checkout' })
      expect({ log: off.log, ...off.outputs }).toMatchObject({ decision: 'complete' })
      expect(await shop.read('flags.json')).toBe(flags('DISABLED'))
      const again = await run('disable', { flags: 'checkout' })
      expect(again.outputs['decision']).toBe('already-rolled-back')
      const restored = await run('restore', { flags: 'checkout' })
      expect({ log: restored.log, ...restored.outputs }).toMatchObject({ decision: 'complete' })
      expect(await shop.read('flags.json')).toBe(flags('ENABLED'))
    },
    limit,
  )
})

test(
  'a file of flags on a branch that wants pull requests is proposed, once, and the branch stays as it is',
  async () => {
    const flags = (state: string) =>
      `flags:\n  checkout:\n    state: ${state} # asked by the shop\n    variants: { on: true, off: false }\n    defaultVariant: on\n`
    shop = await openConfigShop({
      more: { flags: { service: 'flagd', file: 'flags.yaml', disable: ['checkout'] } },
      good: { 'config/app.json': goodConfig, 'flags.yaml': flags('ENABLED') },
      bad: {},
      isWell: async () => false,
    })
    shop.hosted.addRuleset({
      name: 'main',
      enforcement: 'active',
      include: ['refs/heads/main'],
      rules: [{ type: 'pull_request', approvals: 1 }],
    })
    const first = await run('disable')
    expect([first.outputs['decision'], first.log]).toEqual(['proposed', expect.any(String)])
    expect(first.log).toContain('open a pull request into main with flags.yaml')
    expect(await shop.head()).toBe(shop.bad)
    const pulls = () => shop.hosted.issues.flatMap(({ pull }) => pull ?? [])
    const [pull, ...more] = pulls()
    expect(more).toEqual([])
    expect(await shop.read('flags.yaml', pull?.head)).toBe(flags('DISABLED'))
    expect((await run('disable')).outputs['decision']).toBe('proposed')
    expect(pulls()).toHaveLength(1)
  },
  limit,
)

describe('feature flags of a hosted service', () => {
  test(
    'that no client was asked about end as not verified, in the run that switches them off and in the next one',
    async () => {
      const { world, handlers } = launchDarkly()
      const server = await serveFlags(handlers)
      const token = 'api-0123456789abcdef'
      const flags = {
        ...{ service: 'launchdarkly', url: server.url, project: 'shop', environment: 'production' },
        token: { env: 'FLAGS_TOKEN' },
        disable: ['checkout'],
      }
      shop = await openConfigShop({ more: { flags }, bad: {}, isWell: async () => !world.on })
      const off = await run('disable', {}, { FLAGS_TOKEN: token })
      expect(off).toMatchObject({ exitCode: 1, outputs: { decision: 'not-verified' } })
      expect(off.log).toContain('the flags were not evaluated as a client; describe one in `flags.client`')
      expect(world.on).toBe(false)
      const again = await run('disable', {}, { FLAGS_TOKEN: token })
      expect(again).toMatchObject({ exitCode: 1, outputs: { decision: 'not-verified' } })
      server.stop()
    },
    limit,
  )

  test(
    'that a client is served as off are complete, and stay so',
    async () => {
      const { world, handlers } = launchDarkly()
      const server = await serveFlags(handlers)
      const flags = {
        ...{ service: 'launchdarkly', url: server.url, project: 'shop', environment: 'production' },
        token: { env: 'FLAGS_TOKEN' },
        client: { key: { env: 'SDK_KEY' }, url: server.url },
        disable: ['checkout'],
      }
      shop = await openConfigShop({ more: { flags }, bad: {}, isWell: async () => !world.on })
      const env = { FLAGS_TOKEN: 'api-0123456789abcdef', SDK_KEY: 'sdk-0123456789' }
      const off = await run('disable', {}, env)
      expect({ log: off.log, ...off.outputs }).toMatchObject({ decision: 'complete' })
      expect(off.log).toContain('clients are served checkout as off')
      expect(off.log).not.toContain('sdk-0123456789')
      expect((await run('disable', {}, env)).outputs['decision']).toBe('already-rolled-back')
      // somebody switches it on again beside us: a client sees it, and nothing is called done
      world.on = true
      expect((await run('disable', {}, env)).outputs['decision']).toBe('complete')
      server.stop()
    },
    limit,
  )
})

describe('a mistake is one error that names the input, and nothing is called done', () => {
  test.each([
    ['backup', { files: 'ap.json' }, 'has none of them; write files that it has'],
    ['restore', { target: 'latest', keys: 'api.baseurl' }, 'input "keys" has "api.baseurl"'],
    ['restore', { target: 'latest', schema: 'nope.json' }, 'input "schema" is nope.json, and '],
    [
      'restore',
      { target: 'latest', folder: '/nowhere/at/all' },
      'input "folder" is /nowhere/at/all, which does not exist',
    ],
    ['restore', { target: 'before:2026-11-24T12:00:00' }, 'write before: and a time with its zone'],
    [
      'disable',
      { files: '', folder: '', storage: '', flags: 'checkout' },
      'does not say where they are; describe their service there',
    ],
    [
      'backup',
      { files: '', folder: '', variables: 'repository', 'variables-token': 'ghp_wrong' },
      'GitHub answered 401. input "variables-token" is wrong or has expired',
    ],
  ])(
    '%s %j',
    async (mode, inputs, said) => {
      shop = await openConfigShop({ config: 'none', bad: {}, isWell: async () => true })
      const machine = { files: 'app.json', folder: shop.folder, storage: shop.storage }
      await shop.write('app.json', goodConfig)
      await run('backup', machine)
      await shop.write('app.json', badConfig)
      const { exitCode, log } = await run(mode, { ...machine, ...inputs })
      expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining(said) })
      expect(await shop.local('app.json')).toBe(badConfig)
    },
    limit,
  )
})

describe('what does not go together is refused, and nothing is changed', () => {
  test.each([
    ['restore', { files: 'app.json', folder: '/srv' }, 'input "storage" is missing'],
    ['restore', { variables: 'repository', storage: '/b' }, 'input "variables-token" is missing'],
    ['restore', { files: 'a.json', storage: '/b' }, 'input "storage" is for `folder` and `variables`'],
    ['restore', { files: 'a.json', 'variables-token': 'x' }, 'input "variables-token" is for `variables`'],
    [
      'backup',
      { files: 'a.json', keys: 'a' },
      'input "keys" has an effect only with mode: diff or restore, and input "mode" is backup',
    ],
    [
      'restore',
      { variables: 'organisation' },
      'input "variables" is "organisation"; write one of repository, environment, organization',
    ],
    [
      'disable',
      { files: 'app.json', flags: 'checkout' },
      'input "files" has no effect where input "mode" is disable',
    ],
    ['disable', {}, 'is empty; write the names of the flags to switch off'],
    ['validate', { files: 'app.json' }, 'are empty; write one of them, to say what is valid'],
    ['delete', {}, 'input "mode" is "delete"; write one of'],
  ])('%s %j', async (mode, inputs, said) => {
    shop = await openConfigShop({ config: 'none', bad: {} })
    const { exitCode, log } = await run(mode, inputs)
    expect(exitCode).toBe(1)
    expect(log).toContain(said)
    expect(await shop.head()).toBe(shop.bad)
  })
})
