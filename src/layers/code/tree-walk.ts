import type { TreeEntry } from '../../github/trees.ts'
import { type CodeRepository, listTree } from './repository.ts'

/** Where the way along a path led. */
export interface Walk {
  /** what is at the path; undefined when nothing is */
  readonly entry: TreeEntry | undefined
  /** what is on the way and no folder: a file, a symbolic link or a submodule */
  readonly blocked?: { readonly path: string; readonly entry: TreeEntry }
  /** a path that is there, and differs only in upper and lower case */
  readonly otherCase?: string
}

/** Looks up a path in a tree, folder by folder. */
export async function walkTree(
  repository: CodeRepository,
  { tree, path }: { tree: string; path: string },
): Promise<Walk> {
  let entry: TreeEntry = { mode: '040000', type: 'tree', sha: tree }
  const names = path.split('/')
  for (const [index, name] of names.entries()) {
    const above = names.slice(0, index)
    if (entry.type !== 'tree') return { entry: undefined, blocked: { path: above.join('/'), entry } }
    const entries = await listTree(repository, entry.sha)
    const found = entries?.get(name)
    if (found === undefined) {
      const twin = [...(entries?.keys() ?? [])].find((each) => each.toLowerCase() === name.toLowerCase())
      if (twin === undefined) return { entry: undefined }
      const otherCase = [...above, twin, ...names.slice(index + 1)].join('/')
      const again = await walkTree(repository, { tree, path: otherCase })
      return again.entry === undefined ? again : { entry: undefined, otherCase }
    }
    entry = found
  }
  return { entry }
}

/** What a folder of a tree holds, by name; empty when there is no such folder. */
export async function listFolder(
  repository: CodeRepository,
  where: { tree: string; path: string },
): Promise<ReadonlyMap<string, TreeEntry>> {
  const { entry: folder } = await walkTree(repository, where)
  return (folder?.type === 'tree' ? await listTree(repository, folder.sha) : undefined) ?? new Map()
}
