import { RefusedError } from '../errors.ts'
import type { Repository } from './client.ts'
import { listFiles, readFile } from './contents.ts'
import { readTogether } from './folder.ts'

/** The files of a commit. */
export interface RevisionFiles {
  readonly id: string
  readonly paths: readonly string[]
  readonly read: (path: string) => Promise<string | undefined>
}

/**
 * Read through the API, so that no checkout is needed.
 * @param folder whose files are about to be read: all of them by one query, at the same time as the list
 * @throws RefusedError when it is not there
 */
export async function openRevision(
  repository: Repository,
  id: string,
  folder?: string,
): Promise<RevisionFiles> {
  const path = folder?.replace(/\/+$/, '')
  // what that does not have is read by itself
  const ahead = path
    ? readTogether(repository, { ref: id, path, depth: 2 }).catch(() => undefined)
    : undefined
  const files = await listFiles(repository, { ref: id })
  if (files === undefined) throw new RefusedError(`revision ${id} is not in the repository`)
  return {
    id,
    paths: files.map(({ path }) => path),
    read: async (file) =>
      ((await ahead)?.get(file) ?? (await readFile(repository, { path: file, ref: id })))?.text,
  }
}
