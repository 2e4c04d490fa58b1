import type { TreeEntry } from '../../github/trees.ts'
import { type CodeRepository, listTree } from './repository.ts'

/** What a tree has at a path, asked for folder by folder; undefined when it has nothing there. */
export async function readTreeEntry(
  repository: CodeRepository,
  { tree, path }: { tree: string; path: string },
): Promise<TreeEntry | undefined> {
  let found: TreeEntry | undefined = { mode: '040000', type: 'tree', sha: tree }
  for (const name of path.split('/')) {
    if (found?.type !== 'tree') return undefined
    found = (await listTree(repository, found.sha))?.get(name)
  }
  return found
}

/** What a folder of a tree holds, by name; empty when there is no such folder. */
export async function listFolder(
  repository: CodeRepository,
  { tree, path }: { tree: string; path: string },
): Promise<ReadonlyMap<string, TreeEntry>> {
  const folder = await readTreeEntry(repository, { tree, path })
  return (folder?.type === 'tree' ? await listTree(repository, folder.sha) : undefined) ?? new Map()
}
