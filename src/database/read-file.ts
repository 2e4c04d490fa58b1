import { open } from 'node:fs/promises'

/**
 * Reads a file in chunks, each of which is good until the next is taken: one buffer for all of it, as a new one for each would
 * fill the memory before it is cleared, and clearing it takes longer than reading.
 */
export async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    const buffer = Buffer.allocUnsafe(1 << 20)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
