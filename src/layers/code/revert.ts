import { ConflictError, InputError, message, setting } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { type Git, GitFailure } from './command.ts'

/** One file of a tree that is to be made: what it was is replaced; null takes it away. */
export interface TreeEdit {
  readonly path: string
  readonly mode: string
  readonly blob: string | null
}

/** What a revert comes to. */
export interface RevertedTree {
  readonly tree: string
  /** how it differs from the head's tree */
  readonly edits: readonly TreeEdit[]
}

export interface RevertRequest {
  /** the commit on top of which the revert goes */
  readonly head: string
  /** what is undone, newest first: full ids */
  readonly commits: readonly string[]
  /** which parent of a merge commit is kept, counted from 1; undefined refuses merges, as git does */
  readonly mainline: number | undefined
}

/**
 * Computes the tree that `git revert --no-commit` of the commits leaves, without a work tree: each commit is undone by
 * a three-way merge whose base is the commit itself, whose other side is its parent.
 * The commits, their parents and the history between them and the head have to be in the repository, or promised.
 * @throws InputError for a merge commit without a mainline, or a root commit
 * @throws ConflictError that lists the files, when a commit cannot be undone without touching later work
 */
export async function revertTree(
  git: Git,
  { head, commits, mainline }: RevertRequest,
): Promise<RevertedTree> {
  let top = head
  for (const { commit, kept } of await keptParents(git, { commits, mainline })) {
    // a commit with the parent's content and the commit as its parent: so the commit is where both sides come from
    const without = await commitTree(git, { tree: `${kept}^{tree}`, parent: commit })
    const tree = await mergeTree(git, { ours: top, theirs: without, undoing: commit })
    top = await commitTree(git, { tree, parent: top })
  }
  const tree = (await git.run(['rev-parse', `${top}^{tree}`])).trim()
  return { tree, edits: await diffTrees(git, { from: head, to: tree }) }
}

/** Each commit with the parent whose content comes back. */
async function keptParents(
  git: Git,
  { commits, mainline }: Omit<RevertRequest, 'head'>,
): Promise<readonly { readonly commit: string; readonly kept: string }[]> {
  const listed = await git.run(['rev-list', '--parents', '--no-walk=unsorted', ...commits])
  return listed
    .trim()
    .split('\n')
    .map((line) => {
      const [commit = '', ...parents] = line.split(' ')
      return { commit, kept: keptParent(commit, parents, mainline) }
    })
}

function keptParent(commit: string, parents: readonly string[], mainline: number | undefined): string {
  const short = commit.slice(0, 7)
  if (parents.length === 0)
    throw new InputError(`commit ${short} is the first of its history: there is nothing to go back to`)
  if (parents.length > 1 && mainline === undefined) {
    throw new InputError(
      message`commit ${short} is a merge of ${parents.length} histories; write in ${setting('mainline')} which of its parents stays, in most cases 1`,
    )
  }
  // as git has it: 1 may be given for a commit that is no merge
  const kept = parents[(mainline ?? 1) - 1]
  if (kept === undefined)
    throw new InputError(
      message`${setting('mainline')} is ${mainline}, but commit ${short} has ${count(parents.length, 'parent')}`,
    )
  return kept
}

async function mergeTree(
  git: Git,
  { ours, theirs, undoing }: { ours: string; theirs: string; undoing: string },
): Promise<string> {
  try {
    const output = await git.run([
      'merge-tree',
      '--write-tree',
      '-z',
      '--name-only',
      '--no-messages',
      ours,
      theirs,
    ])
    return output.split('\0')[0] ?? ''
  } catch (error) {
    // 1 is a conflict: the tree, then the files in conflict; anything else went wrong
    if (!(error instanceof GitFailure) || error.status !== 1) throw error
    const [, ...files] = error.output.split('\0').filter((field) => field !== '')
    const list = [...new Set(files)].map((file) => `  ${file}`).join('\n')
    throw new ConflictError(
      `commit ${undoing.slice(0, 7)} cannot be undone by itself, because later commits changed the same lines; nothing was changed. Files in conflict:\n${list}\nUndo these later commits too, or use mode: restore`,
      { cause: error },
    )
  }
}

async function commitTree(git: Git, { tree, parent }: { tree: string; parent: string }): Promise<string> {
  return (await git.run(['commit-tree', tree, '-p', parent, '-m', 'on the way'])).trim()
}

/** The files that differ; a rename is one that goes and one that comes. */
export async function diffTrees(
  git: Git,
  { from, to }: { from: string; to: string },
): Promise<readonly TreeEdit[]> {
  const fields = (await git.run(['diff-tree', '-r', '-z', '--no-renames', from, to])).split('\0')
  const edits: TreeEdit[] = []
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [, mode = '', , blob = '', status = ''] = (fields[index] ?? '').slice(1).split(' ')
    const path = fields[index + 1] ?? ''
    edits.push(status === 'D' ? { path, mode: '100644', blob: null } : { path, mode, blob })
  }
  return edits
}
