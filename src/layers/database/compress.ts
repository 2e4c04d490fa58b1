import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'

const pieceSize = 1 << 20
/** How many pieces are compressed side by side. */
const width = 3
const compressPiece = promisify(zstdCompress)
const options = {
  // what compresses to less than half comes back from its thread at once
  chunkSize: (pieceSize / 8) * 5,
  params: {
    // off by default, and then most flipped bits load silently
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_compressionLevel]: 1,
  },
}

/**
 * Compresses by zstd on several threads: each piece is a frame of its own, and frames one after another are one file of
 * zstd (RFC 8878, section 3).
 */
export async function* compress(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = []
  for await (const piece of pieces(content)) {
    const frame = compressPiece(piece, options)
    // one that fails is told of when its turn comes
    frame.catch(() => {})
    running.push(frame)
    if (running.length === width) yield (await running.shift()) ?? never()
  }
  for (const frame of running) yield await frame
}

/**
 * The same bytes in pieces of one size, but for the last. A piece is good until as many are taken after it as are compressed
 * side by side: new buffers for each would fill the memory before it is cleared.
 */
async function* pieces(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const buffers = Array.from({ length: width }, () => Buffer.allocUnsafe(pieceSize))
  let [index, filled] = [0, 0]
  for await (const chunk of content) {
    for (let from = 0; from < chunk.length; ) {
      const piece = buffers[index % buffers.length] ?? never()
      const copied = chunk.copy(piece, filled, from)
      filled += copied
      from += copied
      if (filled < pieceSize) continue
      yield piece
      index += 1
      filled = 0
    }
  }
  // of nothing too there is a frame: a file of none is no file of zstd
  if (filled > 0 || index === 0) yield (buffers[index % buffers.length] ?? never()).subarray(0, filled)
}

function never(): never {
  throw new TypeError('there is none')
}
