import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { isUserFacing, RefusedError } from '../../errors.ts'
import { compress } from './compress.ts'
import { forward } from './forward.ts'
import type { Manifest } from './manifest.ts'
import type { Store } from './store/store.ts'

type Part = Manifest['parts'][number]
/** Only for what is encrypted: to load it takes 0.1 s. */
const loadAge = () => import('./age.ts')

/**
 * Stores one part of a backup: compressed by zstd, encrypted to an age recipient where one is given, digested as it is
 * stored.
 */
export async function sealPart({
  store,
  path,
  name,
  content,
  recipient,
  keepAs,
  signal,
}: {
  readonly store: Store
  readonly path: string
  readonly name: string
  readonly content: AsyncIterable<Buffer>
  readonly recipient: string | undefined
  /** a file that gets the part as `openKept` reads it: what is encrypted cannot be opened here again */
  readonly keepAs?: string | undefined
  readonly signal: AbortSignal | undefined
}): Promise<Part> {
  let plainSize = 0
  // before anything that could hold a chunk back: it is good until the next alone
  const count = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      plainSize += chunk.length
      yield chunk
    }
  }
  const stored = meter()
  const compressed = new PassThrough()
  const keep = keepAs === undefined ? undefined : await open(keepAs, 'wx', 0o600)
  const tee = async function* (frames: AsyncIterable<Buffer>) {
    for await (const frame of frames) {
      await keep?.write(frame)
      yield frame
    }
  }
  const options = signal === undefined ? {} : { signal }
  const sealed = recipient === undefined ? compressed : await (await loadAge()).encrypt(compressed, recipient)
  const [read, passed, written] = await Promise.allSettled([
    pipeline(content, count, compress, tee, compressed, options),
    pipeline(sealed, stored.stream, options),
    // a store that stops reading is one that nobody may go on writing to
    store.write(path, stored.stream).finally(() => stored.stream.destroy()),
  ])
  await keep?.close()
  // all have ended, so that nothing is written any more; the store's own words, or the tool's, say more than a stream's
  const failures = [read, passed, written].flatMap((each) =>
    each.status === 'rejected' ? [each.reason] : [],
  )
  if (failures.length > 0) throw failures.find(isUserFacing) ?? failures[0]
  return { name, size: stored.size(), sha256: stored.digest(), plainSize }
}

/** Opens a part that `sealPart` kept in a file, as it was dumped. */
export function openKept(file: string): Readable {
  return forward(createReadStream(file), createZstdDecompress({ chunkSize: 1 << 18 }))
}

/** Opens a part again, as it was dumped. */
export async function openPart({
  store,
  path,
  part,
  identity,
}: {
  readonly store: Store
  readonly path: string
  readonly part: Part
  readonly identity: string | undefined
}): Promise<Readable> {
  const stored = meter()
  const raw = await store.read(path)
  const decompress = createZstdDecompress({ chunkSize: 1 << 18 })
  const passed = forward(raw, stored.stream)
  const opened = identity === undefined ? passed : await (await loadAge()).decrypt(passed, identity)
  let plainSize = 0
  const check = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      plainSize += chunk.length
      done(null, chunk)
    },
    // what was checked before may have been replaced since
    flush: (done) => {
      if (stored.digest() !== part.sha256) done(new RefusedError(`${path} changed while it was being read`))
      else if (plainSize !== part.plainSize)
        done(
          new RefusedError(
            `backup is damaged: ${path} has ${plainSize} bytes when it is opened and not ${part.plainSize}`,
          ),
        )
      else done()
    },
  })
  return forward(forward(opened, decompress), check)
}

/** @throws RefusedError when the stored bytes are not those that the manifest names */
export async function verifyPart(store: Store, path: string, part: Part): Promise<void> {
  const found = meter()
  const content = await store.read(path).catch((error: unknown) => {
    if (error instanceof RefusedError) throw new RefusedError(`backup is damaged: ${path} is missing`)
    throw error
  })
  found.stream.resume()
  await pipeline(content, found.stream)
  if (found.size() !== part.size)
    throw new RefusedError(`backup is damaged: ${path} has ${found.size()} bytes and not ${part.size}`)
  if (found.digest() !== part.sha256)
    throw new RefusedError(`backup is damaged: the SHA-256 of ${path} is not the one in the manifest`)
}

function meter() {
  const hash = createHash('sha256')
  let bytes = 0
  let digest: string | undefined
  const stream = new Transform({
    highWaterMark: 1 << 20,
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  return {
    stream,
    size: () => bytes,
    digest: () => {
      digest ??= hash.digest('hex')
      return digest
    },
  }
}
