import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { withDatabase } from './file.ts'

/**
 * SHA-256 of each table's pages in a database file that nobody has open. Tables of the same pages hold the same rows, and a
 * value that is larger than our memory is told from another without being read as one; the same rows may lie on other pages.
 */
export async function digestPages(path: string): Promise<ReadonlyMap<string, string>> {
  const { pageSize, names, owners } = await withDatabase(path, (database) => {
    const setting = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
    const indexes = new Map<string, number>([['', 0]])
    // two bytes a page: a database may have very many
    const owners = new Uint16Array(setting('page_count') + 1)
    const pages = database.prepare('SELECT name, pageno FROM dbstat')
    // there are very many rows, and arrays are faster than objects
    pages.setReturnArrays(true)
    for (const row of pages.iterate()) {
      const [name, pageno] = Object.values(row)
      const index = indexes.get(String(name)) ?? indexes.size
      indexes.set(String(name), index)
      owners[Number(pageno)] = index
    }
    return { pageSize: setting('page_size'), names: [...indexes.keys()], owners }
  })
  const hashes = names.map(() => createHash('sha256'))
  const file = await open(path)
  try {
    // one buffer for all of it: a new one for each read would fill the memory before it is cleared
    const buffer = Buffer.alloc(pageSize * 256)
    for (let page = 1; page < owners.length; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, (page - 1) * pageSize)
      if (bytesRead < pageSize) break
      for (let from = 0; from < bytesRead; ) {
        const [first, owner] = [page, owners[page] ?? 0]
        while ((owners[page] ?? 0) === owner && from + (page - first) * pageSize < bytesRead) page += 1
        const to = from + (page - first) * pageSize
        hashes[owner]?.update(`${first} `).update(buffer.subarray(from, to))
        from = to
      }
    }
  } finally {
    await file.close()
  }
  return new Map(names.map((name, index) => [name, hashes[index]?.digest('hex') ?? '']))
}
