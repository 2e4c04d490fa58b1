import { ConflictError, InputError, message, RefusedError, setting } from '../../../errors.ts'
import type { Repository } from '../../../github/client.ts'
import {
  changeVariable,
  demandVariableAccess,
  listSecretNames,
  listVariables,
  nameOfScope,
  type Variable,
  type VariableChange,
  type VariableScope,
} from '../../../github/variables.ts'
import { comparedView, keptText, type Layer, type LayerPlan, type UndoableRollback } from '../../layer.ts'
import { listBackups, makeBackup, readBackup } from '../backup.ts'
import { describeChange, needsOf } from '../describe.ts'
import { digestOf, type FileState } from '../file.ts'
import type { ApplyOptions } from '../restore.ts'
import type { ConfigTarget } from '../target.ts'
import { planScope, refusalOfScopes, type ScopePlan } from './plan.ts'
import type { Scope } from './scope.ts'
import { decodeSnapshot, encodeSnapshot, pathOf, type Snapshot } from './snapshot.ts'

export interface VariablesLayerOptions extends Omit<ApplyOptions, 'now' | 'folder'> {
  /** with a token that may read and write variables: the workflow's own cannot */
  readonly repository: Repository
  readonly scopes: readonly Scope[]
  /** those of the organization that are meant, in upper case; empty without its scope */
  readonly organizationVariables: readonly string[]
  readonly findTarget: (paths: readonly string[]) => Promise<ConfigTarget>
  /** values that are secrets wherever they stand */
  readonly secrets: readonly string[]
  /** what the history says of an earlier run of this rollback; undefined for nothing */
  readonly earlier: UndoableRollback | undefined
  readonly now: () => Date
  readonly log: (line: string) => void
}

/** GitHub Actions variables: those that differ from a backup go back, each by one request. */
export function openVariables(options: VariablesLayerOptions): Layer {
  return {
    name: 'config',
    plan: () => planVariables(options),
    undo: (done) => undoVariables(options, done),
  }
}

/** Where the variables are. */
type Places = Pick<VariablesLayerOptions, 'repository' | 'scopes' | 'environment' | 'organizationVariables'>

/**
 * The variables of the scopes as a backup keeps them.
 * @throws RefusedError with the token that it takes, InputError for a named variable that the organization does not have
 */
export async function snapshotVariables(places: Places): Promise<ReadonlyMap<string, FileState>> {
  const { repository } = places
  const states = places.scopes.map(async (kind) => {
    const scope = scopeOf(kind, places)
    const [variables, secrets] = await Promise.all([
      listVariables(repository, scope),
      listSecretNames(repository, scope),
    ])
    demandNamed(scope, variables)
    return [pathOf(kind), encodeSnapshot(variables.values(), secrets)] as const
  })
  return new Map(await Promise.all(states))
}

function scopeOf(
  kind: Scope,
  { repository, environment, organizationVariables: names }: Omit<Places, 'scopes'>,
): VariableScope {
  if (kind === 'organization') return { kind, organization: repository.owner, names }
  return kind === 'repository' ? { kind } : { kind, environment }
}

/** A misspelt name would be kept in no backup, and nobody would know. */
function demandNamed(scope: VariableScope, variables: ReadonlyMap<string, Variable>): void {
  if (scope.kind !== 'organization') return
  const missing = scope.names.filter((name) => !variables.has(name))
  if (missing.length > 0)
    throw new InputError(
      message`${setting('config.organization-variables')} names ${missing.join(', ')}, which ${nameOfScope(scope)} does not have; write the names of its variables`,
    )
}

/** Of the organization, only what the settings name and the backup has, too. */
function narrow(scope: VariableScope, snapshot: Snapshot): readonly [VariableScope, Snapshot] {
  if (scope.kind !== 'organization') return [scope, snapshot]
  const names = scope.names.filter((name) => snapshot.variables.has(name))
  const variables = new Map([...snapshot.variables].filter(([name]) => names.includes(name)))
  return [
    { ...scope, names },
    { ...snapshot, variables },
  ]
}

/** What differs from the target, in each scope. */
export async function planScopes(
  options: Places & Pick<VariablesLayerOptions, 'secrets'>,
  target: ConfigTarget,
): Promise<readonly ScopePlan[]> {
  const { repository, secrets } = options
  return Promise.all(
    options.scopes.map(async (kind) => {
      const bytes = target.files.get(pathOf(kind))?.bytes ?? Buffer.alloc(0)
      const [scope, snapshot] = narrow(scopeOf(kind, options), decodeSnapshot(target.name, bytes))
      if (scope.kind === 'organization' && scope.names.length === 0)
        throw new InputError(
          message`the backup ${target.name} has none of ${setting('config.organization-variables')}, ${options.organizationVariables.join(', ')}; name another backup`,
        )
      const [seen, names] = await Promise.all([
        listVariables(repository, scope),
        listSecretNames(repository, scope),
      ])
      return planScope(scope, seen, names, snapshot, secrets)
    }),
  )
}

async function planVariables(options: VariablesLayerOptions): Promise<LayerPlan> {
  const { repository, scopes, allowRemoval, earlier } = options
  const target = await options.findTarget(scopes.map(pathOf))
  const plans = await planScopes(options, target)
  const pending = plans.filter(({ changes }) => changes.length > 0)
  // before anything is changed, in this layer or another one
  for (const { scope } of pending) await demandVariableAccess(repository, scope)
  const refusal = refusalOfScopes(plans, allowRemoval)
  const isPending = pending.length > 0
  const from = isPending ? nameOf(plans) : undefined
  const head = comparedView('config', { from, to: target.name, foundBy: target.foundBy, earlier })
  const changedSecrets = plans.flatMap(({ scope, secrets }) =>
    secrets.map((each) => `${each} of ${nameOfScope(scope)}`),
  )
  const unknown = plans.flatMap(({ scope }) =>
    scope.kind === 'organization'
      ? options.organizationVariables.filter((name) => !scope.names.includes(name))
      : [],
  )
  return {
    view: {
      ...head,
      steps: pending.flatMap(({ scope, shown }) =>
        shown.map((change) => `variables of ${nameOfScope(scope)}: ${describeChange(change)}`),
      ),
      warnings: [
        ...(changedSecrets.length === 0
          ? []
          : [
              `secrets changed since the backup, and their values cannot be read or restored: ${changedSecrets.join(', ')}`,
            ]),
        ...(unknown.length === 0
          ? []
          : [
              `not in the backup ${target.name}, and not restored: ${unknown.join(', ')} of the organization`,
            ]),
        ...(isPending ? ['a job reads variables when it starts: deploy again for them to take effect'] : []),
      ],
      needsPerson: needsOf(refusal),
      basis: Object.fromEntries(
        plans.map((plan) => [`variables of ${nameOfScope(plan.scope)}`, nameOf([plan])]),
      ),
    },
    async apply() {
      if (refusal !== undefined) throw new RefusedError(refusal)
      const kept = await applyScopes(options, plans, target)
      return {
        outcome: kept === undefined ? 'already-rolled-back' : 'rolled-back',
        from: head.from,
        to: target.name,
        now: target.name,
        kept: kept === undefined ? { ...earlier?.kept } : { backup: kept },
        verified: {
          ok: true,
          evidence: `the variables ${plans.map(({ scope }) => describeScope(scope)).join(' and ')} are those of ${target.name}`,
        },
      }
    },
  }
}

/** Of an organization the evidence names each variable: of the others nothing is said. */
function describeScope(scope: VariableScope): string {
  return `${scope.kind === 'organization' ? `${scope.names.join(', ')} ` : ''}of ${nameOfScope(scope)}`
}

/** A short name of the variables as they are. */
function nameOf(plans: readonly Pick<ScopePlan, 'seen'>[]): string {
  const all = plans.map(({ seen }) => [...seen].map(([name, { value }]) => [name, value]))
  return `variables-${digestOf(Buffer.from(JSON.stringify(all))).slice(0, 12)}`
}

/** @returns the name of the emergency copy; undefined when nothing had to be changed */
async function applyScopes(
  options: VariablesLayerOptions,
  plans: readonly ScopePlan[],
  target: ConfigTarget,
): Promise<string | undefined> {
  const { repository, now } = options
  if (plans.every(({ changes }) => changes.length === 0)) return undefined
  const copies = new Map<string, FileState>()
  for (const plan of plans) {
    const current = await listVariables(repository, plan.scope)
    refuseMoved(plan, current)
    copies.set(pathOf(plan.scope.kind), encodeSnapshot(current.values(), plan.secretNames))
  }
  const emergency =
    (await findInterrupted(options, plans)) ??
    (await makeBackup({ ...options, kind: 'emergency', files: copies, now: now() })).name
  for (const { scope, changes } of plans) {
    for (const change of deletionsFirst(changes)) await changeVariable(repository, scope, change)
  }
  for (const { scope, target: wanted } of plans) {
    const after = await listVariables(repository, scope)
    const wrong = namesOf(after, wanted.variables).filter(
      (name) => after.get(name)?.value !== wanted.variables.get(name),
    )
    if (wrong.length > 0)
      throw new RefusedError(
        `the variables ${wrong.join(', ')} of ${nameOfScope(scope)} were written, and are not those of ${target.name}: somebody else writes them; what was there before is in the backup ${emergency}`,
      )
  }
  return emergency
}

/** @throws ConflictError that names what moved, and when */
function refuseMoved({ scope, seen }: ScopePlan, now: ReadonlyMap<string, Variable>): void {
  const moved = namesOf(now, seen).find((name) => now.get(name)?.value !== seen.get(name)?.value)
  if (moved === undefined) return
  const at = now.get(moved)?.updatedAt.toISOString()
  throw new ConflictError(
    `the variable ${moved} of ${nameOfScope(scope)} has changed since the plan was made${at === undefined ? '' : `, at ${at}`}: nothing was changed; plan again`,
  )
}

function namesOf(...maps: readonly ReadonlyMap<string, unknown>[]): readonly string[] {
  return [...new Set(maps.flatMap((each) => [...each.keys()]))]
}

/** The emergency copy of an earlier run that was killed while it wrote: each variable is as it was then, or as at the target. */
async function findInterrupted(
  { storage, environment, revision, scopes }: VariablesLayerOptions,
  plans: readonly ScopePlan[],
): Promise<string | undefined> {
  const { manifests } = await listBackups(storage)
  const own = manifests.filter(
    (each) => each.kind === 'emergency' && each.environment === environment && each.revision === revision,
  )
  for (const manifest of own) {
    if (!scopes.every((kind) => manifest.files.some(({ path }) => path === pathOf(kind)))) continue
    const files = await readBackup(storage, manifest)
    const isBetween = plans.every(({ scope, seen, target }) => {
      const copy = decodeSnapshot(
        manifest.name,
        files.get(pathOf(scope.kind))?.bytes ?? Buffer.alloc(0),
      ).variables
      return namesOf(copy, seen, target.variables).every((name) => {
        const value = seen.get(name)?.value
        return value === copy.get(name) || value === target.variables.get(name)
      })
    })
    if (isBetween) return manifest.name
  }
  return undefined
}

/** Puts the values from before the rollback back, unless somebody has changed one since. */
async function undoVariables(options: VariablesLayerOptions, done: UndoableRollback): Promise<string> {
  const { storage, repository, scopes } = options
  const { to } = done
  const name = keptText(done, 'backup')
  if (name === undefined)
    throw new RefusedError('this rollback changed no variable, so that there is nothing to take back')
  const { manifests } = await listBackups(storage)
  const [copy, restored] = [name, to].map((each) => manifests.find((manifest) => manifest.name === each))
  if (copy === undefined || restored === undefined)
    throw new RefusedError(
      message`the backup ${copy === undefined ? name : to} is not in ${storage}: nothing was changed`,
    )
  const [before, after] = await Promise.all([readBackup(storage, copy), readBackup(storage, restored)])
  const open = await Promise.all(
    scopes.map(async (kind) => {
      const read = (files: ReadonlyMap<string, FileState | undefined>) =>
        decodeSnapshot(name, files.get(pathOf(kind))?.bytes ?? Buffer.alloc(0))
      // the emergency copy has just the names that the rollback was about, whatever the settings name since
      const copied = read(before)
      const organizationVariables = [...copied.variables.keys()]
      const [scope, { variables: is }] = narrow(
        scopeOf(kind, { ...options, organizationVariables }),
        read(after),
      )
      const was = kind === 'organization' ? narrow(scope, copied)[1].variables : copied.variables
      const now = await listVariables(repository, scope)
      return { scope, changes: changesBack({ scope, backup: name }, { was, is, now }) }
    }),
  )
  const count = open.reduce((sum, { changes }) => sum + changes.length, 0)
  for (const { scope, changes } of open)
    for (const change of deletionsFirst(changes)) await changeVariable(repository, scope, change)
  return count === 0
    ? 'the variables are as before the rollback already'
    : `${count} variables are as before the rollback again, from ${name}`
}

/**
 * What takes a rollback back. A variable that it did not touch is none of its business, whoever has changed it since.
 * @throws ConflictError when somebody has changed one that it did touch
 */
function changesBack(
  { scope, backup }: { readonly scope: VariableScope; readonly backup: string },
  {
    was = new Map(),
    is = new Map(),
    now,
  }: {
    readonly was: ReadonlyMap<string, string> | undefined
    readonly is: ReadonlyMap<string, string> | undefined
    readonly now: ReadonlyMap<string, Variable>
  },
): readonly VariableChange[] {
  const touched = namesOf(was, is).filter((name) => was.get(name) !== is.get(name))
  return touched.flatMap((name) => {
    const [before, after] = [now.get(name)?.value, was.get(name)]
    if (before === after) return []
    if (before !== is.get(name) || (scope.kind === 'organization' && before === undefined))
      throw new ConflictError(
        `the variable ${name} of ${nameOfScope(scope)} was changed after the rollback: nothing was changed; its earlier value is in the backup ${backup}`,
      )
    return [{ name, before, after }]
  })
}

/** What is deleted makes room for what comes back. */
function deletionsFirst(changes: readonly VariableChange[]): readonly VariableChange[] {
  return changes.toSorted((a, b) => Number(a.after !== undefined) - Number(b.after !== undefined))
}
