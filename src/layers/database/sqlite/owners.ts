import { type FileHandle, open } from 'node:fs/promises'
import { withDatabase } from './file.ts'

/** Kinds of pages, by their first byte: https://sqlite.org/fileformat2.html#b_tree_pages */
const interior: ReadonlySet<number> = new Set([2, 5])
const headerSize = 12
/** on the first page, the header of the file comes before */
const fileHeaderSize = 100

export interface Owners {
  /** names of the tables and indexes that have any of the pages */
  readonly owners: ReadonlySet<string>
  /** how many of the pages are in their b-trees: overflowing values and free pages are not */
  readonly found: number
}

/**
 * Finds the tables and indexes that some pages of a database file belong to, by the interior pages of their b-trees alone: that is
 * one page in some hundreds. Nobody has the file open.
 */
export async function findOwners(path: string, pages: ReadonlySet<number>): Promise<Owners> {
  const { size, roots } = await withDatabase(path, (database) => ({
    size: Number(Object.values(database.prepare('PRAGMA page_size').get() ?? {})[0]),
    roots: database
      .prepare(
        "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0 UNION ALL VALUES ('sqlite_schema', 1)",
      )
      .all()
      .map((row) => ({ name: String(row['name']), root: Number(row['rootpage']) })),
  }))
  const file = await open(path)
  const owners = new Set<string>()
  let found = 0
  try {
    for (const { name, root } of roots)
      for await (const page of pagesOf(file, root, size)) {
        if (!pages.has(page)) continue
        found += 1
        owners.add(name)
      }
    return { owners, found }
  } finally {
    await file.close()
  }
}

/** The pages of a b-tree, level by level. All leaves are on one level, so that one of them says what all are. */
async function* pagesOf(file: FileHandle, root: number, size: number): AsyncGenerator<number> {
  const page = Buffer.alloc(size)
  const last = Math.floor((await file.stat()).size / size)
  let passed = 0
  const childrenOf = async (number: number): Promise<readonly number[]> => {
    await file.read(page, 0, size, (number - 1) * size)
    const children = readChildren(page, number === 1 ? fileHeaderSize : 0)
    return children.filter((child) => child > 0 && child <= last)
  }
  let level: readonly number[] = [root]
  // of a damaged file, the pages may point at each other
  while (level.length > 0 && passed <= last) {
    yield* level
    passed += level.length
    const next: number[] = []
    for (const number of level) {
      const children = await childrenOf(number)
      if (children.length === 0) break
      next.push(...children)
    }
    level = next
  }
}

/** The pages that an interior page points to; none of a leaf. */
function readChildren(page: Buffer, at: number): readonly number[] {
  if (!interior.has(page.readUInt8(at))) return []
  const cells = page.readUInt16BE(at + 3)
  const children = [page.readUInt32BE(at + 8)]
  for (let cell = 0; cell < cells; cell += 1) {
    const pointer = at + headerSize + 2 * cell
    const content = pointer + 2 > page.length ? page.length : page.readUInt16BE(pointer)
    // of a damaged page, which points at no page then
    if (content + 4 > page.length) return []
    children.push(page.readUInt32BE(content))
  }
  return children
}
