import { InputError, message, RefusedError, setting } from '../../errors.ts'
import { shortRevision } from '../../text/revision.ts'
import type { Layer, LayerPlan, LayerPlanView, LayerReceipt, UndoableRollback } from '../layer.ts'
import { describeFiles, needsOf } from './describe.ts'
import { digestOf } from './file.ts'
import {
  doubtOf,
  type FileRules,
  type PlannedFile,
  planFile,
  type RuleWarnings,
  refusalOf,
} from './restore.ts'

export interface RepositoryFilesOptions {
  readonly files: readonly string[]
  /** the layer that puts just these files back by one commit, see `openCodeLayer` with `paths` */
  readonly commits: Layer
  /** the code goes back as a whole, and takes these files along */
  readonly goesWithCode: boolean
  /** A file of a commit; undefined when the commit has none. */
  readonly read: (path: string, revision: string) => Promise<Uint8Array | undefined>
  /** What the restored files must be like. @param good the revision that is gone back to */
  readonly rules: (good: string) => Promise<FileRules & RuleWarnings>
  readonly allowRemoval: boolean
  /** the only keys to take back; empty for whole files */
  readonly keys: readonly string[]
  /** what the history says of an earlier run of this rollback; undefined for nothing */
  readonly earlier: UndoableRollback | undefined
}

/** The files with just some keys as they were, for a commit of them; files that stay as they are are left out. @throws InputError */
export function editKeys({
  files,
  keys,
  read,
}: Pick<RepositoryFilesOptions, 'files' | 'keys' | 'read'>): (revisions: {
  readonly now: string
  readonly good: string
}) => Promise<ReadonlyMap<string, Uint8Array>> {
  return async ({ now, good }) => {
    const planned = await Promise.all(
      files.map(async (path) => {
        const [current, target] = await Promise.all([read(path, now), read(path, good)])
        const rules = { schema: undefined, required: [], secrets: [], allowRemoval: false, keys }
        return planFile(rules, path, stateOf(current), stateOf(target))
      }),
    )
    return new Map(
      planned.flatMap(({ path, what, next }) =>
        what === 'unchanged' || next === undefined ? [] : [[path, next.bytes] as const],
      ),
    )
  }
}

/** Configuration files of the repository: they go back by one commit of just these files. */
export function openRepositoryFiles(options: RepositoryFilesOptions): Layer {
  return {
    name: 'config',
    plan: () => planCommit(options),
    undo: (done) => options.commits.undo(done),
  }
}

async function planCommit(options: RepositoryFilesOptions): Promise<LayerPlan> {
  const { commits, goesWithCode, allowRemoval } = options
  const plan = await commits.plan().catch((error: unknown) => {
    throw error instanceof InputError ? new InputError(message`${setting('config.files')}: ${error}`) : error
  })
  const { view } = plan
  const { planned, warnings } = await planFiles(options, view)
  const refusal = refusalOf(planned, { allowRemoval })
  const isEarlier = options.earlier !== undefined
  const own = viewOf(view, { planned, warnings, goesWithCode, isEarlier, needs: needsOf(refusal) })
  return {
    view: own,
    async apply() {
      if (refusal !== undefined && own.state === 'pending') throw new RefusedError(refusal)
      const receipt = await plan.apply()
      return seen(options, planned, receipt)
    },
  }
}

async function planFiles(
  { files, keys, read, rules, allowRemoval }: RepositoryFilesOptions,
  { from, to }: LayerPlanView,
) {
  const { warnings, unchecked: _, ...own } = await rules(to)
  const planned = await Promise.all(
    files.map(async (path) => {
      const [now, good] = await Promise.all([read(path, from), read(path, to)])
      return planFile({ ...own, keys, allowRemoval }, path, stateOf(now), stateOf(good))
    }),
  )
  return { planned, warnings }
}

/** The commit itself keeps the mode. */
function stateOf(bytes: Uint8Array | undefined) {
  return bytes && { bytes: Buffer.from(bytes), digest: digestOf(bytes), mode: 0o644, uid: 0, gid: 0 }
}

function viewOf(
  view: LayerPlanView,
  {
    planned,
    warnings,
    goesWithCode,
    isEarlier,
    needs,
  }: {
    readonly planned: readonly PlannedFile[]
    readonly warnings: readonly string[]
    readonly goesWithCode: boolean
    readonly isEarlier: boolean
    readonly needs: readonly string[]
  },
): LayerPlanView {
  const changes = describeFiles(planned)
  const isChanged = planned.some(({ what }) => what !== 'unchanged')
  // a branch that has that content, and no rollback that brought it, was never changed
  const isUntouched = view.state === 'done' && view.now === view.from
  const [where, target] = [shortRevision(view.from), shortRevision(view.to)]
  const doubt = isChanged ? undefined : doubtOf(planned, { where, target, isRemoved: isEarlier })
  const base = {
    ...view,
    layer: 'config',
    undone: [],
    undoneCount: 0,
    warnings: [...warnings, ...view.warnings],
    ...(view.state === 'done' && { losses: [] }),
    ...(doubt !== undefined && { unverified: doubt }),
    ...(view.deploys && { deploys: view.deploys.slice(0, 1) }),
  } as const
  if (!isChanged && isUntouched && isEarlier) return { ...base, state: 'done', steps: [] }
  if (!isChanged || isUntouched)
    return {
      ...{ ...base, state: 'nothing', steps: [] },
      left: `${planned.map(({ path }) => path).join(', ')} ${planned.length === 1 ? 'is' : 'are'} as at ${target} already`,
    }
  if (goesWithCode)
    return {
      ...base,
      state: 'nothing',
      steps: changes,
      left: `its files are restored with the code: ${changes.join('; ')}`,
    }
  return {
    ...base,
    steps: [...changes, ...view.steps],
    needsPerson: [...view.needsPerson, ...(view.state === 'pending' ? needs : [])],
  }
}

/** The files are read back from the commit. */
async function seen(
  { read }: RepositoryFilesOptions,
  planned: readonly PlannedFile[],
  receipt: LayerReceipt,
): Promise<LayerReceipt> {
  const own = {
    ...receipt,
    kept: { ...receipt.kept, commit: receipt.now },
    // of the good revision, the commit has these files alone
    ...(receipt.deploys && { deploys: receipt.deploys.slice(0, 1) }),
  }
  if (receipt.pull !== undefined || receipt.verified === undefined) return own
  const now = await Promise.all(planned.map(async ({ path }) => (await read(path, receipt.now)) ?? undefined))
  const wrong = planned.filter(({ next }, index) => !isSame(next?.bytes, now[index])).map(({ path }) => path)
  const evidence =
    wrong.length === 0
      ? `${planned.map(({ path }) => path).join(', ')} ${planned.length === 1 ? 'is' : 'are'} byte for byte as at ${receipt.to.slice(0, 7)}; ${receipt.verified.evidence}`
      : `${wrong.join(', ')} at ${receipt.now.slice(0, 7)} is not as it was at ${receipt.to.slice(0, 7)}`
  return { ...own, verified: { ok: wrong.length === 0 && receipt.verified.ok, evidence } }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}
