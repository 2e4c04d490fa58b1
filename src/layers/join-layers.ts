import { isUserFacing, RefusedError } from '../errors.ts'
import {
  keptText,
  type Layer,
  type LayerPlan,
  type LayerPlanView,
  type LayerReceipt,
  type UndoableRollback,
  type WayBack,
} from './layer.ts'

/** The parts of a layer, by a name that its receipt tells them apart by. */
export type Parts = Readonly<Record<string, Layer>>

/**
 * One layer of several parts, such as files and variables: they are rolled back in their order, and undone in the reverse one. A part
 * that fails stops the ones after it, and the receipt says which are back.
 */
export function joinLayers(name: Layer['name'], parts: Parts): Layer {
  const all = Object.entries(parts)
  return {
    name,
    async plan() {
      const plans = await Promise.all(all.map(async ([part, layer]) => [part, await layer.plan()] as const))
      const open = plans.filter(([, { view }]) => view.state !== 'nothing')
      const leftParts = plans.flatMap(([, { view }]) => (view.state === 'nothing' ? [view] : []))
      return {
        view: joinViews(
          name,
          plans.map(([, { view }]) => view),
        ),
        apply: async () => withUnverified(await applyParts(open), leftParts),
      }
    },
    async undo(done) {
      const said: string[] = []
      for (const [part, layer] of all.toReversed()) {
        const own = partOf(done, part)
        if (own !== undefined) said.push(await layer.undo(own))
      }
      if (said.length === 0)
        throw new RefusedError('this rollback did not change it, so there is nothing to undo')
      return said.join('; ')
    },
  }
}

function joinViews(layer: Layer['name'], views: readonly LayerPlanView[]): LayerPlanView {
  const open = views.filter(({ state }) => state !== 'nothing')
  const shown = open.length > 0 ? open : views
  const pending = views.some(({ state }) => state === 'pending')
  const left = views.flatMap((view) => (view.state === 'nothing' && view.left ? [view.left] : []))
  const unverified = views.flatMap((view) => view.unverified ?? [])
  const now = join(open.map((view) => view.now ?? ''))
  const scope = join(
    views.map((view) => view.scope ?? ''),
    '; ',
  )
  const every = (lines: (view: LayerPlanView) => readonly string[]) => views.flatMap(lines)
  return {
    layer,
    state: pending ? 'pending' : open.length > 0 ? 'done' : 'nothing',
    from: join(shown.map(({ from }) => from)),
    to: join(shown.map(({ to }) => to)),
    ...(now !== '' && { now }),
    ...(scope !== '' && { scope }),
    ...listed(
      'deploys',
      open.flatMap(({ deploys = [] }) => deploys),
    ),
    foundBy: join([...new Set(shown.map(({ foundBy }) => foundBy))], '; '),
    steps: every(({ steps }) => steps),
    undone: views.flatMap(({ undone }) => undone),
    losses: every(({ losses }) => losses),
    warnings: every(({ warnings }) => warnings),
    needsPerson: every(({ needsPerson }) => needsPerson),
    ...(views.some(({ state, needsDeployment }) => state === 'pending' && needsDeployment) && {
      needsDeployment: true,
    }),
    basis: Object.assign({}, ...views.map(({ basis }) => basis)),
    ...(unverified.length > 0 && { unverified: unverified.join('; ') }),
    ...(left.length > 0 && { left: left.join('; ') }),
  }
}

async function applyParts(plans: readonly (readonly [string, LayerPlan])[]): Promise<LayerReceipt> {
  const done: (readonly [string, LayerReceipt])[] = []
  for (const [part, plan] of plans) {
    try {
      done.push([part, await plan.apply()])
    } catch (error) {
      if (!isUserFacing(error) || done.length === 0) throw error
      return { ...joinReceipts(done), outcome: 'partial', problem: `${part}: ${error.message}` }
    }
  }
  return joinReceipts(done)
}

/** A part that nothing is done to, and that was not seen to be right, keeps the whole from being so. */
function withUnverified(receipt: LayerReceipt, left: readonly LayerPlanView[]): LayerReceipt {
  const unverified = left.flatMap((view) => view.unverified ?? [])
  if (unverified.length === 0) return receipt
  return { ...receipt, verified: undefined, problem: join([receipt.problem ?? '', ...unverified], '; ') }
}

/** A list under a name, unless it is empty. */
function listed<K extends string>(name: K, values: readonly string[]): { [key in K]?: readonly string[] } {
  return values.length === 0 ? {} : ({ [name]: values } as { [key in K]: readonly string[] })
}

function joinWaysBack(ways: readonly WayBack[]): Pick<LayerReceipt, 'wayBack'> {
  if (ways.length === 0) return {}
  return {
    wayBack: {
      steps: ways.flatMap(({ steps }) => steps),
      commands: ways.flatMap(({ commands }) => commands),
    },
  }
}

function joinReceipts(done: readonly (readonly [string, LayerReceipt])[]): LayerReceipt {
  const receipts = done.map(([, receipt]) => receipt)
  const outcomes = new Set(receipts.map(({ outcome }) => outcome))
  const seen = receipts.flatMap(({ verified }) => verified ?? [])
  const problems = receipts.flatMap(({ problem }) => problem ?? [])
  return {
    ...Object.assign({}, ...receipts),
    outcome:
      (['partial', 'proposed', 'rolled-back', 'stopped'] as const).find((each) => outcomes.has(each)) ??
      'already-rolled-back',
    from: join(receipts.map(({ from }) => from)),
    to: join(receipts.map(({ to }) => to)),
    now: join(receipts.map(({ now }) => now)),
    kept: Object.fromEntries(done.flatMap(([part, receipt]) => keptOf(part, receipt))),
    verified:
      seen.length < receipts.length
        ? undefined
        : {
            ok: seen.every(({ ok }) => ok),
            evidence: join(
              seen.map(({ evidence }) => evidence),
              '; ',
            ),
          },
    ...(problems.length > 0 && { problem: problems.join('; ') }),
    ...listed(
      'deploys',
      receipts.flatMap(({ deploys = [] }) => deploys),
    ),
    ...listed(
      'losses',
      receipts.flatMap(({ losses = [] }) => losses),
    ),
    ...joinWaysBack(receipts.flatMap(({ wayBack }) => wayBack ?? [])),
    warnings: receipts.flatMap(({ warnings = [] }) => warnings),
  }
}

/** A receipt of one part is kept as `part/key`, with where it stood. */
function keptOf(
  part: string,
  { from, to, now, kept }: UndoableRollback,
): readonly (readonly [string, string | readonly string[]])[] {
  const own = { ...kept, from, to, now }
  return Object.entries(own).map(([key, value]) => [`${part}/${key}`, value] as const)
}

/** What was done of one part; undefined when nothing was. */
export function partOf({ kept }: UndoableRollback, part: string): UndoableRollback | undefined {
  const prefix = `${part}/`
  const own = Object.entries(kept).flatMap(([key, value]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
  )
  if (own.length === 0) return undefined
  const { from: _from, to: _to, now: _now, ...rest } = Object.fromEntries(own)
  const textOf = (name: string) => keptText({ kept: Object.fromEntries(own) }, name) ?? ''
  return { from: textOf('from'), to: textOf('to'), now: textOf('now'), kept: rest }
}

function join(names: readonly string[], by = ', '): string {
  return names.filter((name) => name !== '').join(by)
}
