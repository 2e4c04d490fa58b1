import { constants, createZstdCompress } from 'node:zlib'

const pieceSize = 1 << 20
/** How many pieces are compressed side by side. */
const width = 3
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
  const lanes = Array.from({ length: width }, openLane)
  try {
    let index = 0
    for await (const piece of pieces(content)) {
      const frame = (lanes[index % width] ?? never()).compress(piece)
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

/** Compresses one piece after the other: what is set up for a frame is used for all, which costs a sixth of the time else. */
function openLane() {
  const stream = createZstdCompress(options)
  let written: Buffer[] = []
  stream.on('data', (chunk: Buffer) => written.push(chunk))
  return {
    compress: (piece: Buffer): Promise<Buffer> =>
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
    close: () => stream.destroy(),
  }
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
