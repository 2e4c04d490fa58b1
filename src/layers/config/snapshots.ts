import { InputError, message, setting } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { listBackups, type Manifest, makeBackup } from './backup.ts'
import { formatOf, readDocument } from './document.ts'
import { type FileState, ofItem, readState } from './file.ts'
import { type SchemaFile, validateDocument } from './validate.ts'
import { snapshotVariables } from './variables/places.ts'
import type { Scope } from './variables/scope.ts'

/** The path that a backup keeps feature flags under. */
export const pathOfFlags = 'feature-flags/flags.json'

/** What a snapshot is made of. */
export interface SnapshotOptions {
  readonly files: readonly string[]
  /** the folder of the files; undefined for the repository, which keeps its own history */
  readonly folder: string | undefined
  readonly variables: readonly Scope[]
  /** those of the organization that are kept, where its scope is in `variables` */
  readonly organizationVariables: readonly string[]
  /** with a token that may read variables */
  readonly openVariables: () => Repository
  /** the feature flags, as a file; undefined where there are none */
  readonly flags: FileState | undefined
  readonly storage: string | undefined
  readonly environment: string
  readonly revision: string
  readonly by: string
  readonly reason: string
  readonly now: Date
}

/**
 * Keeps the files and variables as they are. What the newest backup has already is not kept again.
 * @throws InputError when there is nothing to keep, RefusedError when it cannot be read or written: half a backup is none
 */
export async function makeSnapshot(options: SnapshotOptions): Promise<Manifest> {
  const { files, folder, variables, environment, storage } = options
  if (storage === undefined)
    throw new InputError(
      message`${setting('config.folder')} is empty, and files in the repository need no backup, as every commit is one; write ${setting('config.folder')}, or ${setting('config.variables')}`,
    )
  const states = new Map<string, FileState | undefined>()
  if (folder !== undefined)
    for (const [index, path] of files.entries())
      states.set(path, await ofItem(index, () => readState(folder, path)))
  if (files.length > 0 && folder !== undefined && [...states.values()].every((state) => state === undefined))
    throw new InputError(
      message`${setting('config.files')} names ${files.join(', ')}, and ${folder} has none of them; write files that it has`,
    )
  if (variables.length > 0) {
    const repository = options.openVariables()
    const { organizationVariables } = options
    const places = { repository, scopes: variables, environment, organizationVariables }
    for (const [path, state] of await snapshotVariables(places)) states.set(path, state)
  }
  if (options.flags !== undefined) states.set(pathOfFlags, options.flags)
  return makeBackup({ ...options, storage, kind: 'snapshot', files: states })
}

/** The backups of an environment, newest first, a line each, and those that cannot be read. */
export async function describeBackups(
  storage: string,
  environment: string,
): Promise<{ readonly backups: readonly Manifest[]; readonly lines: readonly string[] }> {
  const { manifests, unreadable } = await listBackups(storage)
  const backups = manifests.filter((each) => each.environment === environment)
  const lines = backups.map(
    ({ name, kind, at, by, reason, revision, files }) =>
      `${name}: ${kind === 'emergency' ? 'what a restore replaced' : 'backup'} of ${files.map(({ path }) => path).join(', ')}, made ${at} by ${by} for ${revision.slice(0, 7)}: ${reason}`,
  )
  return { backups, lines: [...lines, ...unreadable.map((why) => `cannot be read: ${why}`)] }
}

/** What is wrong with the files as they are, a line each; empty when all of them are valid. @throws InputError for malformed ones */
export async function validateFiles(
  files: readonly string[],
  read: (path: string) => Promise<Uint8Array | undefined>,
  rules: { readonly schema: SchemaFile | undefined; readonly required: readonly string[] },
): Promise<readonly string[]> {
  const found = files.map(async (path) => {
    const bytes = await read(path)
    if (bytes === undefined) return [`${path} does not exist`]
    const format = formatOf(path)
    if (format === undefined)
      throw new InputError(
        message`${path} has no format whose keys can be read; leave it out of ${setting('config.files')}`,
      )
    return validateDocument(readDocument(path, format, bytes), rules).map((why) => `${path} ${why}`)
  })
  return (await Promise.all(found)).flat()
}
