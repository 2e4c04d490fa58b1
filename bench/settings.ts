/**
 * Snapshot and restore of 1,000 GitHub Actions variables (a repository's 500, and five environments' 100 each, which are GitHub's own
 * limits) on the emulator, and of 1,000 feature flags on a real Unleash server: how many requests they take.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeBackup } from '../src/layers/config/backup.ts'
import { findTarget } from '../src/layers/config/target.ts'
import { openVariables } from '../src/layers/config/variables/layer.ts'
import { snapshotVariables } from '../src/layers/config/variables/places.ts'
import { sealWith } from '../src/layers/flags/kept-state.ts'
import { openFlagsLayer } from '../src/layers/flags/layer.ts'
import { openUnleash } from '../src/layers/flags/unleash.ts'
import { openShop } from '../test/support/repository.ts'
import { startUnleash } from '../test/support/unleash.ts'
import type { Findings } from './main.ts'

const count = 1_000
const changed = 20

interface Requests {
  readonly snapshotReads: number
  readonly planReads: number
  readonly restoreReads: number
  readonly writes: number
  readonly ms: number
}

export async function measure(say: (line: string) => void): Promise<Findings> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-settings-'))
  try {
    const variables = await measureVariables(directory)
    say(`variables: ${JSON.stringify(variables)}`)
    const flags = await measureFlags()
    say(`flags: ${JSON.stringify(flags)}`)
    const readsEach = (reads: number) => reads / (count / 100)
    return {
      figures: {
        variables_writes_per_change: variables.writes / changed,
        variables_reads_per_hundred: readsEach(variables.snapshotReads),
        flags_writes_per_change: flags.writes / changed,
        flags_reads_per_hundred: readsEach(flags.snapshotReads),
        variables_ms: variables.ms,
        flags_ms: flags.ms,
      },
      goals: {
        variables_writes_per_change: { atMost: 1 },
        // GitHub lists 30 variables a page, whatever is asked for; one page each of secrets beside it
        variables_reads_per_hundred: { atMost: 5 },
        flags_writes_per_change: { atMost: 1 },
        flags_reads_per_hundred: { atMost: 1 },
      },
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function measureVariables(storage: string): Promise<Requests> {
  const shop = await openShop()
  try {
    const now = new Date()
    const fill = (size: number) =>
      new Map(
        Array.from({ length: size }, (_, index) => {
          const name = `V_${String(index).padStart(4, '0')}`
          return [name, { name, value: `value ${index}`, createdAt: now, updatedAt: now }] as const
        }),
      )
    for (const [name, variable] of fill(500)) shop.hosted.variables.set(name, variable)
    const environments = ['a', 'b', 'c', 'd', 'e']
    for (const each of environments)
      shop.hosted.environments.set(each, { reviewers: [], variables: fill(100), secrets: new Map() })
    const permissions = { actions_variables: 'write', environments: 'write', secrets: 'read' } as const
    const repository = shop.open({ permissions })
    const counted = () => shop.github.requests.length
    const startedAt = performance.now()
    let [snapshotReads, planReads, restoreReads, writes] = [0, 0, 0, 0]
    for (const [index, environment] of environments.entries()) {
      const scopes = index === 0 ? (['repository', 'environment'] as const) : (['environment'] as const)
      let from = counted()
      const files = await snapshotVariables({
        ...{ repository, scopes, environment, organizationVariables: [] },
      })
      snapshotReads += counted() - from
      const about = { environment, revision: 'a'.repeat(40), by: 'bench', reason: 'bench' }
      await makeBackup({ ...about, storage, kind: 'snapshot', files, now: new Date() })
      const mine = shop.hosted.environments.get(environment)?.variables
      for (const variable of [...(mine?.values() ?? [])].slice(0, changed / environments.length))
        variable.value = 'bad'
      const layer = openVariables({
        organizationVariables: [],
        ...{ ...about, repository, scopes, storage, secrets: [], allowRemoval: false, earlier: undefined },
        now: () => new Date(),
        isInterrupted: false,
        findTarget: (paths) =>
          findTarget({
            ...{ target: 'latest', storage, environment, paths },
            deployment: { revision: about.revision, since: new Date() },
            readRevision: async () => undefined,
          }),
      })
      from = counted()
      const plan = await layer.plan()
      planReads += counted() - from
      from = counted()
      await plan.apply()
      const made = shop.github.requests.slice(from)
      restoreReads += made.filter(({ method }) => method === 'GET').length
      writes += made.filter(({ method }) => method !== 'GET').length
    }
    return { snapshotReads, planReads, restoreReads, writes, ms: Math.round(performance.now() - startedAt) }
  } finally {
    await shop.close()
  }
}

async function measureFlags(): Promise<Requests> {
  const unleash = await startUnleash()
  try {
    const environment = 'development'
    const features = '/api/admin/projects/default/features'
    const names = Array.from({ length: count }, (_, index) => `flag-${String(index).padStart(4, '0')}`)
    const strategy = {
      name: 'flexibleRollout',
      parameters: { rollout: '25', stickiness: 'default', groupId: 'g' },
    }
    const create = async (name: string) => {
      await unleash.ask('POST', features, { name, type: 'release' })
      await unleash.ask('POST', `${features}/${name}/environments/${environment}/strategies`, strategy)
      await unleash.ask('POST', `${features}/${name}/environments/${environment}/on`)
    }
    for (let at = 0; at < names.length; at += 10) await Promise.all(names.slice(at, at + 10).map(create))
    let requests: { readonly method: string; readonly url: string }[] = []
    const counting: typeof fetch = (url, options) => {
      requests.push({ method: options?.method ?? 'GET', url: String(url) })
      return fetch(url, options)
    }
    const service = openUnleash({
      ...{ fetch: counting, now: Date.now, signal: new AbortController().signal, url: unleash.url },
      ...{ authorization: unleash.adminToken, project: 'default', environment },
    })
    const startedAt = performance.now()
    const flags = await service.list()
    const snapshotReads = requests.length
    if (flags.size !== count) throw new Error(`${flags.size} flags were read`)
    for (const name of names.slice(0, changed))
      await unleash.ask('POST', `${features}/${name}/environments/${environment}/off`)
    const snapshot = new Map([...flags].map(([name, { state }]) => [name, state]))
    const layer = openFlagsLayer({
      ...{ open: async () => service, disable: [], only: [], earlier: undefined, log: () => {} },
      findSnapshot: async () => ({ name: 'bench', foundBy: 'bench', flags: snapshot }),
      backups: undefined,
      begun: undefined,
      redact: (text) => text,
      seal: sealWith(undefined),
      sleep: async () => {},
    })
    requests = []
    const plan = await layer.plan()
    const planReads = requests.length
    requests = []
    await plan.apply()
    const isWrite = ({ url }: { readonly url: string }) => url.includes('/environments/')
    const writes = requests.filter(isWrite).length
    const ms = Math.round(performance.now() - startedAt)
    return { snapshotReads, planReads, restoreReads: requests.length - writes, writes, ms }
  } finally {
    await unleash.stop()
  }
}
