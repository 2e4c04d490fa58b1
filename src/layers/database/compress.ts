import { constants, createZstdCompress } from 'node:zlib'

const pieceSize = 1 << 20
/** How many pieces are compressed side by side. */
const width = 3
const params = {
  // off by default, and then most flipped bits load silently
  [constants.ZSTD_c_checksumFlag]: 1,
  [constants.ZSTD_c_compressionLevel]: 1,
}

/**
 * Compresses by zstd on several threads: each piece is a frame of its own, and frames one after another are one file of
 * zstd (RFC 8878, section 3).
 */
export async function* compress(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = []
  const lanes: Lane[] = []
  try {
    let index = 0
    for await (const piece of pieces(content)) {
      const lane = lanes[index % width] ?? openLane(piece.length)
      lanes[index % width] = lane
      const frame = lane.compress(piece)
      // one that fails is told of when its turn comes
      frame.catch(() => {})
      running.push(frame)
      index += 1
      if (running.length === width) yield (await running.shift()) ?? never()
    }
    for (const frame of running) yield await frame
  } finally {
    for (const lane of lanes) lane.close()
  }
}

interface Lane {
  readonly compress: (piece: Buffer) => Promise<Buffer>
  readonly close: () => void
}

/**
 * Compresses one piece after the other: what is set up for a frame is used for all, which costs a sixth of the time else.
 * @param size of the largest piece, bytes
 */
function openLane(size: number): Lane {
  // what compresses to less than half comes back from its thread at once
  const stream = createZstdCompress({ chunkSize: Math.max(1 << 10, Math.ceil((size * 5) / 8)), params })
  let written: Buffer[] = []
  stream.on('data', (chunk: Buffer) => written.push(chunk))
  return {
    compress: (piece) =>
      new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.write(piece)
        stream.flush(constants.ZSTD_e_end, () => {
          stream.off('error', reject)
          // closed while it compressed, as what took the frames has failed: nobody waits for this one
          if (stream.destroyed) return reject(new TypeError('the compression was ended'))
          const [first, ...others] = written
          written = []
          resolve(
            others.length === 0 && first !== undefined ? first : Buffer.concat([first ?? never(), ...others]),
          )
        })
      }),
    close: () => void stream.destroy(),
  }
}

/**
 * The same bytes in pieces of one size, but for the last. A piece is good until as many are taken after it as are compressed
 * side by side: new buffers for each would fill the memory before it is cleared.
 */
async function* pieces(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const buffers: Buffer[] = []
  let [index, filled] = [0, 0]
  const current = () => buffers[index % width] ?? Buffer.alloc(0)
  for await (const chunk of content) {
    for (let from = 0; from < chunk.length; ) {
      const piece = withRoom(current(), filled, index > 0 ? pieceSize : filled + chunk.length - from)
      buffers[index % width] = piece
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
  if (filled > 0 || index === 0) yield current().subarray(0, filled)
}

/** A buffer for so many bytes, up to those of a piece, which begins with those that are in it: most contents are small. */
function withRoom(buffer: Buffer, filled: number, needed: number): Buffer {
  if (buffer.length >= Math.min(needed, pieceSize)) return buffer
  const larger = Buffer.allocUnsafe(Math.min(Math.max(needed, 2 * filled), pieceSize))
  buffer.copy(larger, 0, 0, filled)
  return larger
}

function never(): never {
  throw new TypeError('there is none')
}
