import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, realpath, rename, rm, unlink } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { ConflictError, InputError, message, RefusedError, setting } from '../../errors.ts'
import { codeOf, explainWrite } from '../../text/system-error.ts'

/** A file as it is on disk, with what a restore brings back beside its bytes. */
export interface FileState {
  readonly bytes: Buffer
  /** SHA-256 of the bytes, hexadecimal */
  readonly digest: string
  /** permission bits */
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** What an absent file has in place of a digest. */
export const absent = 'absent'

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A file to be, which only the account of this process may read. */
export function privateState(bytes: Buffer): FileState {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  return { bytes, digest: digestOf(bytes), mode: 0o600, uid, gid }
}

/**
 * Reads a file below a folder.
 * @param file relative to the folder
 * @returns undefined when there is none
 * @throws InputError for a path, or a link, that leads out of the folder, and for what is no file; RefusedError when it cannot be read
 */
export async function readState(folder: string, file: string): Promise<FileState | undefined> {
  const path = await locate(folder, file)
  if (path === undefined) return undefined
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new RefusedError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  })
  if (handle === undefined) return undefined
  try {
    const { mode, uid, gid } = await handle.stat()
    const bytes = await handle.readFile()
    return { bytes, digest: digestOf(bytes), mode: mode & 0o7777, uid, gid }
  } finally {
    await handle.close()
  }
}

/** A plan is not carried out on another file than the one it saw. */
export function moved(file: string): ConflictError {
  return new ConflictError(`${file} has changed since the plan was made: nothing was changed; plan again`)
}

/**
 * Puts bytes in the place of a file: a new file in the same folder, on the disk itself, then renamed over the old one. At
 * every instant there is either the old file or the new one.
 * @param expected the digest that the plan saw, or `absent`
 * @param state undefined removes the file
 * @throws ConflictError when somebody has changed the file since; RefusedError when the system takes it not; nothing is changed then
 */
export async function replaceState(
  folder: string,
  file: string,
  { expected, state }: { readonly expected: string; readonly state: Omit<FileState, 'digest'> | undefined },
): Promise<void> {
  const target = (await locate(folder, file)) ?? resolve(folder, file)
  const check = async () => {
    const now = await readState(folder, file)
    if ((now?.digest ?? absent) !== expected) throw moved(file)
  }
  if (state === undefined) {
    await check()
    await unlink(target).catch((error: unknown) => {
      throw explainWrite(error, file)
    })
    return syncFolder(dirname(target))
  }
  const partial = join(
    dirname(target),
    `.${basename(target).slice(0, longestShown)}.${randomUUID().slice(0, 8)}.partial`,
  )
  try {
    const handle = await open(partial, 'wx', 0o600)
    try {
      await handle.writeFile(state.bytes)
      const made = await handle.stat()
      if (made.uid !== state.uid || made.gid !== state.gid) await handle.chown(state.uid, state.gid)
      await handle.chmod(state.mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await check()
    await rename(partial, target)
    await syncFolder(dirname(target))
  } catch (error) {
    await rm(partial, { force: true })
    throw codeOf(error) === 'ENOENT'
      ? new InputError(`${file} is in a folder that does not exist; make the folder, or correct the path`)
      : explainWrite(error, file)
  }
}

/** So many characters of a file's name are in that of the temporary file: both have to fit into what a system takes. */
const longestShown = 40

/**
 * Does what is about one of the files: an error names it by its place in the settings.
 * @param index of the file in `config.files`
 */
export async function ofItem<T>(index: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(message`${setting(`config.files[${index}]`)}: ${error}`, { cause: error })
  }
}

/** The real path of a file, or undefined when there is none. @throws InputError when it is outside of the folder, or no file */
async function locate(folder: string, file: string): Promise<string | undefined> {
  const root = await openFolder(folder)
  const path = resolve(root, file)
  refuseOutside(root, path, file)
  const stats = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw explainWrite(error, file)
  })
  if (stats === undefined) {
    const parent = await realpath(dirname(path)).catch(() => undefined)
    if (parent !== undefined) refuseOutside(root, join(parent, basename(path)), file)
    return undefined
  }
  const real = await realpath(path)
  refuseOutside(root, real, file)
  const kind = stats.isSymbolicLink() ? await lstat(real) : stats
  if (!kind.isFile()) throw new InputError(`${file} is not a file; name the files one by one`)
  return real
}

/** @throws InputError when there is no such folder */
async function openFolder(folder: string): Promise<string> {
  const root = await realpath(folder).catch(() => undefined)
  if (root !== undefined && (await lstat(root)).isDirectory()) return root
  throw new InputError(
    message`${setting('config.folder')} is ${folder}, which ${root === undefined ? 'does not exist' : 'is not a folder'}; write the folder of this machine that the files are in`,
  )
}

function refuseOutside(root: string, path: string, file: string): void {
  const way = relative(root, path)
  if (way === '' || way === '..' || way.startsWith(`..${sep}`))
    throw new InputError(`${file} leads out of the folder that the files are in; write a path below it`)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}
