import { InputError, message, setting } from '../../errors.ts'
import { parseMoment } from '../../text/time.ts'
import { listBackups, type Manifest, readBackup } from './backup.ts'
import type { FileState } from './file.ts'

/** What the files go back to. */
export interface ConfigTarget {
  /** a backup's name, or a commit */
  readonly name: string
  /** how it was found, in words */
  readonly foundBy: string
  /** by path; undefined for a file that did not exist then */
  readonly files: ReadonlyMap<string, (Pick<FileState, 'bytes' | 'digest'> & Partial<FileState>) | undefined>
}

export interface TargetOptions {
  /** before-deployment, latest, the name of a backup, `before:` with a time, or a revision */
  readonly target: string
  /** the deployment that failed, for `before-deployment` */
  readonly deployment: { readonly revision: string; readonly since: Date }
  readonly storage: string
  readonly environment: string
  readonly paths: readonly string[]
  /** The files at a commit, tag or branch; undefined when the repository has no such revision. */
  readonly readRevision: (name: string, paths: readonly string[]) => Promise<ConfigTarget | undefined>
}

/**
 * Finds what to go back to. A copy that an earlier restore made of what it replaced counts only when it is named: it is the bad
 * state, and a second call would bring that back.
 * @throws InputError when there is no such backup, or it does not hold one of the files
 */
export async function findTarget(options: TargetOptions): Promise<ConfigTarget> {
  const { target, storage, environment, paths } = options
  const { manifests, unreadable } = await listBackups(storage)
  const own = manifests.filter((each) => each.environment === environment)
  const damaged =
    unreadable.length === 0
      ? ''
      : ` (${unreadable.length} cannot be read: ${unreadable.slice(0, 3).join('; ')})`
  const named = own.find(({ name }) => name === target)
  if (named !== undefined) return fromBackup(options, named, 'by its name')
  const snapshots = own.filter(({ kind }) => kind === 'snapshot')
  if (target === 'latest') {
    const [latest] = snapshots.filter((each) => holds(each, paths))
    if (latest !== undefined) return fromBackup(options, latest, 'newest backup')
    throw new InputError(
      message`${setting('config.target')} is latest, and ${storage} has no backup of ${environment} with ${paths.join(', ')}${damaged}; make backups with mode: backup before each deployment, or write a revision`,
    )
  }
  if (target === 'before-deployment')
    return fromBackup(
      options,
      beforeDeployment(options, snapshots, damaged),
      'newest backup from before the deployment',
    )
  const [, time] = /^before:(.*)$/.exec(target) ?? []
  if (time !== undefined) {
    const limit = /^\d{4}-\d{2}-\d{2}$/.test(time) ? Date.parse(time) : parseMoment(time)
    if (Number.isNaN(limit))
      throw new InputError(
        message`${setting('config.target')} is "${target}"; write before: and a time with its zone, such as before:2026-11-24T12:00:00Z`,
      )
    const before = snapshots.find(({ at }) => Date.parse(at) < limit)
    if (before !== undefined)
      return fromBackup(options, before, `newest backup before ${new Date(limit).toISOString()}`)
    const oldest = snapshots.at(-1)
    throw new InputError(
      message`${setting('config.target')} is "${target}", and ${oldest === undefined ? `there is no backup of ${environment}` : `the oldest backup of ${environment} is of ${oldest.at}`}${damaged}; write a later time, or a revision`,
    )
  }
  const found = await options.readRevision(target, paths)
  if (found !== undefined) return found
  const known = snapshots.slice(0, 5).map(({ name }) => name)
  throw new InputError(
    message`${setting('config.target')} is "${target}", which is neither a backup of ${environment} nor a revision of the repository; write latest, before: with a time, a revision${known.length === 0 ? '' : `, or one of ${known.join(', ')}`}`,
  )
}

/**
 * The job that deploys makes a backup first, which names the revision that is about to be deployed: the first of these, else the
 * newest one from before the revision was committed.
 */
function beforeDeployment(
  { storage, environment, paths, deployment: { revision, since } }: TargetOptions,
  snapshots: readonly Manifest[],
  damaged: string,
): Manifest {
  const fitting = snapshots.filter((each) => holds(each, paths))
  const found =
    fitting.findLast((each) => each.revision === revision) ??
    fitting.find(({ at }) => Date.parse(at) < since.getTime())
  if (found !== undefined) return found
  throw new InputError(
    message`${setting('config.target')} is before-deployment, and ${storage} has no backup of ${environment} with ${paths.join(', ')} from before ${revision.slice(0, 7)} (${since.toISOString()})${damaged}; make backups with mode: backup before each deployment, or write a revision`,
  )
}

async function fromBackup(
  { storage, paths }: TargetOptions,
  manifest: Manifest,
  foundBy: string,
): Promise<ConfigTarget> {
  const missing = paths.filter((path) => !holds(manifest, [path]))
  if (missing.length > 0)
    throw new InputError(
      message`${setting('config.target')} is the backup ${manifest.name}, which does not hold ${missing.join(', ')}; leave these out of ${setting('config.files')}, or name another backup`,
    )
  const all = await readBackup(storage, manifest)
  return { name: manifest.name, foundBy, files: new Map(paths.map((path) => [path, all.get(path)])) }
}

function holds({ files }: Manifest, paths: readonly string[]): boolean {
  return paths.every((path) => files.some((each) => each.path === path))
}
