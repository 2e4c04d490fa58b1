import { createHash } from 'node:crypto'
import { readChunks } from '../read-file.ts'

/**
 * What SQLite itself changes in the header when it copies: journal mode, change counter, schema cookie and library version
 * (https://sqlite.org/fileformat2.html#the_database_header).
 */
export const changedByCopying = [
  [18, 20],
  [24, 28],
  [40, 44],
  [92, 100],
] as const

/** Chunks of a database file from its beginning, on their way to somewhere; their digest is known once all have passed. */
export interface DigestedImage {
  readonly content: AsyncIterable<Buffer>
  /** SHA-256, less what SQLite changes when it copies */
  readonly digest: () => string
}

/** Digests a database file while it is read or written, so that it is not read again for that. */
export function digestImage(chunks: AsyncIterable<Buffer>): DigestedImage {
  const hash = createHash('sha256')
  const content = async function* () {
    let isFirst = true
    for await (const chunk of chunks) {
      if (isFirst) {
        const header = Buffer.from(chunk)
        for (const [from, to] of changedByCopying) header.fill(0, from, to)
        hash.update(header)
      } else hash.update(chunk)
      isFirst = false
      yield chunk
    }
  }
  let digest: string | undefined
  return {
    content: content(),
    digest: () => {
      digest ??= hash.digest('hex')
      return digest
    },
  }
}

/** The same of a file that nobody has open. */
export function readImage(path: string): DigestedImage {
  return digestImage(readChunks(path))
}
