/** GitHub Actions variables on the emulated GitHub: GitHub's limits before the first write, and the way back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { makeBackup } from '../../../src/layers/config/backup.ts'
import { findTarget } from '../../../src/layers/config/target.ts'
import { openVariables, snapshotVariables } from '../../../src/layers/config/variables/layer.ts'
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
  (scope === 'repository' ? shop.hosted.variables : shop.hosted.environments.get(environment)?.variables) ??
  new Map()
const set = (scope: Scope, values: Readonly<Record<string, string>>) => {
  for (const [name, value] of Object.entries(values))
    held(scope).set(name, { name, value, createdAt: new Date(), updatedAt: new Date() })
}
const valuesOf = (scope: Scope) =>
  Object.fromEntries([...held(scope)].map(([name, { value }]) => [name, value]))
const many = (count: number, value = 'v') =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`V_${String(index).padStart(4, '0')}`, value]),
  )
const repository = () =>
  shop.open({ permissions: { actions_variables: 'write', environments: 'write', secrets: 'read' } })

/** Makes a backup of what is there, or of other values. */
async function backUp(scopes: readonly Scope[], values?: Readonly<Record<string, string>>) {
  const files =
    values === undefined
      ? await snapshotVariables({ repository: repository(), scopes, environment })
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

const open = (scopes: readonly Scope[], allowRemoval = false, own = repository()) =>
  openVariables({
    ...{ ...about, repository: own, scopes, storage, secrets: [], allowRemoval, earlier: undefined },
    now: () => new Date(),
    log: () => {},
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
    ['environment', many(101), 'the environment production would have 101 variables, and GitHub takes 100'],
    ['repository', many(501), 'the repository would have 501 variables, and GitHub takes 500'],
    [
      'repository',
      { BIG: 'é'.repeat(24 * 1024 + 1) },
      'the variable BIG of the repository would have 49154 bytes, and GitHub takes 49152',
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
      expect(await open(both).undo(receipt)).toContain('4 variables are as before the rollback again')
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
      .filter(({ method, path }) => method === 'GET' && path.includes('/variables'))
    expect(reads).toHaveLength(9)
    expect(writes()).toHaveLength(1)
  },
  limit,
)
