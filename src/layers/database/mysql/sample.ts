import { Readable } from 'node:stream'
import type { DumpSource } from '../engine.ts'

/** What decides whose rows a line has: `INSERT INTO` and a name of at most 64 characters, each of up to 4 bytes, or twice a backtick. */
const headSize = 300

/**
 * Chooses tables whose rows are at most so many bytes in a backup's scripts: the small ones first, so that as many as possible
 * are compared.
 */
export async function chooseSample(
  { open }: Pick<DumpSource, 'open'>,
  parts: readonly string[],
  limit: number,
): Promise<ReadonlySet<string>> {
  const sizes = new Map<string, number>()
  for (const part of parts)
    for await (const { table, bytes } of readLines(await open(part)))
      if (table !== undefined) sizes.set(table, (sizes.get(table) ?? 0) + bytes.length)
  const chosen = new Set<string>()
  let total = 0
  for (const [table, size] of [...sizes].sort(([, a], [, b]) => a - b)) {
    total += size
    if (total > limit) break
    chosen.add(table)
  }
  return chosen
}

/** A script without the rows of all other tables. */
export function onlyRowsOf(script: AsyncIterable<Buffer>, tables: ReadonlySet<string>): Readable {
  const passed = async function* () {
    for await (const { table, bytes } of readLines(script))
      if (table === undefined || tables.has(table)) yield bytes
  }
  return Readable.from(passed(), { objectMode: false, highWaterMark: 1 << 20 })
}

interface Piece {
  /** whose rows they are; undefined for what is no row */
  readonly table: string | undefined
  readonly bytes: Buffer
}

/** A script in pieces of one line or less. Rows follow their `INSERT INTO`, a row a line; a text has no line break of its own. */
async function* readLines(script: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let table: string | undefined
  let isWithin = false
  let held = Buffer.alloc(0)
  const pieces = async function* () {
    yield* script
    yield undefined
  }
  for await (const chunk of pieces()) {
    const bytes: Buffer = chunk === undefined ? held : Buffer.concat([held, Buffer.from(chunk)])
    held = Buffer.alloc(0)
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(10, from)
      if (!isWithin) {
        if (end === -1 && bytes.length - from < headSize && chunk !== undefined) {
          held = Buffer.from(bytes.subarray(from))
          break
        }
        table = tableOf(bytes.toString('utf8', from, from + headSize), table)
      }
      const to = end === -1 ? bytes.length : end + 1
      yield { table, bytes: bytes.subarray(from, to) }
      isWithin = end === -1
      from = to
    }
  }
}

function tableOf(line: string, before: string | undefined): string | undefined {
  if (line.startsWith('(')) return before
  return /^INSERT INTO `((?:[^`]|``)+)`/.exec(line)?.[1]?.replaceAll('``', '`')
}
