import { writeObject } from './loose-files.ts'
import type { ObjectReader } from './object-reader.ts'
import { folder, formatTree, parseTree, type StoredEntry, type StoredTree, typeOfMode } from './tree-text.ts'

export interface TreeEntry {
  readonly path: string
  readonly mode: string
  readonly type: string
  readonly sha: string
  readonly size?: number
}

/** The trees of a bare repository. */
export interface TreeStore {
  /** @param revision a tree, or a commit that has it */
  readonly read: (revision: string) => Promise<StoredTree>
  /** @returns its id */
  readonly write: (tree: StoredTree) => Promise<string>
}

export function openTreeStore(gitDir: string, objects: ObjectReader): TreeStore {
  return {
    async read(revision) {
      const found = await objects.read(`${revision}^{tree}`)
      if (found === undefined) throw new Error(`${revision} has no tree`)
      return parseTree(found.content)
    },
    write: (tree) => writeObject(gitDir, 'tree', formatTree(tree)),
  }
}

/** A change to a tree, at a path of names: an entry, or nothing. */
export interface EntryChange {
  readonly names: readonly string[]
  readonly entry: StoredEntry | null
}

/** Makes the tree that the changes turn another one into. Folders that come to hold nothing go. @returns its id */
export async function changeTree(
  store: TreeStore,
  base: string | undefined,
  changes: readonly EntryChange[],
): Promise<string> {
  const entries: StoredTree = base === undefined ? new Map() : new Map(await store.read(base))
  const below = new Map<string, EntryChange[]>()
  for (const { names, entry } of changes) {
    const [name = '', ...rest] = names
    if (rest.length > 0) below.set(name, [...(below.get(name) ?? []), { names: rest, entry }])
    else if (entry === null) entries.delete(name)
    else entries.set(name, entry)
  }
  for (const [name, deeper] of below) {
    const there = entries.get(name)
    const held = there?.mode === folder ? there.sha : undefined
    // a file in the place of the folder holds nothing that could go
    if (held === undefined && deeper.every(({ entry }) => entry === null)) continue
    const sha = await changeTree(store, held, deeper)
    if ((await store.read(sha)).size === 0) entries.delete(name)
    else entries.set(name, { mode: folder, sha })
  }
  return store.write(entries)
}

/** The entries of a tree, with the folders before what they hold. @param under as `readTree` */
export async function walkTree(
  { trees, objects }: { trees: TreeStore; objects: ObjectReader },
  revision: string,
  { recursive, under }: { recursive: boolean; under: string | undefined },
  above = '',
): Promise<readonly TreeEntry[]> {
  const isWanted = (path: string) =>
    under === undefined || `${path}/`.startsWith(`${under}/`) || under.startsWith(`${path}/`)
  const found = await Promise.all(
    [...(await trees.read(revision))].map(async ([name, { mode, sha }]) => {
      const path = above + Buffer.from(name, 'latin1').toString('utf8')
      if (!isWanted(path)) return []
      const type = typeOfMode(mode)
      const size = type === 'blob' ? (await objects.find(sha))?.size : undefined
      const entry = { mode, type, sha, path, ...(size !== undefined && { size }) }
      if (type !== 'tree' || !recursive) return [entry]
      return [entry, ...(await walkTree({ trees, objects }, sha, { recursive, under }, `${path}/`))]
    }),
  )
  return found.flat()
}
