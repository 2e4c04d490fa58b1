import { InputError, message, setting } from '../../../errors.ts'
import { parseBucket } from './address.ts'
import { openBucketStore } from './bucket.ts'
import { openFolderStore } from './folder.ts'
import type { Store } from './store.ts'

/**
 * Opens where backups are kept: a folder of this machine, or `s3://bucket/prefix`.
 * @param env holds the keys of a bucket
 * @throws InputError without naming the input
 */
export function openStore(
  storage: string,
  {
    env,
    fetch,
    signal,
  }: {
    readonly env: Readonly<Record<string, string | undefined>>
    readonly fetch: typeof globalThis.fetch
    readonly signal?: AbortSignal | undefined
  },
): Store {
  if (storage.startsWith('s3:')) return openBucketStore(parseBucket(storage, env), { fetch, signal })
  if (/^[a-z0-9]{2,}:|^s3\//i.test(storage))
    throw new InputError(`is "${storage}"; write the path of a folder, or s3://bucket/prefix`)
  if (/^~|\$\{?[a-z_]/i.test(storage))
    throw new InputError(
      `is "${storage}", and no shell expands it: the folder would be made below that of the job under this name; write the whole path, such as /var/backups/shop`,
    )
  return openFolderStore(storage)
}

/** @throws InputError for a bucket that is to get files without compression */
export function refuseUncompressed(storage: string, compression: 'zstd' | 'none'): void {
  if (compression === 'none' && storage.startsWith('s3:'))
    throw new InputError(
      message`${setting('compression')} is none and ${setting('database.storage')} is a bucket, where every byte is sent over the network; write compression: zstd, or keep backups in a folder`,
    )
}
