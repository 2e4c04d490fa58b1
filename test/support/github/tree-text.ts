/** Trees as git stores them: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */

/** What a name of one tree stands for; the mode has six digits. */
export interface StoredEntry {
  readonly mode: string
  readonly sha: string
}

/** By name, as bytes: latin1, for a name may be no UTF-8. In git's order. */
export type StoredTree = Map<string, StoredEntry>

export const folder = '040000'

export function typeOfMode(mode: string): 'tree' | 'commit' | 'blob' {
  return mode === folder ? 'tree' : mode === '160000' ? 'commit' : 'blob'
}

export function parseTree(content: Buffer): StoredTree {
  const entries: StoredTree = new Map()
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const end = content.indexOf(0, space)
    const mode = content.toString('latin1', at, space).padStart(6, '0')
    const name = content.toString('latin1', space + 1, end)
    at = end + 21
    entries.set(name, { mode, sha: content.toString('hex', end + 1, at) })
  }
  return entries
}

export function formatTree(entries: StoredTree): Buffer {
  // a folder is sorted as if its name ended with a slash
  const key = ([name, { mode }]: [string, StoredEntry]) => (mode === folder ? `${name}/` : name)
  const sorted = [...entries].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  return Buffer.concat(
    sorted.flatMap(([name, { mode, sha }]) => [
      Buffer.from(`${mode.replace(/^0/, '')} ${name}\0`, 'latin1'),
      Buffer.from(sha, 'hex'),
    ]),
  )
}
