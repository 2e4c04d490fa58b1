import { InputError, message, RefusedError, setting } from '../../errors.ts'
import type { Commit } from '../../github/commits.ts'
import { findChanges } from './changes.ts'
import { type Content, contentOfRevert } from './content.ts'
import { chooseWay } from './delivery.ts'
import { type EarlierRollback, findRollbacks, lookAfter } from './earlier.ts'
import type { OpenClone } from './partial-clone.ts'
import { demandHead, findPulls, type RollbackRequest, type UndoPlan } from './plan.ts'
import {
  type CodeRepository,
  compareCommits,
  compareHistories,
  isAncestor,
  isPlain,
  listCommits,
  readBranchRules,
  readCommit,
} from './repository.ts'
import { revertTree } from './revert.ts'
import { findWarnings } from './warnings.ts'

export interface UndoRequest extends Pick<RollbackRequest, 'branch' | 'incident' | 'delivery'> {
  readonly mode: UndoPlan['mode']
  /** full id of the rollback commit */
  readonly rollback: string
}

/** How many of the branch's newest commits a rollback is looked for in. */
const furthest = 100

/**
 * The rollback that is to be taken back.
 * @param incident whose rollback; undefined for the newest one of the branch
 * @throws InputError when there is none
 */
export async function findUndoable(
  repository: CodeRepository,
  { branch, incident }: { branch: string; incident: string | undefined },
): Promise<EarlierRollback> {
  const head = await demandHead(repository, branch)
  const rollbacks = findRollbacks(await listCommits(repository, { branch: head, count: furthest }))
  const found = rollbacks.find((each) => incident === undefined || each.incident === incident)
  if (found !== undefined) return found
  const whose = incident === undefined ? '' : ` for the incident ${incident}`
  throw new InputError(
    message`there is no rollback${whose} among the newest ${furthest} commits of ${branch}: nothing was changed; name the failed revision in ${setting('revision')}, or the branch in ${setting('branch')}`,
  )
}

/**
 * Plans to take a rollback back: what it undid is there again, and what came on top of it stays. Changes nothing. Takes a
 * clone only when something came on top.
 * @throws RefusedError when the rollback is not on the branch, ConflictError with the files when later work stands in the way
 */
export async function planUndo(
  repository: CodeRepository,
  { mode, branch, incident, rollback: sha, delivery }: UndoRequest,
  openClone: OpenClone,
): Promise<UndoPlan> {
  const [head, rollback] = await Promise.all([demandHead(repository, branch), readCommit(repository, sha)])
  const [from] = rollback.parents
  if (from === undefined)
    throw new InputError(
      `commit ${sha.slice(0, 7)} is the first of its history, and not a rollback: there is nothing to undo`,
    )
  if (!(await isAncestor(repository, { older: sha, newer: head }))) {
    throw new RefusedError(
      `the rollback ${sha.slice(0, 7)} is no longer on ${branch} (at ${head.slice(0, 7)}): there is nothing to undo`,
    )
  }
  const { files } = await compareCommits(repository, { base: from, head: sha })
  const [changes, { since, takenBackBy: done }, { tree }, pulls, rules] = await Promise.all([
    readCommit(repository, from).then((target) =>
      findChanges(repository, files, { current: rollback, target }),
    ),
    lookAfter(repository, { commit: rollback, from }, head),
    readCommit(repository, head),
    findPulls(repository, [rollback]),
    readBranchRules(repository, branch),
  ])
  const content: Content =
    done === undefined
      ? await contentOfUndo(repository, { head, tree, rollback, from, openClone })
      : { kind: 'tree', tree: done.tree }
  return {
    mode,
    incident,
    branch,
    head: done?.parents[0] ?? head,
    rollback,
    content,
    undone: [rollback],
    undoneCount: 1,
    collateral: [],
    files,
    done,
    since: done === undefined ? [] : since.slice(since.findIndex((each) => each.sha === done.sha) + 1),
    takenBackBy: undefined,
    sameContent: done === undefined && isUnchanged(content, tree),
    pulls,
    warnings: findWarnings(changes, isPlain(repository)),
    way:
      mode === 'undo'
        ? chooseWay(delivery, rules)
        : {
            way: isPlain(repository) ? 'branch' : 'pull-request',
            because: 'the fault is fixed there before the work comes back',
          },
    badIsRollback: true,
  }
}

async function contentOfUndo(
  repository: CodeRepository,
  {
    head,
    tree,
    rollback,
    from,
    openClone,
  }: { head: string; tree: string; rollback: Commit; from: string; openClone: OpenClone },
): Promise<Content> {
  // also below the merge commit of the pull request that brought it
  if (tree === rollback.tree) return { kind: 'tree', tree: (await readCommit(repository, from)).tree }
  const { aheadBy } = await compareHistories(repository, { base: rollback.sha, head })
  const git = await openClone({ head, depth: aheadBy + 2 })
  const reverted = await revertTree(git, { head, commits: [rollback.sha], mainline: undefined })
  return contentOfRevert(git, { head, reverted })
}

function isUnchanged(content: Content, tree: string): boolean {
  return content.kind === 'tree' ? content.tree === tree : content.edits.length === 0
}
