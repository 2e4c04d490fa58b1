import { InputError, message } from '../../errors.ts'
import type { Commit } from '../../github/commits.ts'
import type { Comparison } from '../../github/compare.ts'
import { type Changes, changesAt, findChanges, hasSubmodules, listedFiles } from './changes.ts'
import { type Content, contentOfEdits, contentOfPaths } from './content.ts'
import { chooseWay } from './delivery.ts'
import { demandOlder } from './elsewhere.ts'
import type { Target } from './found-target.ts'
import { warnOfLater } from './later.ts'
import { neighboursOf } from './neighbours.ts'
import { demandPairs, isSamePair, overlaps, type PathPair, parsePaths, readPairs } from './paths.ts'
import {
  findCollateral,
  findPulls,
  type HoldingRollback,
  type RestorePlan,
  type RollbackRequest,
  readStanding,
} from './plan.ts'
import {
  type CodeRepository,
  commitsTouching,
  compareCommits,
  compareHistories,
  isPlain,
  listRange,
  readBranchRules,
  readCommit,
} from './repository.ts'
import { demandOnBranch, findTarget } from './target.ts'
import { findWarnings, type Warning } from './warnings.ts'

export interface RestoreRequest extends RollbackRequest {
  readonly target: string
  /** for the target `previous-deployment-tag` */
  readonly tagPattern: string
  /** for the target `last-green` */
  readonly checks: readonly string[]
  /** what of the tree is restored, as people write it; all of it when there are none */
  readonly paths: readonly string[]
  /** called once the good revision is known, so that other layers plan with it while the rest of this plan is made */
  readonly onTarget?: (sha: string) => void
  /**
   * What the paths are to hold where it is not what the good revision has, such as a file with one key as it was. By path; one that is not
   * among them stays as it is.
   */
  readonly edit?: (revisions: {
    readonly now: string
    readonly good: string
  }) => Promise<ReadonlyMap<string, Uint8Array>>
}

/**
 * Plans to bring the content of a good revision back; changes nothing. Made through the Git Data API, so it takes the same
 * few requests for a repository of any size, and no clone.
 * @throws InputError when the branch, the target or a path is not there, or the target does not undo the failed revision
 */
export async function planRestore(repository: CodeRepository, request: RestoreRequest): Promise<RestorePlan> {
  const { branch, environment, bad } = request
  const paths = parsePaths(request.paths)
  const { head, rollbacks, holding, base, takenBackBy } = await readStanding(repository, request)
  const rolledBack = new Set(rollbacks.map(({ incident }) => incident))
  // HEAD~n counts from where the branch stood before the rollbacks that are already there
  const target = await findTarget(repository, { ...request, head: base, rolledBack, mayBeElsewhere: true })
  request.onTarget?.(target.commit.sha)
  const done = await findDone(repository, { holding, target, paths, head })
  const from = done?.from ?? head
  const range = { base: target.commit.sha, head: from }
  // what needs no more than the two revisions is asked at the same time
  const wholly = paths.length > 0 ? undefined : ofAllPaths(repository, { environment, target, from })
  const comparison = await compareCommits(repository, range)
  const elsewhere = await demandOlder(repository, {
    comparison,
    branch,
    environment,
    from,
    target,
    request: request.target,
    mayBeElsewhere: true,
  })
  await demandUndone(repository, { bad, from, branch, target, undone: comparison.commits })
  const current = comparison.commits.find(({ sha }) => sha === from) ?? (await readCommit(repository, from))
  const pairs = await demandPairs(repository, {
    now: { tree: current.tree, name: `${branch} (at ${from.slice(0, 7)})` },
    before: { tree: target.commit.tree, name: target.commit.sha.slice(0, 7) },
    paths,
  })
  const undone = await findUndone(repository, { comparison, target, from, paths })
  const [changes, pulls, rules, collateral, neighbours] = await Promise.all([
    paths.length > 0
      ? changesAt(repository, pairs)
      : findChanges(repository, elsewhere === undefined ? comparison.files : undefined, {
          current,
          target: target.commit,
        }),
    wholly?.pulls ?? findPulls(repository, undone.commits),
    readBranchRules(repository, branch),
    findCollateral(repository, { bad, head: from, undone: undone.commits }),
    wholly?.neighbours ?? [],
  ])
  const later = await warnOfLater(repository, { bad, current, undone: comparison.commits, collateral, paths })
  const content: Content =
    paths.length === 0
      ? { kind: 'tree', tree: target.commit.tree }
      : request.edit === undefined
        ? contentOfPaths(current.tree, pairs)
        : contentOfEdits(current.tree, pairs, await request.edit({ now: from, good: target.commit.sha }))
  const sameContent = done === undefined && isSame(content, current.tree)
  const isUntouched = sameContent && paths.length > 0 && (await isSameAt(repository, { bad, target, paths }))
  const elsewhereWarnings = elsewhere === undefined ? [] : [warnElsewhere(target, branch, elsewhere)]
  return {
    mode: 'restore',
    branch,
    head: from,
    target,
    paths,
    content,
    undone: undone.commits,
    undoneCount: undone.count,
    collateral,
    files: filesOf(changes, comparison),
    done: done?.commit,
    since: done?.since ?? [],
    takenBackBy,
    sameContent,
    isUntouched,
    pulls,
    warnings: [...elsewhereWarnings, ...neighbours, ...findWarnings(changes, isPlain(repository)), ...later],
    way: chooseWay(request.delivery, rules),
    badIsRollback: rollbacks.some(({ commit }) => commit.sha === bad),
  }
}

/** What a rollback of the whole tree asks as soon as the good revision is known. Whoever awaits it gets its errors. */
function ofAllPaths(
  repository: CodeRepository,
  { environment, target, from }: { environment: string; target: Target; from: string },
) {
  const pulls = compareHistories(repository, { base: target.commit.sha, head: from }).then(({ commits }) =>
    findPulls(repository, commits),
  )
  const neighbours = neighboursOf(repository, { environment, target, from })
  const modules = hasSubmodules(repository, from)
  for (const each of [pulls, neighbours, modules]) each.catch(() => {})
  return { pulls, neighbours }
}

/** Plans to deploy a good revision again while the branch is unchanged. @throws InputError as a restore does */
export async function planDeployOnly(
  repository: CodeRepository,
  request: RestoreRequest,
): Promise<RestorePlan> {
  const plan = await planRestore(repository, request)
  const way = { way: 'none', because: 'the mode is deploy-only' } as const
  // nothing is written to the branch
  const ofBranch: ReadonlySet<Warning['kind']> = new Set(['workflow-files', 'environments'])
  const warnings = plan.warnings.filter(({ kind }) => !ofBranch.has(kind))
  return { ...plan, mode: 'deploy-only', done: undefined, since: [], sameContent: false, warnings, way }
}

/**
 * The rollback of this incident that has brought the target back, in these very paths, and still holds. That is read from the
 * branch: a commit that says so, and has not that content, is none, nor is one whose paths were put back since.
 */
async function findDone(
  repository: CodeRepository,
  {
    holding,
    target,
    paths,
    head,
  }: {
    readonly holding: readonly HoldingRollback[]
    readonly target: Target
    readonly paths: readonly string[]
    readonly head: string
  },
): Promise<HoldingRollback | undefined> {
  // a later one of other paths takes nothing away from it
  const newest = holding.find((each) => overlaps(each.paths, paths))
  if (newest === undefined || newest.to !== target.commit.sha) return undefined
  if (newest.paths.join('\0') !== paths.join('\0')) return undefined
  const { tree } = target.commit
  if (paths.length === 0) return newest.commit.tree === tree ? newest : undefined
  const [brought, undone, now] = await Promise.all(
    [newest.commit.sha, newest.from, head].map(async (sha) =>
      readPairs(repository, { now: (await readCommit(repository, sha)).tree, before: tree, paths }),
    ),
  )
  const isBrought = brought?.every(isSamePair) ?? false
  const isBack = now?.some((pair, index) => !isSamePair(pair) && isSameEntry(pair, undone?.[index])) ?? true
  return isBrought && !isBack ? newest : undefined
}

async function isSameAt(
  repository: CodeRepository,
  { bad, target, paths }: { bad: string; target: Target; paths: readonly string[] },
): Promise<boolean> {
  const { tree: now } = await readCommit(repository, bad)
  return (await readPairs(repository, { now, before: target.commit.tree, paths }))?.every(isSamePair) ?? false
}

function isSameEntry(one: PathPair, other: PathPair | undefined): boolean {
  return one.now?.sha === other?.now?.sha && one.now?.mode === other?.now?.mode
}

/** The commits that are undone; of some paths those that touch them. */
async function findUndone(
  repository: CodeRepository,
  {
    comparison,
    target,
    from,
    paths,
  }: { comparison: Comparison; target: Target; from: string; paths: readonly string[] },
): Promise<{ readonly commits: readonly Commit[]; readonly count: number }> {
  const { commits: newest, aheadBy } = comparison
  if (paths.length === 0) return { commits: newest, count: aheadBy }
  const range = { base: target.commit.sha, head: from }
  const commits = newest.length < aheadBy ? await listRange(repository, range) : newest
  const touching = await commitsTouching(repository, { head: from, commits, paths })
  return { commits: touching, count: touching.length }
}

/**
 * A rollback has to undo the revision that failed.
 * @throws InputError when that is not on the branch, or the target has it in its history
 */
export async function demandUndone(
  repository: CodeRepository,
  {
    bad,
    from,
    branch,
    target: { commit },
    undone,
  }: { bad: string; from: string; branch: string; target: Target; undone: readonly Commit[] },
): Promise<void> {
  if (undone.some(({ sha }) => sha === bad)) return
  const [failed, good] = [bad.slice(0, 7), commit.sha.slice(0, 7)]
  await demandOnBranch(repository, { bad, head: from, branch })
  const { status } = await compareHistories(repository, { base: bad, head: commit.sha })
  if (status !== 'ahead' && status !== 'identical') return
  const stands =
    status === 'identical'
      ? `${failed}, the revision that failed, itself`
      : `${good}, which has ${failed}, the revision that failed, in its history`
  throw new InputError(
    message`the target is ${stands}: nothing was changed, because the rollback would keep the fault; name a revision from before ${failed}`,
  )
}

/** The files that change, with their lines where the comparison lists all of these. */
export function filesOf({ paths }: Changes, { status, files }: Comparison): Comparison['files'] {
  const isListed = status === 'ahead' && files.length < listedFiles
  const lines = new Map(isListed ? files.map((file) => [file.path, file]) : [])
  return paths.map((path) => lines.get(path) ?? { path, additions: 0, deletions: 0 })
}

function isSame(content: Content, tree: string): boolean {
  return content.kind === 'tree' ? content.tree === tree : content.edits.length === 0
}

function warnElsewhere({ commit }: Target, branch: string, vouchedBy: string): Warning {
  return {
    kind: 'elsewhere',
    message: `${commit.sha.slice(0, 7)} is not on ${branch}, and ${vouchedBy} vouches for it: ${branch} gets its content, without what was merged since the two parted`,
    paths: [],
  }
}
