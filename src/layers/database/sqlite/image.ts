import { createHash } from 'node:crypto'
import type { Contents } from '../engine.ts'
import { readChunks } from '../read-file.ts'
import { countOrphans, readContents, withDatabase } from './file.ts'

/**
 * What SQLite itself changes in the header when it copies: change counter, schema cookie and library version
 * (https://sqlite.org/fileformat2.html#the_database_header).
 */
const counters = [
  [24, 28],
  [40, 44],
  [92, 100],
] as const
/** the versions of the file format, which say whether there is a log */
const formatVersions = [18, 20] as const
const withoutLog = 1

/** Puts the header of a file, at the beginning of a chunk, as it is in all copies of the same database: with counters at 0 and no log. */
export function unifyHeader(chunk: Buffer): void {
  for (const [from, to] of counters) chunk.fill(0, from, to)
  chunk.fill(withoutLog, ...formatVersions)
}

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
        unifyHeader(header)
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

export async function readDigest(path: string): Promise<string> {
  const image = readImage(path)
  for await (const _ of image.content);
  return image.digest()
}

/** What is in a file that nobody has open. @param image its digest */
export async function describeImage(path: string, image: string): Promise<Contents> {
  const { tables, schema } = await readContents(path)
  return { tables, schema, image, orphans: await withDatabase(path, countOrphans) }
}
