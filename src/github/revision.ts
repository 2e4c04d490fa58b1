import { RefusedError } from '../errors.ts'
import type { Repository } from './client.ts'
import { listFiles, readFile } from './contents.ts'

/** The files of a commit. */
export interface RevisionFiles {
  readonly id: string
  readonly paths: readonly string[]
  readonly read: (path: string) => Promise<string | undefined>
}

/** Read through the API, so that no checkout is needed. @throws RefusedError when it is not there */
export async function openRevision(repository: Repository, id: string): Promise<RevisionFiles> {
  const files = await listFiles(repository, { ref: id })
  if (files === undefined) throw new RefusedError(`revision ${id} is not in the repository`)
  return {
    id,
    paths: files.map(({ path }) => path),
    read: async (path) => (await readFile(repository, { path, ref: id }))?.text,
  }
}
