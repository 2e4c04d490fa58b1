/** GitHub Actions variables on the emulated GitHub: GitHub's limits before the first write, and the way back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { makeBackup } from '../../../src/layers/config/backup.ts'
import { findTarget } from '../../../src/layers/config/target.ts'
import { openVariables, type VariablesLayerOptions } from '../../../src/layers/config/variables/layer.ts'
import { snapshotVariables } from '../../../src/layers/config/variables/places.ts'
import type { Scope } from '../../../src/layers/config/variables/scope.ts'
import { encodeSnapshot, pathOf } from '../../../src/layers/config/variables/snapshot.ts'
import type { Variable } from '../../support/github/hosted-repository.ts'
import { openShop } from '../../support/repository.ts'

const limit = 60_000
const environment = 'production'
const about = { environment, revision: 'a'.repeat(40), by: 'ci', reason: 'deploy' }

let shop: Awaited<ReturnType<typeof openShop>>
let storage: string
beforeEach(async () => {
  shop = await openShop()
  shop.hosted.environments.set(environment, { reviewers: [], variables: new Map(), secrets: new Map() })
  storage = mkdtempSync(join(tmpdir(), 'variables-'))
})
afterEach(async () => {
  await shop.close()
  rmSync(storage, { recursive: true, force: true })
})

const held = (scope: Scope): Map<string, Variable> =>
  ({
    repository: shop.hosted.variables,
    environment: shop.hosted.environments.get(environment)?.variables,
    organization: shop.hosted.organizationVariables,
  })[scope] ?? new Map()
const set = (scope: Scope, values: Readonly<Record<string, string>>) => {
  for (const [name, value] of Object.entries(values)) {
    const variable = { name, value, createdAt: new Date(), updatedAt: new Date() }
    // the organization's are seen by selected repositories alone, which a restore must not change
    const visibility = name.startsWith('SHOP_') ? ('selected' as const) : ('all' as const)
    if (scope === 'organization') shop.hosted.organizationVariables?.set(name, { ...variable, visibility })
    else held(scope).set(name, variable)
  }
}
const valuesOf = (scope: Scope) =>
  Object.fromEntries([...held(scope)].map(([name, { value }]) => [name, value]))
const many = (count: number, value = 'v') =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`V_${String(index).padStart(4, '0')}`, value]),
  )
const repository = () =>
  shop.open({
    permissions: {
      actions_variables: 'write',
      environments: 'write',
      organization_actions_variables: 'write',
      secrets: 'read',
    },
  })
/** those of the organization that the settings name */
const ours = ['SHOP_API_URL', 'SHOP_MODE']

/** Makes a backup of what is there, or of other values. */
async function backUp(
  scopes: readonly Scope[],
  values?: Readonly<Record<string, string>>,
  organizationVariables = ours,
) {
  const files =
    values === undefined
      ? await snapshotVariables({ repository: repository(), scopes, environment, organizationVariables })
      : new Map(
          scopes.map((scope) => [
            pathOf(scope),
            encodeSnapshot(
              Object.entries(values).map(([name, value]) => ({ name, value })),
              undefined,
            ),
          ]),
        )
  return makeBackup({ ...about, storage, kind: 'snapshot', files, now: new Date() })
}

const open = (
  scopes: readonly Scope[],
  allowRemoval = false,
  own = repository(),
  organizationVariables = ours,
  more: Partial<VariablesLayerOptions> = {},
) =>
  openVariables({
    ...{
      ...about,
      repository: own,
      scopes,
      organizationVariables,
      storage,
      secrets: [],
      allowRemoval,
      earlier: undefined,
      isInterrupted: false,
      ...more,
    },
    now: () => new Date(),
    findTarget: (paths) =>
      findTarget({
        ...{ target: 'latest', storage, environment, paths },
        deployment: { revision: about.revision, since: new Date() },
        readRevision: async () => undefined,
      }),
  })
const writes = () =>
  shop.github.requests.filter(
    ({ method, path, status }) => method !== 'GET' && path.includes('/variables') && status !== 404,
  )

describe('a limit of GitHub is told before the first write', () => {
  test.each([
    ['environment', many(101), 'the environment production would have 101 variables, and GitHub allows 100'],
    ['repository', many(501), 'the repository would have 501 variables, and GitHub allows 500'],
    [
      'repository',
      { BIG: 'é'.repeat(24 * 1024 + 1) },
      'the variable BIG of the repository would have 49154 bytes, and GitHub allows 49152',
    ],
    [
      'repository',
      many(6, 'x'.repeat(48 * 1024)),
      'the variables of the repository would have 294912 bytes, and a workflow run gets 262144',
    ],
  ] as const)(
    '%s: %#',
    async (scope, values, said) => {
      await backUp([scope], values)
      const plan = await open([scope]).plan()
      expect(plan.view.needsPerson.join()).toContain(said)
      await expect(plan.apply()).rejects.toThrow(said)
      expect(writes()).toEqual([])
      expect(held(scope).size).toBe(0)
    },
    limit,
  )

  test(
    'exactly 48 kB is taken, and so is what makes a sum that is too large smaller',
    async () => {
      set('repository', many(6, 'x'.repeat(48 * 1024)))
      await backUp(['repository'], { ...many(6, 'x'.repeat(48 * 1024)), V_0000: 'short' })
      await (await open(['repository']).plan()).apply()
      expect(held('repository').get('V_0000')?.value).toBe('short')
    },
    limit,
  )
})

test(
  'the values of an environment are not counted with those of the repository',
  async () => {
    await backUp(['repository', 'environment'], many(4, 'x'.repeat(48 * 1024)))
    await (await open(['repository', 'environment']).plan()).apply()
    expect(held('environment').size).toBe(4)
  },
  limit,
)

describe('variables that a rollback changed', () => {
  const both: readonly Scope[] = ['repository', 'environment']
  const rollBack = async () => {
    set('repository', { API_URL: 'https://good', GONE: 'x', SAME: '1' })
    set('environment', { MODE: 'safe' })
    await backUp(both)
    set('repository', { API_URL: 'https://bad', NEW: 'n' })
    set('environment', { MODE: 'fast' })
    held('repository').delete('GONE')
    const before = both.map(valuesOf)
    const receipt = await (await open(both, true).plan()).apply()
    expect(both.map(valuesOf)).toEqual([{ API_URL: 'https://good', GONE: 'x', SAME: '1' }, { MODE: 'safe' }])
    return { before, receipt }
  }

  test(
    'are as before after an undo, exactly: changed, added and removed ones; and a second undo does nothing',
    async () => {
      const { before, receipt } = await rollBack()
      expect(await open(both).undo(receipt)).toContain('4 variables restored from ')
      expect(both.map(valuesOf)).toEqual(before)
      const count = writes().length
      expect(await open(both).undo(receipt)).toContain('as before the rollback already')
      expect(writes()).toHaveLength(count)
    },
    limit,
  )

  test(
    'that a colleague changed since are a conflict of the undo, and no variable of any scope is written',
    async () => {
      const { receipt } = await rollBack()
      set('environment', { MODE: 'of a colleague' })
      const there = both.map(valuesOf)
      const count = writes().length
      await expect(open(both).undo(receipt)).rejects.toMatchObject({
        name: 'ConflictError',
        message: expect.stringContaining(
          'the variable MODE of the environment production was changed after the rollback',
        ),
      })
      expect(writes()).toHaveLength(count)
      expect(both.map(valuesOf)).toEqual(there)
    },
    limit,
  )

  test(
    'are undone beside others that a colleague changed or added, which stay',
    async () => {
      const { before, receipt } = await rollBack()
      set('repository', { SAME: 'of a colleague', LATER: 'l' })
      await open(both).undo(receipt)
      expect(valuesOf('repository')).toEqual({ ...before[0], SAME: 'of a colleague', LATER: 'l' })
    },
    limit,
  )

  test(
    'that somebody changed after the plan are a conflict of the restore, and nothing is written (growthbook 6070)',
    async () => {
      set('repository', { API_URL: 'https://good' })
      await backUp(['repository'])
      set('repository', { API_URL: 'https://bad' })
      const plan = await open(['repository']).plan()
      set('repository', { API_URL: 'https://of-a-colleague' })
      await expect(plan.apply()).rejects.toThrow(
        'the variable API_URL of the repository has changed since the plan was made',
      )
      expect(valuesOf('repository')).toEqual({ API_URL: 'https://of-a-colleague' })
      expect(writes()).toEqual([])
    },
    limit,
  )

  test(
    'whose run was killed between two writes go on, and the undo has what was there before the first',
    async () => {
      set('repository', { A: '1', B: '1' })
      await backUp(['repository'])
      set('repository', { A: '2', B: '2' })
      const dying = repository()
      dying.octokit.hook.before('request', ({ method, name }) => {
        if (method === 'PATCH' && name === 'B') throw new Error('killed')
      })
      await expect((await open(['repository'], false, dying).plan()).apply()).rejects.toThrow('killed')
      expect(valuesOf('repository')).toEqual({ A: '1', B: '2' })
      const receipt = await (await open(['repository']).plan()).apply()
      expect(valuesOf('repository')).toEqual({ A: '1', B: '1' })
      await open(['repository']).undo(receipt)
      expect(valuesOf('repository')).toEqual({ A: '2', B: '2' })
    },
    limit,
  )
})

test(
  'a restore reads each scope three times: for the plan, before the write and after it; and writes what differs',
  async () => {
    set('repository', many(90, 'good'))
    await backUp(['repository'])
    set('repository', { V_0001: 'bad' })
    const from = shop.github.requests.length
    await (await open(['repository']).plan()).apply()
    const reads = shop.github.requests
      .slice(from)
      .filter(({ method, path }) => method === 'GET' && /\/(?:organization-)?variables/.test(path))
    const ofScope = reads.filter(({ operation }) => operation === 'actions/list-repo-variables')
    expect(ofScope).toHaveLength(9)
    // the organization, for the sum of a run; the environment, for what its jobs get, before and after
    expect(reads).toHaveLength(9 + 1 + 2)
    expect(writes()).toHaveLength(1)
  },
  limit,
)

describe('a variable that was restored', () => {
  const good = { API_URL: 'https://good', SAME: '1' }
  const bad = { API_URL: 'https://bad', SAME: '1' }
  const restored = async (scopes: readonly Scope[], more: Partial<VariablesLayerOptions> = {}) => {
    const plan = await open(scopes, false, repository(), ours, more).plan()
    return { view: plan.view, receipt: await plan.apply() }
  }

  test(
    'and that one of the environment shadows has no effect: a warning before, and not verified after, and again in the next run',
    async () => {
      set('repository', good)
      await backUp(['repository'])
      set('repository', bad)
      set('environment', { API_URL: 'https://other', SAME: '2' })
      const said =
        'API_URL of the repository has no effect: the environment production has a variable of the same name, which its jobs get'
      const { view, receipt } = await restored(['repository'])
      expect(view.warnings.join()).toContain(said)
      expect(receipt).toMatchObject({ outcome: 'rolled-back', verified: undefined })
      expect(receipt.problem).toContain(said)
      expect(valuesOf('repository')).toEqual(good)
      const again = await restored(['repository'], { earlier: receipt })
      expect(again.view).toMatchObject({ state: 'done', unverified: expect.stringContaining(said) })
      expect(again.receipt.problem).toContain(said)
      // one that was shadowed all along, and that the rollback did not touch, says nothing
      held('environment').delete('API_URL')
      expect(await restored(['repository'], { earlier: receipt })).toMatchObject({
        view: { state: 'done' },
        receipt: { verified: { ok: true } },
      })
    },
    limit,
  )

  test(
    'and that one of the environment shadows which was restored, too, is what jobs had',
    async () => {
      set('repository', good)
      set('environment', { API_URL: 'https://of-production' })
      await backUp(['repository', 'environment'])
      set('repository', bad)
      const { view, receipt } = await restored(['repository', 'environment'])
      expect(view.warnings.join()).not.toContain('no effect')
      expect(receipt.verified?.ok).toBe(true)
    },
    limit,
  )

  test(
    'in the organization, and that one of the repository or of the environment shadows, is not verified',
    async () => {
      set('organization', { SHOP_API_URL: 'https://good', SHOP_MODE: 'safe' })
      await backUp(['organization'])
      set('organization', { SHOP_API_URL: 'https://bad', SHOP_MODE: 'fast' })
      set('repository', { SHOP_API_URL: 'https://other' })
      set('environment', { SHOP_MODE: 'slow' })
      const { receipt } = await restored(['organization'])
      expect(receipt).toMatchObject({ outcome: 'rolled-back', verified: undefined })
      expect(receipt.problem).toContain(
        'SHOP_API_URL of the organization octo-org has no effect: the repository has a variable of the same name',
      )
      expect(receipt.problem).toContain(
        'SHOP_MODE of the organization octo-org has no effect: the environment production has a variable of the same name',
      )
    },
    limit,
  )

  test(
    'in the organization, and that this repository does not get, is not verified',
    async () => {
      set('organization', { SHOP_API_URL: 'https://good', SHOP_MODE: 'safe' })
      await backUp(['organization'])
      const hidden = { name: 'SHOP_MODE', value: 'fast', visibility: 'selected', hidden: true } as const
      shop.hosted.organizationVariables?.set('SHOP_MODE', {
        ...hidden,
        ...{ createdAt: new Date(), updatedAt: new Date() },
      })
      const { view, receipt } = await restored(['organization'])
      const said = 'workflows of this repository do not get SHOP_MODE of the organization octo-org'
      expect(view.warnings.join()).toContain(said)
      expect(receipt.problem).toContain(said)
    },
    limit,
  )

  test(
    'by a token that may not see the environment is not verified, and the plan says so; an environment that is not there has none',
    async () => {
      set('repository', good)
      await backUp(['repository'])
      set('repository', bad)
      const blind = shop.open({ permissions: { actions_variables: 'write' } })
      const plan = await open(['repository'], false, blind).plan()
      const said = 'whether the environment production has variables of the same names'
      expect(plan.view.warnings.join()).toContain(said)
      expect(await plan.apply()).toMatchObject({
        verified: undefined,
        problem: expect.stringContaining(said),
      })
      set('repository', bad)
      shop.hosted.environments.delete(environment)
      expect(await restored(['repository'])).toMatchObject({ receipt: { verified: { ok: true } } })
    },
    limit,
  )
})

describe('what a workflow run gets', () => {
  const big = 'x'.repeat(48 * 1024)
  beforeEach(() => set('organization', { BILLING_1: big, BILLING_2: big, BILLING_3: big }))

  test(
    'is counted with the variables of the organization that the settings do not name',
    async () => {
      await backUp(['repository'], many(3, big))
      const plan = await open(['repository']).plan()
      const said =
        'the variables of the repository and the organization octo-org would have 294912 bytes, and a workflow run gets 262144'
      expect(plan.view.needsPerson.join()).toContain(said)
      await expect(plan.apply()).rejects.toThrow(said)
      expect(writes()).toEqual([])
    },
    limit,
  )

  test(
    'is counted with those of the repository where the organization alone is restored, and without those it does not get',
    async () => {
      set('organization', { SHOP_MODE: 'safe' })
      set('repository', many(2, big))
      await backUp(['organization'], { SHOP_MODE: big })
      await expect((await open(['organization']).plan()).apply()).rejects.toThrow('would have 294912 bytes')
      const other = shop.hosted.organizationVariables?.get('BILLING_1')
      if (other !== undefined) shop.hosted.organizationVariables?.set('BILLING_1', { ...other, hidden: true })
      await (await open(['organization']).plan()).apply()
      expect(valuesOf('organization')['SHOP_MODE']).toBe(big)
    },
    limit,
  )

  test(
    'and cannot be read is a warning that says so',
    async () => {
      await backUp(['environment', 'organization'], { SHOP_MODE: 'safe' })
      set('organization', { SHOP_MODE: '1' })
      const weak = shop.open({
        permissions: { environments: 'write', organization_actions_variables: 'write' },
      })
      expect(
        (await open(['environment', 'organization'], false, weak).plan()).view.warnings.join(),
      ).toContain('not all variables that a workflow run gets were counted')
    },
    limit,
  )
})

test(
  'a restore that GitHub refuses half way is partial: the receipt has the copy that undoes it',
  async () => {
    set('repository', { A: '1', B: '1' })
    await backUp(['repository'])
    set('repository', { A: '2', B: '2' })
    const { RefusedError } = await import('../../../src/errors.ts')
    const own = repository()
    own.octokit.hook.before('request', ({ method, name }) => {
      if (method === 'PATCH' && name === 'B') throw new RefusedError('the token has expired')
    })
    const receipt = await (await open(['repository'], false, own).plan()).apply()
    expect(receipt).toMatchObject({
      outcome: 'partial',
      verified: undefined,
      problem: expect.stringMatching(
        /^B of the repository is not as in .*: not all variables were written: .*expired/,
      ),
    })
    await open(['repository']).undo(receipt)
    expect(valuesOf('repository')).toEqual({ A: '2', B: '2' })
  },
  limit,
)

test.each([
  ['lost', false, { A: '1', B: '2', C: '2' }],
  ['lost although it was carried out', true, { A: '1', B: '1', C: '2' }],
])(
  'a network that is gone in the middle (the answer to a write is %s) leaves a receipt of what was done: run again it completes, and the undo is exact',
  async (_, carriedOut, halfway) => {
    const before = { A: '2', B: '2', C: '2' }
    set('repository', { A: '1', B: '1', C: '1' })
    await backUp(['repository'])
    set('repository', before)
    // the first is the one that looks whether the token may write
    shop.github.fault({ kind: 'no-answer', carriedOut, operation: 'actions/update-repo-variable', skip: 2 })
    const receipt = await (await open(['repository']).plan()).apply()
    expect(valuesOf('repository')).toEqual(halfway)
    expect(receipt).toMatchObject({
      outcome: 'partial',
      verified: undefined,
      problem: expect.stringMatching(
        / of the repository (?:is|are) not as in .*: not all variables were written: /,
      ),
      kept: { backup: expect.any(String) },
    })
    const again = open(['repository'], false, repository(), ours, { isInterrupted: true })
    const done = await (await again.plan()).apply()
    expect(done).toMatchObject({ outcome: 'rolled-back', verified: { ok: true } })
    expect(valuesOf('repository')).toEqual({ A: '1', B: '1', C: '1' })
    await open(['repository']).undo(done)
    expect(valuesOf('repository')).toEqual(before)
  },
  limit,
)

test(
  'a run that was killed after its last write is found to have done it, and can be undone',
  async () => {
    set('repository', { A: '1' })
    await backUp(['repository'])
    set('repository', { A: '2' })
    await (await open(['repository']).plan()).apply()
    // the receipt is lost
    const plan = await open(['repository'], false, repository(), ours, { isInterrupted: true }).plan()
    expect(plan.view.state).toBe('done')
    const receipt = await plan.apply()
    expect(receipt).toMatchObject({ outcome: 'already-rolled-back', verified: { ok: true } })
    await open(['repository']).undo(receipt)
    expect(valuesOf('repository')).toEqual({ A: '2' })
  },
  limit,
)

describe('variables of the organization', () => {
  const own: readonly Scope[] = ['organization']
  const otherTeams = { BILLING_URL: 'https://billing', ZONE: 'eu' }
  const good = { SHOP_API_URL: 'https://good', SHOP_MODE: 'safe' }
  const bad = { SHOP_API_URL: 'https://bad', SHOP_MODE: 'safe' }
  beforeEach(() => set('organization', { ...otherTeams, ...good }))
  const seenBy = () =>
    Object.fromEntries(
      [...(shop.hosted.organizationVariables ?? [])].map(([name, { visibility }]) => [name, visibility]),
    )

  test(
    'that differ go back, each by one request for its value; who sees them, and those of other teams, stay',
    async () => {
      await backUp(own)
      set('organization', { ...bad, BILLING_URL: 'https://billing-2', LATER: 'of another team' })
      held('organization').delete('ZONE')
      const visible = seenBy()
      const plan = await open(own, true).plan()
      expect(plan.view.steps).toEqual([
        'variables of the organization octo-org: SHOP_API_URL: "https://bad" → "https://good"',
      ])
      const receipt = await plan.apply()
      const after = { ...good, BILLING_URL: 'https://billing-2', LATER: 'of another team' }
      expect(valuesOf('organization')).toEqual(after)
      expect(seenBy()).toEqual(visible)
      expect(writes().map(({ method, path }) => `${method} ${path}`)).toEqual([
        'PATCH /orgs/octo-org/actions/variables/SHOP_API_URL',
      ])
      expect(receipt.verified?.evidence).toContain(
        'the variables SHOP_API_URL, SHOP_MODE of the organization octo-org are those of',
      )
      expect(await (await open(own).plan()).apply()).toMatchObject({ outcome: 'already-rolled-back' })

      expect(await open(own).undo(receipt)).toContain('1 variable restored from ')
      expect(valuesOf('organization')).toEqual({ ...after, SHOP_API_URL: 'https://bad' })
      expect(seenBy()).toEqual(visible)
    },
    limit,
  )

  test(
    'are all read, on each of the pages, and only the named ones are kept in the backup',
    async () => {
      set('organization', many(90, 'of other teams'))
      const { files } = await backUp(own)
      const file = files.find(({ path }) => path === pathOf('organization'))
      expect(file).toBeDefined()
      const reads = shop.github.requests.filter(({ operation }) => operation === 'actions/list-org-variables')
      expect(reads).toHaveLength(4)
      set('organization', { ...bad, ...many(90, 'changed by other teams') })
      expect((await open(own).plan()).view.steps).toHaveLength(1)
    },
    limit,
  )

  test(
    'that the settings name and the organization lacks make the backup an error: a name may be misspelt',
    async () => {
      held('organization').delete('SHOP_MODE')
      await expect(backUp(own)).rejects.toThrow(
        'names SHOP_MODE, which the organization octo-org does not have',
      )
    },
    limit,
  )

  test(
    'that somebody deleted are not created, as nobody knows who saw them: nothing is written',
    async () => {
      await backUp(own)
      set('organization', bad)
      held('organization').delete('SHOP_MODE')
      const plan = await open(own, true).plan()
      const said =
        'the variables SHOP_MODE of the organization octo-org are in the backup and no longer exist'
      expect(plan.view.needsPerson.join()).toContain(said)
      await expect(plan.apply()).rejects.toThrow(said)
      expect(writes()).toEqual([])
    },
    limit,
  )

  test(
    'that the settings name since the backup was made are a warning, and stay; none at all is an error',
    async () => {
      await backUp(own, undefined, ['SHOP_MODE'])
      set('organization', { ...bad, SHOP_MODE: 'fast' })
      const plan = await open(own).plan()
      expect(plan.view.warnings.join()).toContain('not restored: SHOP_API_URL of the organization')
      const { verified } = await plan.apply()
      expect(valuesOf('organization')).toMatchObject({ SHOP_API_URL: 'https://bad', SHOP_MODE: 'safe' })
      expect(verified?.evidence).not.toContain('SHOP_API_URL')
      await expect(open(own, false, repository(), ['SHOP_API_URL']).plan()).rejects.toThrow(
        /the backup .* has none of .*SHOP_API_URL; name another backup/,
      )
    },
    limit,
  )

  test(
    'of other settings than those of the rollback are undone all the same, and no others',
    async () => {
      await backUp(own)
      set('organization', { SHOP_API_URL: 'https://bad', SHOP_MODE: 'fast' })
      const receipt = await (await open(own).plan()).apply()
      set('organization', { BILLING_URL: 'https://billing-2' })
      await open(own, false, repository(), ['BILLING_URL']).undo(receipt)
      expect(valuesOf('organization')).toEqual({
        ...{ SHOP_API_URL: 'https://bad', SHOP_MODE: 'fast' },
        ...{ BILLING_URL: 'https://billing-2', ZONE: 'eu' },
      })
    },
    limit,
  )

  test(
    'that a colleague changed after the plan, or after the rollback, are a conflict; those of other teams are not',
    async () => {
      await backUp(own)
      set('organization', bad)
      const plan = await open(own).plan()
      set('organization', { SHOP_API_URL: 'of a colleague' })
      await expect(plan.apply()).rejects.toThrow(
        'SHOP_API_URL of the organization octo-org has changed since',
      )
      const second = await open(own).plan()
      set('organization', { ZONE: 'us' })
      const receipt = await second.apply()
      held('organization').delete('SHOP_API_URL')
      await expect(open(own).undo(receipt)).rejects.toMatchObject({ name: 'ConflictError' })
    },
    limit,
  )

  test(
    'that would not fit are refused before the first write',
    async () => {
      await backUp(own, { SHOP_API_URL: 'x'.repeat(48 * 1024 + 1) })
      await expect((await open(own).plan()).apply()).rejects.toThrow(
        'the variable SHOP_API_URL of the organization octo-org would have 49153 bytes, and GitHub allows 49152',
      )
      expect(writes()).toEqual([])
    },
    limit,
  )

  test.each([
    ['read', {}],
    ['write', { organization_actions_variables: 'read' }],
  ] as const)(
    'that the token may not %s are refused before the first write, with the permission of the organization',
    async (_, permissions) => {
      await backUp([...own, 'repository'])
      set('organization', bad)
      set('repository', { API_URL: 'https://bad' })
      const weak = shop.open({ permissions: { actions_variables: 'write', ...permissions } })
      await expect(open([...own, 'repository'], true, weak).plan()).rejects.toThrow(
        /of the organization octo-org: GitHub answered 403\. GITHUB_TOKEN cannot do this.*GitHub App.*Variables: read and write \(a permission of the organization\)/,
      )
      expect(valuesOf('repository')).toEqual({ API_URL: 'https://bad' })
    },
    limit,
  )

  test(
    'of an owner that is a user say so',
    async () => {
      shop.hosted.organizationVariables = undefined
      await expect(backUp(own)).rejects.toThrow('Either octo-org is not an organization, or the token cannot')
    },
    limit,
  )
})
