import { type NotDispatchable, whyNotDispatchable } from '../../deployment/dispatchable.ts'
import type { Setting } from '../../errors.ts'
import { isUserFacing, RefusedError } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { type ConcurrencyGroup, groupsOf } from '../../github/concurrency.ts'
import { readFile } from '../../github/contents.ts'
import { listDeployments } from '../../github/deployments.ts'
import { hasPermission, type ProbedPermission, probedPermissions } from '../../github/permission-probe.ts'
import { readFacts } from '../../github/repository.ts'
import { type BranchRules, readBranchRules, readRuleTypes } from '../../github/rules.ts'
import { mayActionsOpenPulls } from '../../github/workflow-state.ts'
import { readCatalog, verifyStored } from '../../layers/database/catalog.ts'
import { openStore } from '../../layers/database/store/open.ts'
import { describeVerification, isFailed, isRestored } from '../../layers/database/verification.ts'
import type { Layer, LayerPlanView } from '../../layers/layer.ts'
import type { Config } from '../../settings/schema.ts'
import { namedVariables } from '../../settings/variables.ts'
import type { Assessment } from '../assessment.ts'
import { type Plan, planLayers } from '../plan.ts'
import { unlessExternal } from '../redeployment.ts'

/** A value that was read, or why it could not be read. */
export type Fact<T> =
  | { readonly seen: true; readonly value: T }
  /** isRefused: by a rule, a permission or a mistake, which trying again will not change */
  | { readonly seen: false; readonly why: string; readonly isRefused: boolean }

/** The last backup of the environment. */
export interface BackupFacts {
  readonly name: string
  /** how it was verified when it was made, for people */
  readonly verification: string
  readonly isFailed: boolean
  readonly isRestored: boolean
  /** why its stored bytes are no backup any more; undefined when they are what was written, or were not read */
  readonly damage: string | undefined
  readonly wasRead: boolean
}

/** Everything that a rollback would depend on, in its current state. */
export interface Facts {
  readonly environment: string
  readonly branch: string
  readonly config: Config
  readonly archived: Fact<boolean>
  readonly permissions: ReadonlyMap<ProbedPermission, Fact<boolean>>
  readonly rules: Fact<BranchRules>
  /** names of the rules that a branch of that name would be under */
  readonly historyRules: Fact<readonly string[]>
  readonly proposalRules: Fact<readonly string[]>
  readonly mayOpenPulls: Fact<boolean>
  /** undefined where no workflow deploys */
  readonly redeploy: RedeployFacts | undefined
  /** of this run; undefined where the server does not report them, or outside of a run */
  readonly groups: Fact<readonly ConcurrencyGroup[] | undefined>
  /** file of the workflow that this run is of; undefined outside of one */
  readonly ownWorkflow: string | undefined
  /** variables that the settings name and that are not set, or empty */
  readonly missingVariables: readonly string[]
  /** the environment has deployments, and none of another revision than the one that is examined */
  readonly isFirst: Fact<boolean>
  readonly layers: readonly { readonly name: Layer['name']; readonly plan: Fact<LayerPlanView> }[]
  /** undefined where there is no database */
  readonly backup: Fact<BackupFacts | undefined> | undefined
  /** undefined where no check is configured */
  readonly assessment: Fact<Assessment | undefined>
  /** why an automatic rollback would be held; seen and undefined when it would not */
  readonly held: Fact<string | undefined>
}

export interface RedeployFacts {
  readonly workflow: string
  /** why it could not be started on the branch; undefined when it could */
  readonly obstacle: Fact<NotDispatchable | undefined>
  /** of its file on the branch; undefined when it is not there */
  readonly text: Fact<string | undefined>
}

export interface DoctorOptions {
  readonly repository: Repository
  readonly config: Config
  readonly environment: string
  readonly branch: string
  /** the revision that would be rolled back */
  readonly revision: string
  /** the id of this run, and the file of its workflow */
  readonly run: string | undefined
  readonly ownWorkflow: string | undefined
  readonly layers: readonly Layer[]
  readonly assess: () => Promise<Assessment | undefined>
  /** @throws RefusedError when a machine must not roll back now */
  readonly guard: (plan: Plan) => Promise<void>
  readonly env: NodeJS.ProcessEnv
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  /** how an error's settings are called */
  readonly nameOf: (setting: Setting) => string
}

/** Bytes of a backup that are read again; of a larger one only the files' presence is looked at. */
const readAgainBytes = 256 * 1024 * 1024

/** Looks at everything, at the same time; reads only. @throws what is no user's business */
export async function gatherFacts(options: DoctorOptions): Promise<Facts> {
  const { repository, config, environment, branch, run, ownWorkflow, layers, env } = options
  const fact = factBy(options)
  const redeploy = unlessExternal(config.code.redeploy)
  const workflow = redeploy?.workflow ?? 'none.yml'
  const permissions = probedPermissions.map(
    async (name) => [name, await fact(() => hasPermission(repository, name, { workflow }))] as const,
  )
  const plans = layers.map(async (layer) => ({
    name: layer.name,
    plan: await fact(async () => (await layer.plan()).view),
  }))
  const [facts, rules, historyRules, proposalRules, mayOpenPulls, groups, backup, assessment, held] =
    await Promise.all([
      fact(() => readFacts(repository)),
      fact(() => readBranchRules(repository, branch)),
      fact(() => readRuleTypes(repository, config.history.branch)),
      fact(() => readRuleTypes(repository, 'rollback/incident')),
      fact(() => mayActionsOpenPulls(repository)),
      fact(async () => (run === undefined ? undefined : groupsOf(repository, Number(run)))),
      config.database && fact(() => lastBackup(options, config.database?.storage ?? '')),
      fact(options.assess),
      fact(() => whyHeld(options)),
    ])
  return {
    environment,
    branch,
    config,
    archived: facts.seen ? { seen: true, value: facts.value.archived } : facts,
    permissions: new Map(await Promise.all(permissions)),
    rules,
    historyRules,
    proposalRules,
    mayOpenPulls,
    redeploy: redeploy && {
      workflow: redeploy.workflow,
      obstacle: await fact(() => whyNotDispatchable(repository, { ...redeploy, ref: branch })),
      text: await fact(async () => {
        const path = `.github/workflows/${redeploy.workflow}`
        return (await readFile(repository, { path, ref: branch }))?.text
      }),
    },
    groups,
    ownWorkflow,
    missingVariables: namedVariables(config).filter((name) => (env[name] ?? '') === ''),
    isFirst: await fact(() => isFirstDeployment(options)),
    layers: await Promise.all(plans),
    backup,
    assessment,
    held,
  }
}

async function isFirstDeployment({ repository, environment, revision }: DoctorOptions): Promise<boolean> {
  let isFirst = false
  for await (const deployment of listDeployments(repository, { environment })) {
    if (deployment.revision !== revision) return false
    isFirst = true
  }
  return isFirst
}

function factBy({ nameOf, signal }: DoctorOptions) {
  return async <T>(look: () => Promise<T>): Promise<Fact<T>> => {
    try {
      return { seen: true, value: await look() }
    } catch (error) {
      if (signal.aborted || !(error instanceof Error)) throw error
      if (!isUserFacing(error)) return { seen: false, why: error.message, isRefused: false }
      return { seen: false, why: error.explain(nameOf), isRefused: error.name !== 'UnavailableError' }
    }
  }
}

/** Guards are for a plan; without one there is nothing that they could hold. */
async function whyHeld({ layers, guard }: DoctorOptions): Promise<string | undefined> {
  const plan = await planLayers(layers, 'changed', 'continue')
  try {
    await guard(plan)
    return undefined
  } catch (error) {
    if (error instanceof RefusedError) return error.message
    throw error
  }
}

async function lastBackup(
  { env, fetch, signal, environment }: DoctorOptions,
  storage: string,
): Promise<BackupFacts | undefined> {
  const store = openStore(storage, { env, fetch, signal })
  const { backups, broken } = await readCatalog(store)
  const last = backups.find((each) => each.environment === environment)
  const newest = [last?.name ?? '', ...broken.map(({ name }) => name)].sort().at(-1)
  const damaged = broken.find(({ name }) => name === newest)
  // names begin with the time
  if (damaged !== undefined) return { ...unreadable, name: damaged.name, damage: damaged.why }
  if (last === undefined) return undefined
  const wasRead = last.parts.reduce((sum, { size }) => sum + size, 0) <= readAgainBytes
  return {
    name: last.name,
    verification: describeVerification(last),
    isFailed: isFailed(last),
    isRestored: isRestored(last),
    wasRead,
    damage: await damageOf(async () => {
      if (wasRead) return verifyStored(store, last)
      const there = new Set(await store.list())
      const missing = last.parts.find(({ name }) => !there.has(`${last.name}/${name}`))
      if (missing !== undefined) throw new RefusedError(`${last.name}/${missing.name} is missing`)
    }),
  }
}

const unreadable = { verification: '', isFailed: true, isRestored: false, wasRead: true } as const

async function damageOf(verify: () => Promise<void>): Promise<string | undefined> {
  try {
    await verify()
    return undefined
  } catch (error) {
    if (error instanceof RefusedError) return error.message
    throw error
  }
}
