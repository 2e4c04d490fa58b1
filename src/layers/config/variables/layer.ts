import { ConflictError, message, RefusedError } from '../../../errors.ts'
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
import { decodeSnapshot, encodeSnapshot, pathOf } from './snapshot.ts'

export interface VariablesLayerOptions extends Omit<ApplyOptions, 'now' | 'folder'> {
  /** with a token that may read and write variables: the workflow's own cannot */
  readonly repository: Repository
  readonly scopes: readonly Scope[]
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

/** The variables of the scopes as a backup keeps them. @throws RefusedError with the token that it takes */
export async function snapshotVariables({
  repository,
  scopes,
  environment,
}: Pick<VariablesLayerOptions, 'repository' | 'scopes' | 'environment'>): Promise<
  ReadonlyMap<string, FileState>
> {
  const states = scopes.map(async (kind) => {
    const scope = scopeOf(kind, environment)
    const [variables, secrets] = await Promise.all([
      listVariables(repository, scope),
      listSecretNames(repository, scope),
    ])
    return [pathOf(kind), encodeSnapshot(variables.values(), secrets)] as const
  })
  return new Map(await Promise.all(states))
}

function scopeOf(kind: Scope, environment: string): VariableScope {
  return kind === 'repository' ? { kind } : { kind, environment }
}

/** What differs from the target, in each scope. */
export async function planScopes(
  {
    repository,
    scopes,
    environment,
    secrets,
  }: Pick<VariablesLayerOptions, 'repository' | 'scopes' | 'environment' | 'secrets'>,
  target: ConfigTarget,
): Promise<readonly ScopePlan[]> {
  return Promise.all(
    scopes.map(async (kind) => {
      const scope = scopeOf(kind, environment)
      const [seen, names] = await Promise.all([
        listVariables(repository, scope),
        listSecretNames(repository, scope),
      ])
      const snapshot = decodeSnapshot(target.name, target.files.get(pathOf(kind))?.bytes ?? Buffer.alloc(0))
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
          evidence: `the variables of ${plans.map(({ scope }) => nameOfScope(scope)).join(' and of ')} are those of ${target.name}`,
        },
      }
    },
  }
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
  const { storage, repository, scopes, environment } = options
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
      const scope = scopeOf(kind, environment)
      const [was, is] = [before, after].map(
        (files) => decodeSnapshot(name, files.get(pathOf(kind))?.bytes ?? Buffer.alloc(0)).variables,
      )
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
    if (before !== is.get(name))
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
