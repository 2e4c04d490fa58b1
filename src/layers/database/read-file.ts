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

/** One that is read, one that is worked on, one that is still being written. */
const width = 3
const [leastChunk, largestChunk] = [1 << 16, 1 << 20]

/**
 * Reads an open file from its beginning in chunks, each of which is good until the one after the next is taken: few buffers for
 * all of it, as a new one for each would fill the memory before it is cleared, and clearing it takes longer than reading. The
 * next chunk is read while one is worked on.
 */
export async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  // large buffers for many small files would have the whole heap collected again and again
  const { size } = await file.stat()
  const chunkSize = Math.min(
    Math.max(Math.ceil(size / 16), Math.min(size, leastChunk), 1 << 12),
    largestChunk,
  )
  const buffers: Buffer[] = []
  const read = async (index: number, at: number): Promise<Buffer> => {
    const buffer = buffers[index % width] ?? Buffer.allocUnsafe(chunkSize)
    buffers[index % width] = buffer
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    return buffer.subarray(0, bytesRead)
  }
  let next = read(0, 0)
  try {
    for (let [index, at] = [1, 0]; ; index += 1) {
      const chunk = await next
      if (chunk.length === 0) return
      at += chunk.length
      next = read(index, at)
      // it is waited for later
      next.catch(() => {})
      yield chunk
    }
  } finally {
    // nobody closes the file before
    await next.catch(() => {})
  }
}
