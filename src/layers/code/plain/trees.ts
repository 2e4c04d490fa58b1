import { type TreeEdit, type TreeEntry, toTreeEntry } from '../../../github/trees.ts'
import type { Git } from '../command.ts'
import { diffTrees, type TreeEdit as TreeDifference } from '../revert.ts'
import { fetchTrees, missingOf } from './fetch.ts'
import type { PlainRepository } from './open.ts'

/** The entries of one folder of a tree, by name. */
export async function listTree(
  { git }: PlainRepository,
  tree: string,
): Promise<ReadonlyMap<string, TreeEntry>> {
  return toEntries(await readTree(git, tree))
}

/** All entries of a tree and the folders below it, by path. */
export async function listWholeTree(
  { git }: PlainRepository,
  tree: string,
): Promise<ReadonlyMap<string, TreeEntry>> {
  // everything differs from nothing, so all of it is brought
  await bringDifference(git, tree, emptyTree)
  return toEntries(await readTree(git, tree, ['-r', '-t']))
}

function toEntries(entries: ReadonlyMap<string, RawEntry>): ReadonlyMap<string, TreeEntry> {
  return new Map(
    [...entries].flatMap(([name, raw]) => {
      const entry = toTreeEntry(raw)
      return entry === undefined ? [] : [[name, entry] as const]
    }),
  )
}

/** Git knows it by itself. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** Brings the folders in which two trees differ, level by level, and no others; no files. */
export async function bringDifference(git: Git, one: string, other: string): Promise<void> {
  let pairs = [`${one} ${other}`]
  while (pairs.length > 0) {
    await bringTrees(git, pairs.join(' ').split(' '))
    const output = await git.run(['diff-tree', '--stdin', '-z', '--no-renames'], {
      input: `${pairs.join('\n')}\n`,
    })
    pairs = differingFolders(output)
  }
}

/** From `:mode mode id id status`, path, and so on; before the first of two trees there is a line with both. */
function differingFolders(output: string): string[] {
  const fields = output.split('\0').filter((_, index) => index % 2 === 0)
  return fields.flatMap((field) => {
    const [, from, to, older = '', newer = ''] =
      /:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]$/.exec(field) ?? []
    if (from !== '040000' && to !== '040000') return []
    return [`${from === '040000' ? older : emptyTree} ${to === '040000' ? newer : emptyTree}`]
  })
}

/**
 * Brings trees with the folders directly in them. A server may leave out one that is wanted and also lies deeper in another
 * one that is wanted (git 2.39 with a combined filter), so what did not come is asked for again, each alone.
 */
async function bringTrees(git: Git, trees: readonly string[]): Promise<void> {
  const wanted = trees.filter((tree) => tree !== emptyTree)
  const missing = await missingOf(git, wanted)
  if (missing.length === 0) return
  await fetchTrees(git, missing)
  for (const tree of await missingOf(git, missing)) await fetchTrees(git, [tree])
}

/** What each of some trees has at a path, as mode and id; nothing for one that has nothing there. */
export async function entriesAt(
  git: Git,
  trees: readonly string[],
  path: string,
): Promise<ReadonlyMap<string, string>> {
  const names = path.split('/')
  let found = new Map(trees.map((tree) => [tree, { mode: '040000', type: 'tree', sha: tree }]))
  for (const name of names) {
    const folders = [...found].filter(([, { type }]) => type === 'tree')
    await bringTrees(git, [...new Set(folders.map(([, { sha }]) => sha))])
    const read = new Map<string, RawEntry | undefined>()
    for (const [, { sha }] of folders) if (!read.has(sha)) read.set(sha, (await readTree(git, sha)).get(name))
    found = new Map(
      folders.flatMap(([tree, { sha }]) => {
        const entry = read.get(sha)
        return entry === undefined ? [] : [[tree, entry] as const]
      }),
    )
  }
  return new Map([...found].map(([tree, { mode, sha }]) => [tree, `${mode} ${sha}`]))
}

/** Brings the folders in which two trees differ, and compares them. */
export async function compareTrees(
  { git }: PlainRepository,
  { from, to }: { from: string; to: string },
): Promise<readonly TreeDifference[]> {
  await bringDifference(git, from, to)
  return diffTrees(git, { from, to })
}

/** An entry as git has it: also with a mode that only old versions wrote. */
interface RawEntry {
  readonly mode: string
  readonly type: string
  readonly sha: string
}

async function readTree(
  git: Git,
  tree: string,
  options: readonly string[] = [],
): Promise<ReadonlyMap<string, RawEntry>> {
  await bringTrees(git, [tree])
  const lines = (await git.run(['ls-tree', '-z', ...options, tree])).split('\0').filter(Boolean)
  return new Map(
    lines.map((line) => {
      const tab = line.indexOf('\t')
      const [mode = '', type = '', sha = ''] = line.slice(0, tab).split(' ')
      return [line.slice(tab + 1), { mode, type, sha }] as const
    }),
  )
}

/** Makes the tree that the edits turn another one into; it is only here. @returns its id */
export async function createTree(
  repository: PlainRepository,
  { base, edits }: { base: string; edits: readonly TreeEdit[] },
): Promise<string> {
  const changes = await Promise.all(
    edits.map(async (edit): Promise<Change> => {
      const path = edit.path.split('/')
      if (!('content' in edit)) return { path, entry: edit.entry }
      const input = Buffer.from(edit.content)
      const sha = (await repository.git.run(['hash-object', '-w', '--stdin'], { input })).trim()
      return { path, entry: { mode: edit.mode, type: 'blob', sha } }
    }),
  )
  // what goes makes room first: a folder may become a file, or a file a folder
  const less = await changeTree(
    repository,
    base,
    changes.filter(({ entry }) => entry === null),
  )
  return changeTree(
    repository,
    less,
    changes.filter(({ entry }) => entry !== null),
  )
}

/** What is at a path from now on; null for nothing. */
interface Change {
  readonly path: readonly string[]
  readonly entry: TreeEntry | null
}

async function changeTree(
  repository: PlainRepository,
  tree: string,
  changes: readonly Change[],
): Promise<string> {
  if (changes.length === 0) return tree
  const entries = new Map(await readTree(repository.git, tree))
  const below = new Map<string, Change[]>()
  for (const { path, entry } of changes) {
    const [name = '', ...rest] = path
    if (rest.length > 0) below.set(name, [...(below.get(name) ?? []), { path: rest, entry }])
    else if (entry === null) entries.delete(name)
    else entries.set(name, entry)
  }
  for (const [name, deeper] of below) {
    const there = entries.get(name)
    const isNothing = there?.type !== 'tree' && deeper.every(({ entry }) => entry === null)
    if (isNothing) continue
    const sha = await changeTree(repository, there?.type === 'tree' ? there.sha : emptyTree, deeper)
    if (sha === emptyTree) entries.delete(name)
    else entries.set(name, { mode: '040000', type: 'tree', sha })
  }
  const lines = [...entries].map(([name, { mode, type, sha }]) => `${mode} ${type} ${sha}\t${name}\0`)
  // what the lines name need not be here
  return (await repository.git.run(['mktree', '--missing', '-z'], { input: lines.join('') })).trim()
}
