import { z } from 'zod'
import { ConflictError, RefusedError } from '../../errors.ts'
import {
  comparedView,
  keptText,
  type Layer,
  type LayerPlan,
  type UndoableRollback,
  type WayBack,
} from '../layer.ts'
import { listBackups, type Manifest, readBackup } from './backup.ts'
import { describeFiles, needsOf } from './describe.ts'
import { absent, digestOf, readState, replaceState } from './file.ts'
import {
  type ApplyOptions,
  applyRestore,
  doubtOf,
  type FileRules,
  findInterrupted,
  type PlannedFile,
  planRestore,
  type RuleWarnings,
  refusalOf,
} from './restore.ts'
import type { ConfigTarget } from './target.ts'

const digestsSchema = z.record(z.string(), z.string())

export interface FolderFilesOptions extends Omit<ApplyOptions, 'now'> {
  readonly files: readonly string[]
  /** the only keys to take back; empty for whole files */
  readonly keys: readonly string[]
  readonly findTarget: () => Promise<ConfigTarget>
  readonly rules: () => Promise<FileRules & RuleWarnings>
  /** what the history says of an earlier run of this rollback; undefined for nothing */
  readonly earlier: UndoableRollback | undefined
  /** an earlier run of this rollback began, and was killed before it could say what it did */
  readonly isInterrupted: boolean
  readonly now: () => Date
}

/** Configuration files in a folder of a machine: they go back to a backup, or to a revision, byte for byte. */
export function openFolderFiles(options: FolderFilesOptions): Layer {
  return {
    name: 'config',
    plan: () => planFolder(options),
    undo: (done) => undoFolder(options, done),
  }
}

async function planFolder(options: FolderFilesOptions): Promise<LayerPlan> {
  const [target, { warnings, unchecked, ...rules }] = await Promise.all([
    options.findTarget(),
    options.rules(),
  ])
  const { folder, keys, allowRemoval, now } = options
  const planned = await planRestore({ ...rules, folder, target, keys, allowRemoval })
  const refusal = refusalOf(planned, { allowRemoval })
  const pending = planned.filter(({ what }) => what !== 'unchanged')
  const isPending = pending.length > 0
  const earlier = isPending
    ? options.earlier
    : (options.earlier ?? (await findDone(options, planned, target)))
  const doubt =
    doubtOf(planned, { where: folder, target: target.name, isRemoved: earlier !== undefined }) ?? unchecked
  const unverified = isPending ? undefined : doubt
  const from = isPending ? stateName(pending.map(({ path, seen }) => [path, seen])) : undefined
  const head = comparedView('config', { from, to: target.name, foundBy: target.foundBy, earlier })
  return {
    view: {
      ...head,
      steps: isPending
        ? [...describeFiles(planned), `back up the files in ${folder}, and write the restored ones there`]
        : [],
      warnings: [
        ...warnings,
        ...planned
          .filter(({ seen, next }) => seen === absent && next === undefined)
          .map(({ path }) => `${path} exists neither in ${folder} nor in ${target.name}`),
        ...(isPending
          ? [
              `if a deployment or a configuration tool writes the files in ${folder}, correct its values, too: otherwise it will write the bad values again`,
            ]
          : []),
      ],
      needsPerson: isPending ? needsOf(refusal) : [],
      ...(unverified !== undefined && { unverified }),
      ...(!isPending && {
        left: `${planned.map(({ path }) => path).join(', ')} in ${folder} ${planned.length === 1 ? 'is' : 'are'} as in ${target.name} already`,
      }),
      basis: Object.fromEntries(planned.map(({ path, seen }) => [path, seen.slice(0, 12)])),
    },
    async apply() {
      const done = await applyRestore(planned, { ...options, now: now() })
      const kept = done?.emergency
      const evidence = describeRestored(planned, folder, target.name)
      const problem = done?.problem ?? (doubt === undefined ? undefined : `${evidence}, but ${doubt}`)
      return {
        outcome: done === undefined ? 'already-rolled-back' : done.problem ? 'partial' : 'rolled-back',
        from: head.from,
        to: target.name,
        now: kept === undefined ? (earlier?.now ?? target.name) : target.name,
        kept:
          kept === undefined
            ? { ...earlier?.kept }
            : { backup: kept.name, restored: digestsAfter(planned, kept) },
        ...(kept !== undefined && { wayBack: wayBackOf(kept.name, folder) }),
        verified: problem === undefined ? { ok: true, evidence } : undefined,
        ...(problem !== undefined && { problem }),
      }
    },
  }
}

/** What is there once a plan is carried out, one clause. */
function describeRestored(planned: readonly PlannedFile[], folder: string, target: string): string {
  const pathsOf = (isThere: boolean) =>
    planned.filter(({ next }) => (next !== undefined) === isThere).map(({ path }) => path)
  const say = (paths: readonly string[], one: string, many: string) =>
    paths.length === 0 ? [] : [`${paths.join(', ')} in ${folder} ${paths.length === 1 ? one : many}`]
  return [
    ...say(pathsOf(true), `is byte for byte as in ${target}`, `are byte for byte as in ${target}`),
    ...say(pathsOf(false), `does not exist, as in ${target}`, `do not exist, as in ${target}`),
  ].join('; ')
}

/** What a run that was killed had done, where it had written all of it. */
async function findDone(
  options: FolderFilesOptions,
  planned: readonly PlannedFile[],
  { name }: ConfigTarget,
): Promise<UndoableRollback | undefined> {
  const found = options.isInterrupted ? await findInterrupted(planned, options) : undefined
  if (found === undefined) return undefined
  const kept = { backup: found.name, restored: digestsAfter(planned, found) }
  return { from: found.name, to: name, now: name, kept }
}

/** How people bring back what the files held. @param backup made before */
function wayBackOf(backup: string, folder: string): WayBack {
  return {
    steps: [
      `Backup ${backup} holds the files in ${folder} from before the rollback, including the fault. To go back to it, run config-rollback with mode "restore" and this name as its target.`,
    ],
    commands: [],
  }
}

/** The digests of the files of a backup once a plan is carried out, as JSON. */
function digestsAfter(planned: readonly PlannedFile[], { files }: Manifest): string {
  const next = new Map(planned.map((each) => [each.path, each.next]))
  const digests = files.map(({ path }) => {
    const state = next.get(path)
    return [path, state === undefined ? absent : digestOf(state.bytes)] as const
  })
  return JSON.stringify(Object.fromEntries(digests))
}

/** A short name of what files hold: other bytes, another name. */
function stateName(files: readonly (readonly [path: string, digest: string])[]): string {
  return `files-${digestOf(Buffer.from(JSON.stringify(files))).slice(0, 12)}`
}

/** Puts the emergency copy back, unless somebody has changed the files since. */
async function undoFolder(
  { storage, folder }: Pick<FolderFilesOptions, 'storage' | 'folder'>,
  done: UndoableRollback,
): Promise<string> {
  const [name, restored] = [keptText(done, 'backup'), keptText(done, 'restored')]
  if (name === undefined) throw new RefusedError('this rollback changed no file, so there is nothing to undo')
  const manifest = (await listBackups(storage)).manifests.find((each) => each.name === name)
  if (manifest === undefined)
    throw new RefusedError(
      `the backup ${name}, which has what was there before, is not in ${storage}: nothing was changed`,
    )
  const copies = [...(await readBackup(storage, manifest))]
  const digests = digestsSchema.parse(JSON.parse(restored ?? '{}'))
  const current = await Promise.all(
    copies.map(async ([path, before]) => {
      const there = await readState(folder, path)
      const now = there?.digest ?? absent
      const isSame = now === (before?.digest ?? absent)
      return { path, before, now, isSame, isBack: isSame && there?.mode === before?.mode }
    }),
  )
  const paths = copies.map(([path]) => path).join(', ')
  const foreign = current.find(({ path, now, isSame }) => !isSame && now !== digests[path])
  if (foreign !== undefined)
    throw new ConflictError(
      `${foreign.path} in ${folder} was changed after the rollback: nothing was changed; what was there before the rollback is in the backup ${name}`,
    )
  for (const { path, before, now, isBack } of current)
    if (!isBack) await replaceState(folder, path, { expected: now, state: before })
  return `${paths} in ${folder}: as before the rollback again, from ${name}`
}
