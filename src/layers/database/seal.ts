import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { RefusedError } from '../../errors.ts'
import { compress } from './compress.ts'
import { forward } from './forward.ts'
import type { Manifest } from './manifest.ts'
import type { Store } from './store/store.ts'

type Part = Manifest['parts'][number]
/** Only for what is encrypted: to load it takes 0.1 s. */
const loadAge = () => import('./age.ts')

/** How parts are stored: `zstd` compresses them, `none` leaves them as they were dumped. */
export type Compression = NonNullable<Manifest['compression']>

/** The name under which a part is stored, which says how to open it. */
export function storedName(part: string, compression: Compression): string {
  return compression === 'none' ? part : `${part}${suffix}`
}

/** The parts of a backup by the names under which they were dumped. */
export function partsOf({ parts, compression }: Manifest): ReadonlyMap<string, Part> {
  const length = compression === 'none' ? 0 : suffix.length
  return new Map(parts.map((part) => [part.name.slice(0, part.name.length - length), part]))
}

const suffix = '.zst'

/**
 * Stores one part of a backup: compressed, encrypted to an age recipient where one is given, digested as it is stored. Nothing
 * is read that is not yet needed, so that a chunk may be used again soon.
 */
export async function sealPart({
  store,
  path,
  name,
  content,
  sha256,
  compression,
  recipient,
  keepAs,
  signal,
}: {
  readonly store: Store
  readonly path: string
  readonly name: string
  readonly content: AsyncIterable<Buffer>
  /** of the content, where it is known */
  readonly sha256?: string | undefined
  readonly compression: Compression
  readonly recipient: string | undefined
  /** a file that gets the part as `openKept` reads it: what is encrypted cannot be opened here again */
  readonly keepAs?: string | undefined
  readonly signal: AbortSignal | undefined
}): Promise<Part> {
  // what is stored as it is has a digest already, which is compared with the stored bytes afterwards
  const known = compression === 'none' && recipient === undefined ? sha256 : undefined
  const hash = createHash('sha256')
  let [size, plainSize] = [0, 0]
  const counted = async function* () {
    for await (const chunk of content) {
      signal?.throwIfAborted()
      plainSize += chunk.length
      yield chunk
    }
  }
  const keep = keepAs === undefined ? undefined : await open(keepAs, 'wx', 0o600)
  const kept = async function* (frames: AsyncIterable<Buffer>) {
    for await (const frame of frames) {
      await keep?.appendFile(frame)
      // what encrypts it holds it for longer than it is good
      yield recipient !== undefined && compression === 'none' ? Buffer.from(frame) : frame
    }
  }
  const metered = async function* (sealed: AsyncIterable<Buffer>) {
    for await (const chunk of sealed) {
      if (known === undefined) hash.update(chunk)
      size += chunk.length
      yield chunk
    }
  }
  try {
    const plain = kept(compression === 'none' ? counted() : compress(counted()))
    const sealed =
      recipient === undefined
        ? plain
        : await (await loadAge()).encrypt(Readable.from(plain, { objectMode: false }), recipient)
    await store.write(path, metered(sealed))
  } finally {
    await keep?.close()
  }
  return { name, size, sha256: known ?? hash.digest('hex'), plainSize }
}

/** Opens a part that `sealPart` kept in a file, as it was dumped. */
export function openKept(file: string, compression: Compression): Readable {
  return decompress(createReadStream(file), compression)
}

function decompress(content: Readable, compression: Compression): Readable {
  return compression === 'none' ? content : forward(content, createZstdDecompress({ chunkSize: 1 << 18 }))
}

/** Opens a part again, as it was dumped. */
export async function openPart({
  store,
  path,
  part,
  compression,
  identity,
}: {
  readonly store: Store
  readonly path: string
  readonly part: Part
  readonly compression: Compression
  readonly identity: string | undefined
}): Promise<Readable> {
  const stored = meter()
  const raw = await store.read(path)
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
      else if (stored.size() !== part.size) done(wrongSize(path, stored.size(), part))
      else done()
    },
  })
  return forward(decompress(opened, compression), check)
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
  if (found.size() !== part.size) throw wrongSize(path, found.size(), part)
  if (found.digest() !== part.sha256)
    throw new RefusedError(`backup is damaged: the SHA-256 of ${path} is not the one in the manifest`)
}

function wrongSize(path: string, found: number, { size }: Part): RefusedError {
  return new RefusedError(`backup is damaged: ${path} has ${found} bytes and not ${size}`)
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
