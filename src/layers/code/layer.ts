import { RefusedError } from '../../errors.ts'
import { closePull, findOpenPull } from '../../github/pulls.ts'
import type { Layer, LayerPlan, LayerPlanView, LayerReceipt, UndoableRollback } from '../layer.ts'
import { type Announcement, announceRollback } from './announce.ts'
import { applyPlan, prepareRollback } from './apply.ts'
import { sayPulls, sayUndone, title } from './describe.ts'
import type { RollbackTrace } from './message.ts'
import type { OpenClone } from './partial-clone.ts'
import { parsePaths } from './paths.ts'
import { goalOf, type RollbackPlan, readStanding, scopeOf, takesBack } from './plan.ts'
import { type CodeRollback, planRollback } from './plan-rollback.ts'
import { type ProposalWishes, rollbackBranch, writeProposal } from './proposal.ts'
import type { PreparedCommit } from './publish.ts'
import type { RollbackReceipt } from './receipt.ts'
import { type CodeRepository, isPlain } from './repository.ts'
import { undoReset } from './reset.ts'
import { planUndo } from './undo.ts'
import { verifyBranch } from './verify.ts'
import { sayWarning, type Warning } from './warnings.ts'
import { wayBackOf } from './way-back.ts'
import { wordsOf } from './words.ts'

export interface CodeLayerOptions {
  readonly repository: CodeRepository
  /** what is asked for: branch, environment, incident, failed revision, target, delivery */
  readonly rollback: CodeRollback
  /** what other layers look after, so that it needs no warning here */
  readonly lookedAfter: ReadonlySet<Warning['kind']>
  /** a clone is only made for what takes a merge: mode `revert`, and taking a rollback back below later work */
  readonly openClone: OpenClone
  /** of the pull request, where the rules of the branch want one */
  readonly wishes: ProposalWishes
  /** why, in a sentence; it goes into commits, so it holds no secrets */
  readonly reason: string
  /** who asked for it: a login */
  readonly by: string
  readonly runUrl: string | undefined
  /** where it is said that it was done; undefined for nowhere but in the history */
  readonly announcement?: Announcement
  readonly now: () => Date
}

/** The code: a branch of the repository, rolled back by one commit on top of it. */
export function openCodeLayer(options: CodeLayerOptions): Layer {
  const { repository, rollback, openClone } = options
  return {
    name: 'code',
    async plan(): Promise<LayerPlan> {
      const plan = await planRollback(repository, rollback, openClone)
      return planOf(options, plan)
    },
    undo: (done) => undoCode(options, done),
  }
}

/** A plan of the code as one of a layer. */
export function planOf(options: CodeLayerOptions, plan: RollbackPlan): LayerPlan {
  const { repository, rollback, reason, runUrl, announcement, lookedAfter } = options
  const { environment, incident, bad } = rollback
  const about = { environment, incident, bad, reason, runUrl }
  let prepared: Promise<PreparedCommit | undefined> | undefined
  return {
    view: viewCode(plan, lookedAfter),
    words: wordsOf(plan, repository),
    prepare: () => {
      if (plan.sameContent) return
      // what is wrong is wrong again when it is applied
      prepared = prepareRollback(repository, plan, traceOf(options, plan)).catch(() => undefined)
    },
    apply: async () => ({
      ...(await applyCode(options, plan, prepared)),
      ...withProblem('problem', leftInDatabase(plan, lookedAfter)),
    }),
    announce: async (receipt, deployed) =>
      announcement === undefined
        ? []
        : announceRollback(repository, plan, receipt, { announcement, about, deployed }),
  }
}

/** A plan of the code, in the words of all layers. */
function viewCode(
  plan: RollbackPlan,
  lookedAfter: CodeLayerOptions['lookedAfter'] = new Set(),
): LayerPlanView {
  const { branch, head, undone, undoneCount, collateral, warnings } = plan
  const { paths } = scopeOf(plan)
  return {
    layer: 'code',
    state: isUntouched(plan) ? 'nothing' : isStanding(plan) ? 'done' : 'pending',
    ...(isUntouched(plan) && {
      left: `nothing is rolled back: ${rollbackPaths(plan)} is the same in the failed revision and in ${goalOf(plan).slice(0, 7)}`,
    }),
    from: head,
    to: goalOf(plan),
    scope: `${plan.mode} ${goalOf(plan)}`,
    ...(paths.length > 0 && { paths }),
    ...(isStanding(plan) && withProblem('unverified', leftInDatabase(plan, lookedAfter))),
    ...(isStanding(plan) && { now: plan.done?.sha ?? head, deploys: [plan.done?.sha ?? head, goalOf(plan)] }),
    foundBy: foundBy(plan),
    steps: stepsOf(plan),
    undone: undone.map(({ sha, message, author }) => ({ revision: sha, title: title(message), author })),
    undoneCount,
    losses: collateral.map(
      ({ sha, message, author }) =>
        `commit ${sha.slice(0, 7)} (${title(message)}, ${author}) came after the failed revision, and is undone with it`,
    ),
    warnings: warnings.filter(({ kind }) => !lookedAfter.has(kind)).map(sayWarning),
    needsPerson: reasonsForApproval(plan),
    ...(!isUntouched(plan) && !isStanding(plan) && { needsDeployment: true }),
    basis: { [`head of ${branch}`]: head },
  }
}

/**
 * What a database that is rolled back, too, does not undo: it undoes the migrations of the failed revision alone. Where no database
 * is rolled back, nobody expects that, and it is a warning.
 */
function leftInDatabase(
  { warnings }: RollbackPlan,
  lookedAfter: CodeLayerOptions['lookedAfter'],
): string | undefined {
  if (!lookedAfter.has('migrations')) return undefined
  const later = warnings.find(({ kind }) => kind === 'later-migrations')
  return (
    later &&
    `${sayWarning(later)}: check that the restored code works with them, or undo them with db-restore`
  )
}

function withProblem<Name extends string>(name: Name, problem: string | undefined) {
  return problem === undefined ? {} : { [name]: problem }
}

/** Why a rollback of the code is not done automatically; empty when it may be. */
function reasonsForApproval(plan: RollbackPlan): readonly string[] {
  const { branch, warnings, badIsRollback } = plan
  return [
    ...warnings.filter(({ kind }) => kind === 'later-migrations').map(sayWarning),
    ...(badIsRollback && !takesBack(plan)
      ? ['the failed revision is itself a rollback, which is not rolled back automatically']
      : []),
    // it was deployed once, but nobody has merged it
    ...warnings
      .filter(({ kind }) => kind === 'elsewhere')
      .map(
        () => `${goalOf(plan).slice(0, 7)} is not on ${branch}, which would get content that was not merged`,
      ),
  ]
}

/** What was done to the code, in the words of all layers. */
export function receiptCode(
  plan: RollbackPlan,
  { from, to, commit, outcome, tag, untagged, pull, proposedOn, verified }: RollbackReceipt,
): LayerReceipt {
  return {
    outcome,
    from,
    to,
    now: commit,
    kept: plan.mode === 'reset' ? { reset: plan.branch } : {},
    branch: plan.branch,
    ...(outcome !== 'proposed' && { deploys: [commit, to] }),
    ...wayBackOf(plan, { from, to, now: commit, tag }),
    ...(tag !== undefined && { tag }),
    ...(pull !== undefined && { pull: { number: pull.number, url: pull.url } }),
    ...(proposedOn !== undefined && { proposedOn }),
    ...(untagged !== undefined && { warnings: [`the rollback has no tag: ${untagged}`] }),
    verified,
  }
}

function isStanding({ done, sameContent }: RollbackPlan): boolean {
  return done !== undefined || sameContent
}

/** Its deployment changed nothing in what is to go back. */
function isUntouched(plan: RollbackPlan): boolean {
  return 'isUntouched' in plan && plan.isUntouched === true
}

function rollbackPaths(plan: RollbackPlan): string {
  return scopeOf(plan).paths.join(', ')
}

function foundBy(plan: RollbackPlan): string {
  switch (plan.mode) {
    case 'revert':
      return 'these commits were named'
    case 'undo':
    case 'reapply':
      return 'the newest rollback of the branch, or of the revision that was named'
    default:
      return plan.target.foundBy
  }
}

function stepsOf(plan: RollbackPlan): readonly string[] {
  const { branch, way } = plan
  if (isStanding(plan)) return [`nothing: ${branch} has that content already`]
  const how = {
    direct: `add one commit to ${branch}, and tag it`,
    branch: `add one commit to a separate branch; it takes effect when that branch is merged into ${branch}`,
    'pull-request': `open a pull request to ${branch}; it takes effect when that is merged`,
    reset: `tag the head of ${branch}, and move ${branch} back`,
    none: `deploy the good revision, and leave ${branch} as it is`,
  }[way.way]
  return [`${how} (${way.because})`, sayUndone(plan), ...sayPulls(plan)]
}

async function applyCode(
  options: CodeLayerOptions,
  plan: RollbackPlan,
  prepared: Promise<PreparedCommit | undefined> | undefined,
): Promise<LayerReceipt> {
  if (plan.sameContent) {
    const { head: from, branch } = plan
    const evidence = `${branch} is at ${from.slice(0, 7)}, which has that content already`
    const receipt = {
      outcome: 'already-rolled-back',
      from,
      to: goalOf(plan),
      now: from,
      kept: {},
      branch,
      deploys: [from, goalOf(plan)],
    } as const
    return { ...receipt, verified: { ok: true, evidence } }
  }
  return receiptCode(plan, await applyGit(options, plan, await prepared))
}

function applyGit(
  options: CodeLayerOptions,
  plan: RollbackPlan,
  prepared?: PreparedCommit,
): Promise<RollbackReceipt> {
  const { repository, rollback, wishes, now } = options
  const { delivery } = rollback
  const trace = traceOf(options, plan)
  const proposal = writeProposal(repository, plan, trace, wishes)
  return applyPlan(repository, plan, { trace, delivery, proposal, now: now() }, prepared)
}

function traceOf({ rollback, reason, by, runUrl }: CodeLayerOptions, plan: RollbackPlan): RollbackTrace {
  const { incident, environment } = rollback
  return { incident, environment, from: plan.head, to: goalOf(plan), reason, by, runUrl }
}

async function undoCode(options: CodeLayerOptions, done: UndoableRollback): Promise<string> {
  const { repository, rollback, openClone } = options
  const { branch, delivery, incident } = rollback
  if (done.kept['reset'] !== undefined) return undoReset(repository, branch, done)
  // one that was only proposed is not on the branch, unless its pull request was merged since
  const commit = done.now === done.from ? await withdraw(options) : done.now
  if (commit === undefined) return `${branch} was not changed, and the pull request is closed`
  const plan = await planUndo(
    repository,
    { mode: 'undo', branch, incident, rollback: commit, delivery },
    openClone,
  )
  if (plan.done !== undefined)
    return `${commit.slice(0, 7)} is already undone on ${branch}, by ${plan.done.sha.slice(0, 7)}`
  if (plan.sameContent) return `${branch} has the content from before ${commit.slice(0, 7)} already`
  const receipt = await applyGit(options, plan)
  if (receipt.pull !== undefined) {
    throw new RefusedError(
      `the rules of ${branch} require a pull request to undo the rollback: merge #${receipt.pull.number}, ${receipt.pull.url}`,
    )
  }
  const { ok, evidence } = await verifyBranch(repository, branch, receipt)
  if (!ok) throw new RefusedError(`the rollback was undone by ${receipt.commit.slice(0, 7)}, but ${evidence}`)
  return `${receipt.commit.slice(0, 7)} undoes ${commit.slice(0, 7)}: ${evidence}`
}

/** Closes the pull request that proposes the rollback. @returns the rollback commit, when it was merged before */
async function withdraw({ repository, rollback }: CodeLayerOptions): Promise<string | undefined> {
  const { incident, branch } = rollback
  const paths = 'paths' in rollback ? parsePaths(rollback.paths) : []
  if (isPlain(repository)) return undefined
  const pull = await findOpenPull(repository, { head: rollbackBranch(incident, paths), base: branch })
  if (pull !== undefined) await closePull(repository, pull)
  const { holding } = await readStanding(repository, { branch, incident })
  return holding.find((each) => each.paths.join('\0') === paths.join('\0'))?.commit.sha
}
