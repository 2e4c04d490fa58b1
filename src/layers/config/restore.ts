import {
  InputError,
  isUserFacing,
  type Message,
  message,
  RefusedError,
  setting,
  type UserFacingError,
} from '../../errors.ts'
import { listBackups, type Manifest, makeBackup } from './backup.ts'
import { compareValues } from './compare.ts'
import { formatOf, readDocument } from './document.ts'
import { restoreKeys } from './edit.ts'
import { absent, digestOf, type FileState, moved, ofItem, readState, replaceState } from './file.ts'
import { TooBigError } from './formats/problem.ts'
import { type MaskRules, maskChange, type ShownChange } from './mask.ts'
import type { ConfigTarget } from './target.ts'
import { type SchemaFile, validateDocument, writeOnlyPaths } from './validate.ts'
import type { Value } from './value.ts'

/** What a restored file must be like, and what of it may be shown. */
export interface FileRules {
  readonly schema: SchemaFile | undefined
  readonly required: readonly string[]
  /** values that are secrets wherever they stand */
  readonly secrets: readonly string[]
}

/** What people should know of the rules. */
export interface RuleWarnings {
  readonly warnings: readonly string[]
  /** why a check that the settings ask for cannot be made, one clause; undefined where all can be */
  readonly unchecked?: string | undefined
}

export interface RestoreOptions extends FileRules {
  /** the folder that the paths are relative to */
  readonly folder: string
  readonly target: ConfigTarget
  /** the only keys to take back; empty for whole files */
  readonly keys: readonly string[]
  /** files that did not exist at the target may be removed */
  readonly allowRemoval: boolean
}

/** What would happen to one file. */
export interface PlannedFile {
  readonly path: string
  readonly what: 'unchanged' | 'restore' | 'create' | 'remove'
  /** digest of what is there now, or `absent` */
  readonly seen: string
  /** what changes, without secrets; empty for a file that has no keys to compare */
  readonly changes: readonly ShownChange[]
  /** what will be there; undefined when the file is removed */
  readonly next: Omit<FileState, 'digest'> | undefined
  /** what the file says of the result that a schema or a required field does not allow */
  readonly invalid: readonly string[]
}

/** Finds out what a restore would do: reads only. @throws InputError */
export async function planRestore(options: RestoreOptions): Promise<readonly PlannedFile[]> {
  const { folder, target } = options
  return Promise.all(
    // a target has the files of the settings, in their order
    [...target.files].map(async ([path, good], index) =>
      ofItem(index, async () => planFile(options, path, await readState(folder, path), good)),
    ),
  )
}

/**
 * What would happen to one file.
 * @param now undefined when it does not exist @param good undefined when it did not exist at the target
 * @throws InputError
 */
export function planFile(
  options: Omit<RestoreOptions, 'folder' | 'target'>,
  path: string,
  now: FileState | undefined,
  good: (Partial<FileState> & Pick<FileState, 'bytes' | 'digest'>) | undefined,
): PlannedFile {
  const { keys, schema, required, secrets } = options
  const format = formatOf(path)
  if (format === undefined && (keys.length > 0 || schema !== undefined || required.length > 0))
    throw new InputError(
      message`${path} has no format whose keys can be read, which ${setting('config.keys')}, ${setting('config.schema')} and ${setting('config.required')} need; leave the file out, or leave these out to restore it whole`,
    )
  if (keys.length > 0 && (now === undefined || good === undefined))
    throw new InputError(
      message`${setting('config.keys')} restores single keys, and ${path} ${now === undefined ? 'does not exist now' : 'did not exist at the target'}; leave the input out to restore the whole file`,
    )
  const seen = now?.digest ?? absent
  if (good === undefined) {
    return {
      path,
      what: now === undefined ? 'unchanged' : 'remove',
      seen,
      changes: [],
      next: undefined,
      invalid: [],
    }
  }
  const bytes =
    keys.length > 0 && now !== undefined && format !== undefined
      ? restoreKeys({ file: path, format, current: now.bytes, target: good.bytes }, keys)
      : good.bytes
  const process = { uid: globalThis.process.getuid?.() ?? 0, gid: globalThis.process.getgid?.() ?? 0 }
  const next = {
    bytes,
    mode: good.mode ?? now?.mode ?? 0o644,
    uid: good.uid ?? now?.uid ?? process.uid,
    gid: good.gid ?? now?.gid ?? process.gid,
  }
  const isSame = digestOf(bytes) === seen && next.mode === now?.mode
  const what = isSame ? 'unchanged' : now === undefined ? 'create' : 'restore'
  if (format === undefined) return { path, what, seen, changes: [], next, invalid: [] }
  const result = readTarget(path, format, bytes, schema !== undefined || required.length > 0)
  if (result === undefined) return { path, what, seen, changes: [], next, invalid: [] }
  const rules: MaskRules = {
    known: secrets,
    writeOnly: schema === undefined ? new Set() : writeOnlyPaths(schema),
  }
  const before = now === undefined ? undefined : readNow(path, format, now)
  const changes =
    before === undefined ? [] : compareValues(before, result).map((change) => maskChange(change, rules))
  return { path, what, seen, changes, next, invalid: validateDocument(result, { required, schema }) }
}

/**
 * What is restored has to be readable.
 * @returns undefined for a document that is too big to be compared @throws InputError when it is malformed, or too big to be checked
 */
function readTarget(
  path: string,
  format: NonNullable<ReturnType<typeof formatOf>>,
  bytes: Buffer,
  isChecked: boolean,
): Value | undefined {
  try {
    return readDocument(path, format, bytes)
  } catch (error) {
    if (error instanceof TooBigError && !isChecked) return undefined
    if (!(error instanceof InputError)) throw error
    throw new InputError(
      message`what would be restored cannot be used: ${error}. Nothing was changed; name another ${setting('config.target')}`,
    )
  }
}

/** What is there now may be what is broken. */
function readNow(path: string, format: NonNullable<ReturnType<typeof formatOf>>, now: FileState) {
  try {
    return readDocument(path, format, now.bytes)
  } catch {
    return undefined
  }
}

/**
 * Why what is there already cannot be called right, one sentence: it is not valid, or there is none of it; undefined where it can.
 * @param where the files are, in words @param isRemoved an earlier run removed those that did not exist at the target
 */
export function doubtOf(
  planned: readonly PlannedFile[],
  {
    where,
    target,
    isRemoved,
  }: { readonly where: string; readonly target: string; readonly isRemoved: boolean },
): string | undefined {
  const invalid = planned.flatMap(({ path, invalid }) => invalid.map((why) => `${path} ${why}`))
  if (invalid.length > 0)
    return `what is there, and at ${target}, is not valid: ${invalid.slice(0, 10).join('; ')}`
  if (isRemoved || planned.some(({ seen, next }) => seen !== absent || next !== undefined)) return undefined
  const paths = planned.map(({ path }) => path).join(', ')
  return `neither ${where} nor ${target} has ${paths}; write files that one of them has in \`config.files\``
}

/** Why a plan must not be carried out; undefined when it may. */
export function refusalOf(
  planned: readonly PlannedFile[],
  { allowRemoval }: Pick<RestoreOptions, 'allowRemoval'>,
): Message | undefined {
  const invalid = planned.flatMap(({ path, invalid }) => invalid.map((why) => `${path} ${why}`))
  if (invalid.length > 0)
    return message`what would be restored is not valid: ${invalid.slice(0, 10).join('; ')}. Nothing was changed; name another ${setting('config.target')}`
  const removed = planned.filter(({ what }) => what === 'remove').map(({ path }) => path)
  if (removed.length > 0 && !allowRemoval)
    return message`${removed.join(', ')} did not exist at the target and would be removed: nothing was changed; set ${setting('config.allow-removal')} to true, or leave the file out of ${setting('config.files')}`
  return undefined
}

export interface ApplyOptions extends Pick<RestoreOptions, 'folder' | 'allowRemoval'> {
  readonly storage: string
  readonly environment: string
  readonly revision: string
  readonly by: string
  readonly reason: string
  readonly now: Date
}

/** What became of the files. */
export interface Restored {
  /** the emergency copy */
  readonly emergency: Manifest
  /** why not all of it was written, or is not as it was written; undefined when all is */
  readonly problem: string | undefined
}

/**
 * Carries a plan out: keeps what is there in an emergency copy first, writes each file only if it is still as the plan saw it, and
 * reads each back. Can be killed at any instant and run again. What fails half way is in the result, with the copy that undoes it.
 * @returns undefined when nothing had to be changed
 * @throws RefusedError when the plan must not be carried out, ConflictError when a file has changed since; nothing is changed then
 */
export async function applyRestore(
  planned: readonly PlannedFile[],
  options: ApplyOptions,
): Promise<Restored | undefined> {
  const refusal = refusalOf(planned, options)
  if (refusal !== undefined) throw new RefusedError(refusal)
  const pending = planned.filter(({ what }) => what !== 'unchanged')
  if (pending.length === 0) return undefined
  const { folder } = options
  const states = await Promise.all(
    pending.map(async ({ path }) => [path, await readState(folder, path)] as const),
  )
  for (const [index, { path, seen }] of pending.entries())
    if ((states[index]?.[1]?.digest ?? absent) !== seen) throw moved(path)
  const emergency =
    (await findInterrupted(planned, options)) ??
    (await makeBackup({ ...options, kind: 'emergency', files: new Map(states) }))
  const written: string[] = []
  let failed: UserFacingError | undefined
  try {
    for (const { path, seen, next } of pending) {
      await replaceState(folder, path, { expected: seen, state: next })
      written.push(path)
    }
  } catch (error) {
    if (!isUserFacing(error) || written.length === 0) throw error
    failed = error
  }
  const now = await Promise.all(
    pending.map(async ({ path }) => (await readState(folder, path))?.digest ?? absent),
  )
  const wrong = pending
    .filter(({ next }, index) => now[index] !== (next === undefined ? absent : digestOf(next.bytes)))
    .map(({ path }) => path)
  if (wrong.length === 0) return { emergency, problem: undefined }
  const why = failed === undefined ? 'somebody else writes to it' : failed.message
  return {
    emergency,
    problem: `${wrong.join(', ')} ${wrong.length === 1 ? 'is' : 'are'} not as at the target: ${why}; what was there before is in the backup ${emergency.name}`,
  }
}

/**
 * The emergency copy of an earlier run of this plan that was killed while it wrote, or before it could say what it did: of the same deployment, with each file either as
 * it is now or restored by now. It has what was there before the first write; a copy made now would not.
 */
export async function findInterrupted(
  planned: readonly PlannedFile[],
  { storage, environment, revision }: Pick<ApplyOptions, 'storage' | 'environment' | 'revision'>,
): Promise<Manifest | undefined> {
  const plans = new Map(planned.map((each) => [each.path, each]))
  const pending = planned.filter(({ what }) => what !== 'unchanged')
  const { manifests } = await listBackups(storage)
  return manifests.find(({ kind, files, ...of }) => {
    if (kind !== 'emergency' || of.environment !== environment || of.revision !== revision) return false
    const copies = new Map(files.map(({ path, content }) => [path, content?.sha256 ?? absent]))
    if (!pending.every(({ path, seen }) => copies.get(path) === seen)) return false
    // the files that it has beside these were written before it was killed
    return [...copies.keys()].every((path) => plans.has(path))
  })
}
