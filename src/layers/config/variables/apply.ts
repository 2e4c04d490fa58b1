import { attempt, ConflictError } from '../../../errors.ts'
import type { Repository } from '../../../github/client.ts'
import {
  changeVariable,
  listVariables,
  nameOfScope,
  type Variable,
  type VariableChange,
  type VariableScope,
} from '../../../github/variables.ts'
import { listBackups, makeBackup, readBackup } from '../backup.ts'
import type { FileState } from '../file.ts'
import type { ApplyOptions } from '../restore.ts'
import type { ConfigTarget } from '../target.ts'
import type { NamesByScope } from './effect.ts'
import { namesOf, type Places } from './places.ts'
import { type ScopePlan, valuesOf } from './plan.ts'
import { decodeSnapshot, encodeSnapshot, pathOf } from './snapshot.ts'

/** Where variables are written, and where what was there is kept. */
export interface ApplyVariablesOptions extends Places, Omit<ApplyOptions, 'now' | 'folder' | 'allowRemoval'> {
  readonly now: () => Date
}

/** The emergency copy of a rollback. */
export interface KeptVariables {
  readonly backup: string
  /** the variables that the rollback changes, in all of its runs */
  readonly restored: NamesByScope
}

export interface AppliedVariables extends KeptVariables {
  /** all names that the scopes have now */
  readonly held: NamesByScope
  /** why not all of it was written, or is not as it was written; undefined when all is */
  readonly problem: string | undefined
}

/**
 * Writes what differs, after a copy of what is there, and reads it back. What fails half way is in the result, with the copy that undoes it.
 * @throws ConflictError when a variable has changed since the plan, and what GitHub refuses before anything is changed
 */
export async function applyScopes(
  options: ApplyVariablesOptions,
  plans: readonly ScopePlan[],
  target: ConfigTarget,
): Promise<AppliedVariables> {
  const { repository, now } = options
  const copies = new Map<string, FileState>()
  for (const plan of plans) {
    const current = await listVariables(repository, plan.scope)
    refuseMoved(plan, current)
    copies.set(pathOf(plan.scope.kind), encodeSnapshot(current.values(), plan.secretNames))
  }
  const kept = (await findInterrupted(options, plans)) ?? {
    backup: (await makeBackup({ ...options, kind: 'emergency', files: copies, now: now() })).name,
    restored: changedBy(plans),
  }
  const failed = await attempt(() => writeChanges(repository, plans))
  const after = await attempt(() =>
    Promise.all(plans.map(async (plan) => [plan, await listVariables(repository, plan.scope)] as const)),
  )
  if (after instanceof Error)
    return { ...kept, held: new Map(), problem: `the variables could not be read back: ${after.message}` }
  const isUntouched = after.every(([{ seen }, now]) => differing(now, valuesOf(seen)).length === 0)
  if (failed instanceof Error && isUntouched) throw failed
  const held = new Map(after.map(([{ scope }, now]) => [scope.kind, [...now.keys()]]))
  const wrong = after.flatMap(([{ scope, target: wanted }, now]) =>
    differing(now, wanted.variables).map((name) => `${name} of ${nameOfScope(scope)}`),
  )
  if (wrong.length === 0) return { ...kept, held, problem: undefined }
  const why =
    failed instanceof Error
      ? `not all variables were written: ${failed.message}`
      : 'somebody else writes them'
  return {
    ...kept,
    held,
    problem: `${wrong.join(', ')} ${wrong.length === 1 ? 'is' : 'are'} not as in ${target.name}: ${why}; what was there before is in the backup ${kept.backup}`,
  }
}

/** Names whose values are not those that they should be. */
function differing(
  now: ReadonlyMap<string, Variable>,
  wanted: ReadonlyMap<string, string>,
): readonly string[] {
  return namesOf(now, wanted).filter((name) => now.get(name)?.value !== wanted.get(name))
}

/** The variables that plans change. */
export function changedBy(plans: readonly ScopePlan[]): NamesByScope {
  return new Map(plans.map(({ scope, changes }) => [scope.kind, changes.map(({ name }) => name)]))
}

/** Writes changes one by one: what is deleted makes room for what comes back. */
export async function writeChanges(
  repository: Repository,
  open: readonly { readonly scope: VariableScope; readonly changes: readonly VariableChange[] }[],
): Promise<void> {
  for (const { scope, changes } of open) {
    const deletionsFirst = changes.toSorted(
      (a, b) => Number(a.after !== undefined) - Number(b.after !== undefined),
    )
    for (const change of deletionsFirst) await changeVariable(repository, scope, change)
  }
}

/** @throws ConflictError that names what moved, and when */
function refuseMoved({ scope, seen }: ScopePlan, now: ReadonlyMap<string, Variable>): void {
  const [moved] = differing(now, valuesOf(seen))
  if (moved === undefined) return
  const at = now.get(moved)?.updatedAt.toISOString()
  throw new ConflictError(
    `the variable ${moved} of ${nameOfScope(scope)} has changed since the plan was made${at === undefined ? '' : `, at ${at}`}: nothing was changed; plan again`,
  )
}

/**
 * The emergency copy of an earlier run that was killed while it wrote, or before it could say what it did: each variable is as it was then,
 * or as at the target.
 */
export async function findInterrupted(
  {
    storage,
    environment,
    revision,
    scopes,
  }: Pick<ApplyVariablesOptions, 'storage' | 'environment' | 'revision' | 'scopes'>,
  plans: readonly ScopePlan[],
): Promise<KeptVariables | undefined> {
  const { manifests } = await listBackups(storage)
  const own = manifests.filter(
    (each) => each.kind === 'emergency' && each.environment === environment && each.revision === revision,
  )
  for (const manifest of own) {
    if (!scopes.every((kind) => manifest.files.some(({ path }) => path === pathOf(kind)))) continue
    const files = await readBackup(storage, manifest)
    const compared = plans.map(({ scope: { kind }, seen, target }) => {
      const bytes = files.get(pathOf(kind))?.bytes ?? Buffer.alloc(0)
      const copy = decodeSnapshot(manifest.name, bytes).variables
      const names = namesOf(copy, seen, target.variables)
      const isBetween = names.every((name) => {
        const value = seen.get(name)?.value
        return value === copy.get(name) || value === target.variables.get(name)
      })
      const differing = names.filter((name) => copy.get(name) !== target.variables.get(name))
      return { kind, isBetween, differing }
    })
    if (compared.every(({ isBetween }) => isBetween))
      return {
        backup: manifest.name,
        restored: new Map(compared.map(({ kind, differing }) => [kind, differing])),
      }
  }
  return undefined
}
