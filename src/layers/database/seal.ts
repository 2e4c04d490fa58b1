import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'
import { RefusedError } from '../../errors.ts'
import { compress } from './compress.ts'
import { forward } from './forward.ts'
import type { Manifest } from './manifest.ts'
import { readChunks } from './read-file.ts'
import type { Store } from './store/store.ts'

type Part = Manifest['parts'][number]
/** Only for what is encrypted: to load it takes 0.1 s. */
export const loadAge = () => import('./age.ts')

/** How parts are stored: `zstd` compresses them, `none` leaves them as they were dumped. */
export type Compression = Manifest['compression']

/** The name under which a part is stored, which says how to open it. */
export function storedName(part: string, compression: Compression): string {
  return compression === 'none' ? part : `${part}${suffix}`
}

/** The parts of a backup by the names under which they were dumped. */
export function partsOf({
  parts,
  compression,
}: Pick<Manifest, 'parts' | 'compression'>): ReadonlyMap<string, Part> {
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
      yield frame
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
        : await (await loadAge()).encrypt(Readable.from(copied(plain), { objectMode: false }), recipient)
    await store.write(path, metered(sealed))
  } finally {
    await keep?.close()
  }
  return { name, size, sha256: known ?? hash.digest('hex'), plainSize }
}

/** Opens a part that `sealPart` kept in a file, as it was dumped. */
export function openKept(file: string, compression: Compression): AsyncIterable<Buffer> {
  return decompress(readChunks(file), compression)
}

function decompress(content: AsyncIterable<Buffer>, compression: Compression): AsyncIterable<Buffer> {
  if (compression === 'none') return content
  // no more of it is held than is good
  const source = Readable.from(content, { objectMode: false, highWaterMark: 1 })
  return forward(source, createZstdDecompress({ chunkSize: 1 << 16 }))
}

/** Opens a part again, as it was dumped. A chunk is good until the one after the next is asked for. */
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
}): Promise<AsyncIterable<Buffer>> {
  const stored = meter()
  const read = stored.pass(await store.read(path))
  const opened =
    identity === undefined
      ? read
      : await (await loadAge()).decrypt(Readable.from(copied(read), { objectMode: false }), identity)
  const plain = decompress(opened, compression)
  let plainSize = 0
  const checked = async function* () {
    for await (const chunk of plain) {
      plainSize += chunk.length
      yield chunk
    }
    // what was checked before may have been replaced since
    if (stored.digest() !== part.sha256) throw new RefusedError(`${path} changed while it was being read`)
    if (plainSize !== part.plainSize)
      throw new RefusedError(
        `backup is damaged: ${path} has ${plainSize} bytes when it is opened and not ${part.plainSize}`,
      )
    refuseWrongSize(path, stored.size(), part)
  }
  return checked()
}

/** For those who hold chunks for longer than they are good. */
async function* copied(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk)
}

/** @throws RefusedError when the stored bytes are not those that the manifest names */
export async function verifyPart(store: Store, path: string, part: Part): Promise<void> {
  const content = await store.read(path).catch((error: unknown) => {
    if (error instanceof RefusedError) throw new RefusedError(`backup is damaged: ${path} is missing`)
    throw error
  })
  const found = meter()
  for await (const _ of found.pass(content));
  refuseWrongSize(path, found.size(), part)
  if (found.digest() !== part.sha256)
    throw new RefusedError(`backup is damaged: the SHA-256 of ${path} is not the one in the manifest`)
}

function refuseWrongSize(path: string, found: number, { size }: Part): void {
  if (found !== size) throw new RefusedError(`backup is damaged: ${path} has ${found} bytes and not ${size}`)
}

/** Counts and digests what passes. */
function meter() {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    pass: async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    },
    size: () => bytes,
    digest: () => hash.digest('hex'),
  }
}
