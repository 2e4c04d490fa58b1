import { type FileHandle, open } from 'node:fs/promises'
import { withDatabase } from './file.ts'
import { unifyHeader } from './image.ts'
import { findOwners } from './owners.ts'

/**
 * The tables that lie on other pages, or on pages with other bytes, in one database file than in another; nobody has them open.
 * Tables of the same pages hold the same rows, and a value that is larger than our memory is compared without being read as one.
 * Who owns a page is looked up only where pages differ.
 */
export async function findChangedTables(one: string, other: string): Promise<ReadonlySet<string> | 'all'> {
  const [size, otherSize] = [await readPageSize(one), await readPageSize(other)]
  if (size !== otherSize) return 'all'
  const changed = await findChangedPages(one, other, size)
  if (changed.size === 0) return new Set()
  return new Set([...(await ownersOf(one, changed)), ...(await ownersOf(other, changed))])
}

async function readPageSize(path: string): Promise<number> {
  return withDatabase(path, (database) =>
    Number(Object.values(database.prepare('PRAGMA page_size').get() ?? {})[0]),
  )
}

/** Numbers of pages, from 1, whose bytes differ or that only one file has. */
async function findChangedPages(one: string, other: string, size: number): Promise<ReadonlySet<number>> {
  const changed = new Set<number>()
  const [a, b] = [await open(one), await open(other)]
  try {
    const most = Math.max((await a.stat()).size, (await b.stat()).size)
    const step = Math.min(256, Math.ceil(most / size) + 1)
    const [left, right] = [Buffer.alloc(size * step), Buffer.alloc(size * step)]
    for (let first = 1; ; first += step) {
      const [read, alsoRead] = [
        await fill(a, left, (first - 1) * size),
        await fill(b, right, (first - 1) * size),
      ]
      if (first === 1) for (const each of [left, right]) unifyHeader(each)
      const length = Math.max(read, alsoRead)
      if (length === 0) return changed
      if (read === alsoRead && left.compare(right, 0, read, 0, read) === 0) continue
      for (let from = 0; from < length; from += size) {
        const isSame =
          from + size <= Math.min(read, alsoRead) &&
          left.compare(right, from, from + size, from, from + size) === 0
        if (!isSame) changed.add(first + from / size)
      }
    }
  } finally {
    await a.close()
    await b.close()
  }
}

/** Reads until the buffer is full or the file ends. */
async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** By the b-trees' own pages where all of the changed ones are in them; else by SQLite's statistics, which read every page. */
async function ownersOf(path: string, changed: ReadonlySet<number>): Promise<ReadonlySet<string>> {
  const { owners, found } = await findOwners(path, changed)
  return found === changed.size
    ? owners
    : withDatabase(path, (database) => {
        const named = database.prepare(
          'SELECT DISTINCT name FROM dbstat WHERE pageno IN (SELECT value FROM json_each(?))',
        )
        return new Set(named.all(JSON.stringify([...changed])).map(({ name }) => String(name)))
      })
}
