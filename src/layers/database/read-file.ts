import { type FileHandle, open } from 'node:fs/promises'

/** Reads a file as `chunksOf` does, and closes it. */
export async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    yield* chunksOf(file)
  } finally {
    await file.close()
  }
}

/**
 * Reads an open file from its beginning in chunks, each of which is good until the next is taken: one buffer for all of it, as a
 * new one for each would fill the memory before it is cleared, and clearing it takes longer than reading.
 */
export async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(1 << 20)
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
