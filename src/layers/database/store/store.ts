/** Where backups are kept: a folder or a bucket. Paths are `<backup>/<file>`. */
export interface Store {
  /** for people, without secrets */
  readonly place: string
  /** Every path there is. */
  readonly list: () => Promise<readonly string[]>
  /** Reads a file. A chunk is good until the one after the next is asked for. @throws RefusedError when there is no such file */
  readonly read: (path: string) => Promise<AsyncIterable<Buffer>>
  /** Writes a new file, whole or not at all. A chunk has to be good until the one after the next is asked for. */
  readonly write: (path: string, content: AsyncIterable<Buffer>) => Promise<void>
  /** Removes a file; one that is not there is no error. */
  readonly remove: (path: string) => Promise<void>
}

export const manifestFile = 'manifest.json'
