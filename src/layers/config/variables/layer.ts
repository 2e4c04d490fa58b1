import { RefusedError } from '../../../errors.ts'
import { demandVariableAccess, nameOfScope, type VariableScope } from '../../../github/variables.ts'
import {
  comparedView,
  type Layer,
  type LayerPlan,
  type LayerReceipt,
  type UndoableRollback,
} from '../../layer.ts'
import { describeChange, needsOf } from '../describe.ts'
import { digestOf } from '../file.ts'
import type { ConfigTarget } from '../target.ts'
import {
  type AppliedVariables,
  type ApplyVariablesOptions,
  applyScopes,
  changedBy,
  findInterrupted,
  type KeptVariables,
} from './apply.ts'
import { findIneffective, type NamesByScope } from './effect.ts'
import { planScopes } from './places.ts'
import { refusalOfScopes, type ScopePlan, valuesAfter } from './plan.ts'
import { scopes as allScopes } from './scope.ts'
import { pathOf } from './snapshot.ts'
import { checkTotal } from './total.ts'
import { undoVariables } from './undo.ts'

export interface VariablesLayerOptions extends ApplyVariablesOptions {
  readonly allowRemoval: boolean
  readonly findTarget: (paths: readonly string[]) => Promise<ConfigTarget>
  /** values that are secrets wherever they stand */
  readonly secrets: readonly string[]
  /** what the history says of an earlier run of this rollback; undefined for nothing */
  readonly earlier: UndoableRollback | undefined
  /** an earlier run of this rollback began, and was killed before it could say what it did */
  readonly isInterrupted: boolean
}

/** GitHub Actions variables: those that differ from a backup go back, each by one request. */
export function openVariables(options: VariablesLayerOptions): Layer {
  return {
    name: 'config',
    plan: () => planVariables(options),
    undo: (done) => undoVariables(options, done),
  }
}

async function planVariables(options: VariablesLayerOptions): Promise<LayerPlan> {
  const { repository, scopes, allowRemoval } = options
  const target = await options.findTarget(scopes.map(pathOf))
  const plans = await planScopes(options, target)
  const pending = plans.filter(({ changes }) => changes.length > 0)
  // before anything is changed, in this layer or another one
  for (const { scope } of pending) await demandVariableAccess(repository, scope)
  const isPending = pending.length > 0
  const earlier = isPending ? options.earlier : (options.earlier ?? (await findDone(options, plans, target)))
  const total = await checkTotal(repository, plans)
  const refusal = refusalOfScopes(plans, allowRemoval) ?? total.refusal
  const held = new Map(plans.map((plan) => [plan.scope.kind, [...valuesAfter(plan).keys()]]))
  const restored = isPending ? changedBy(plans) : restoredBy(earlier)
  const ineffective = await findIneffective(options, restored, held)
  const from = isPending ? nameOf(plans) : undefined
  const evidence = `the variables ${plans.map(({ scope }) => describeScope(scope)).join(' and ')} are those of ${target.name}`
  const head = comparedView('config', { from, to: target.name, foundBy: target.foundBy, earlier })
  return {
    view: {
      ...head,
      steps: pending.flatMap(({ scope, shown }) =>
        shown.map((change) => `variables of ${nameOfScope(scope)}: ${describeChange(change)}`),
      ),
      warnings: [
        ...warningsOf(options, plans, target),
        ...(total.warning === undefined ? [] : [total.warning]),
        ...(isPending ? ineffective : []),
        ...(isPending ? ['a job reads variables when it starts: deploy again for them to take effect'] : []),
      ],
      needsPerson: needsOf(refusal),
      basis: Object.fromEntries(
        plans.map((plan) => [`variables of ${nameOfScope(plan.scope)}`, nameOf([plan])]),
      ),
      ...(!isPending && { left: `${evidence} already` }),
      ...(!isPending && ineffective.length > 0 && { unverified: ineffective.join('; ') }),
    },
    async apply() {
      if (refusal !== undefined) throw new RefusedError(refusal)
      const found = { from: head.from, to: target.name, now: target.name }
      if (!isPending)
        return {
          ...{ ...found, outcome: 'already-rolled-back', kept: { ...earlier?.kept } },
          ...sayEffect(evidence, ineffective),
        }
      const done = await applyScopes(options, plans, target)
      const kept = keptOf(done)
      if (done.problem !== undefined)
        return { ...found, outcome: 'partial', kept, verified: undefined, problem: done.problem }
      const seen = sayEffect(evidence, await findIneffective(options, done.restored, done.held))
      return { ...found, outcome: 'rolled-back', kept, ...seen }
    },
  }
}

/** What was restored, and has no effect, was not seen to be rolled back. */
function sayEffect(
  evidence: string,
  ineffective: readonly string[],
): Pick<LayerReceipt, 'verified' | 'problem'> {
  return ineffective.length === 0
    ? { verified: { ok: true, evidence } }
    : { verified: undefined, problem: `${evidence}, but ${ineffective.join('; ')}` }
}

/** What a run that was killed had done, where it had written all of it. */
async function findDone(
  options: VariablesLayerOptions,
  plans: readonly ScopePlan[],
  target: ConfigTarget,
): Promise<UndoableRollback | undefined> {
  const found = options.isInterrupted ? await findInterrupted(options, plans) : undefined
  return found && { from: found.backup, to: target.name, now: target.name, kept: keptOf(found) }
}

function keptOf({ backup, restored }: KeptVariables | AppliedVariables): UndoableRollback['kept'] {
  const names = [...restored].map(([scope, each]) => [`restored of ${scope}`, each] as const)
  return { backup, ...Object.fromEntries(names) }
}

/** The variables that an earlier run has restored. */
function restoredBy(done: UndoableRollback | undefined): NamesByScope {
  return new Map(
    allScopes.map((scope) => [scope, [done?.kept[`restored of ${scope}`] ?? []].flat()] as const),
  )
}

function warningsOf(
  { organizationVariables }: VariablesLayerOptions,
  plans: readonly ScopePlan[],
  { name }: ConfigTarget,
): readonly string[] {
  const changedSecrets = plans.flatMap(({ scope, secrets }) =>
    secrets.map((each) => `${each} of ${nameOfScope(scope)}`),
  )
  const unknown = plans.flatMap(({ scope }) =>
    scope.kind === 'organization' ? organizationVariables.filter((each) => !scope.names.includes(each)) : [],
  )
  return [
    ...(changedSecrets.length === 0
      ? []
      : [
          `secrets changed since the backup, and their values cannot be read or restored: ${changedSecrets.join(', ')}`,
        ]),
    ...(unknown.length === 0
      ? []
      : [`not in the backup ${name}, and not restored: ${unknown.join(', ')} of the organization`]),
  ]
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
