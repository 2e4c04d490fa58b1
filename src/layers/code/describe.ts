import type { RootContent } from 'mdast'
import type { Repository } from '../../github/client.ts'
import type { Commit } from '../../github/commits.ts'
import { count } from '../../text/count.ts'
import {
  bulletList,
  code,
  heading,
  link,
  paragraph,
  revision,
  strong,
  table,
  text,
} from '../../text/markdown.ts'
import type { LayerStanding } from '../layer.ts'
import { sayWithout } from './message.ts'
import { knownPulls, type RollbackPlan, takesBack } from './plan.ts'
import type { TaggedRollback } from './recent.ts'

const listed = 20

/** The plan as lines of a log. */
export function describePlan(plan: RollbackPlan): readonly string[] {
  const { branch, head, undone, undoneCount, collateral, done, takenBackBy, way } = plan
  return [
    ...(takenBackBy === undefined ? [] : [takenBack(takenBackBy)]),
    `${branch}: ${head.slice(0, 7)} → ${goal(plan)}`,
    `${sayUndone(plan)}:`,
    ...(undoneCount > listed ? [`  … ${olderCommits(undoneCount)}, and`] : []),
    ...undone
      .slice(-listed)
      .map((commit) => `  ${commit.sha.slice(0, 7)} ${title(commit.message)} (${commit.author})`),
    ...(collateral.length === 0 ? [] : [collateralLine(collateral)]),
    ...sayPulls(plan),
    ...(done === undefined ? [`delivery: ${way.way}, because ${way.because}`] : []),
  ]
}

/** `undoes 3 commits in 6 files (+7 −3 lines)` */
export function sayUndone(plan: RollbackPlan): string {
  const verb = plan.done === undefined ? 'undoes' : 'undid'
  return `${verb} ${count(plan.undoneCount, 'commit')} in ${sayFiles(plan)}`
}

/** The pull requests that are undone, as a line; none where there are none. */
export function sayPulls(plan: RollbackPlan): readonly string[] {
  if (plan.pulls === 'not-answered')
    return [
      'the pull requests of these commits are not known, because GitHub did not answer; they get no comment',
    ]
  const pulls = knownPulls(plan)
  if (pulls.length === 0) return []
  return [`from the pull requests ${pulls.map(({ number }) => `#${number}`).join(', ')}`]
}

/** The plan as a section of the job summary. */
export function summarizePlan(
  plan: RollbackPlan,
  { owner, repo }: Pick<Repository, 'owner' | 'repo'>,
): readonly RootContent[] {
  const { branch, head, undone, undoneCount, done, since, takenBackBy, warnings } = plan
  const pulls = knownPulls(plan)
  return [
    ...(takenBackBy === undefined ? [] : [paragraph(`${capital(takenBack(takenBackBy))}.`)]),
    heading(3, done === undefined ? 'What is undone' : 'What was undone'),
    bulletList([
      ['branch ', code(branch), ' of ', code(`${owner}/${repo}`)],
      ['from ', revision(head), ...goalInline(plan)],
      [
        `${count(undoneCount, 'commit')} in ${sayFiles(plan)}`,
        ...(pulls.length === 0 ? [] : [' of ']),
        ...pulls.flatMap(({ number, url }, index) => [...(index > 0 ? [', '] : []), link(url, `#${number}`)]),
      ],
      ...(plan.collateral.length === 0 ? [] : [[strong('Warning: '), text(collateralLine(plan.collateral))]]),
      ...warnings.map(({ message, paths }) => [
        strong('Warning:'),
        text(` ${message}`),
        ...(paths.length === 0 ? [] : [' (', code(paths.slice(0, 3).join(', ')), ')']),
      ]),
    ]),
    ...(undoneCount > listed ? [paragraph(`${olderCommits(undoneCount)}, and the newest ${listed}:`)] : []),
    commitTable(undone),
    ...(since.length === 0 ? [] : [heading(3, 'Commits since then, which stay'), commitTable(since)]),
  ]
}

/** What the undone commits did to files: `6 files (+9 −1 lines)`; the lines where they were counted. */
function sayFiles({ files, warnings }: RollbackPlan): string {
  const sum = (what: 'additions' | 'deletions') => files.reduce((total, file) => total + file[what], 0)
  const [added, deleted] = [sum('additions'), sum('deletions')]
  const more = warnings.some(({ kind }) => kind === 'unlisted') ? ' or more' : ''
  const lines = added + deleted === 0 ? '' : ` (+${added} −${deleted} lines)`
  return `${count(files.length, 'file')}${more}${lines}`
}

function goal(plan: RollbackPlan): string {
  if (plan.mode === 'revert') return 'the same without the commits below; later commits stay'
  if (takesBack(plan))
    return `what the rollback ${plan.rollback.sha.slice(0, 7)} undid is restored; later commits stay`
  const { target, paths } = plan
  const what = paths.length === 0 ? 'content' : paths.join(', ')
  return `${what} of ${target.commit.sha.slice(0, 7)} (${target.foundBy})`
}

function goalInline(plan: RollbackPlan) {
  if (plan.mode === 'revert') return [' to the same without the commits below; later commits stay']
  if (takesBack(plan))
    return [': what the rollback ', revision(plan.rollback.sha), ' undid is restored; later commits stay']
  const { target, paths } = plan
  const what = paths.length === 0 ? [' to the content of '] : [' to ', code(paths.join(', ')), ' of ']
  return [...what, revision(target.commit.sha), ': ', target.foundBy]
}

/**
 * How things stand after a rollback was applied, or was found to be there, as a line of a log.
 * @param isDeployed a workflow deployed it
 */
export function describeStanding(
  plan: RollbackPlan,
  { from, now: commit, tag, pull, proposedOn }: LayerStanding,
  isDeployed = false,
): string {
  const { branch, since, mode } = plan
  const toDo = isDeployed ? ', and is deployed' : `: deploy ${commit}`
  if (pull !== undefined)
    return `${branch} is unchanged: ${takesBack(plan) ? 'undoing the rollback' : 'the rollback'} is proposed by pull request #${pull.number}, ${pull.url}`
  if (proposedOn !== undefined)
    return `${branch} is unchanged: the undone work is on the branch ${proposedOn} again, at ${commit.slice(0, 7)}; fix the fault there, and merge it`
  if (mode === 'reset') {
    const kept = tag === undefined ? '' : `; what it was at, ${from.slice(0, 7)}, is tagged ${tag}`
    return `${branch} was moved back to ${commit.slice(0, 7)}${kept}${toDo}`
  }
  if (mode === 'deploy-only')
    return `${branch} is unchanged: ${commit} is ${isDeployed ? 'deployed' : 'not deployed'}`
  const tagged = tag === undefined ? '' : `, tagged ${tag}`
  const now = since.at(-1)
  if (now === undefined) return `${branch} is at ${commit.slice(0, 7)}${tagged}${toDo}`
  if (takesBack(plan))
    return `${branch} was restored by ${commit.slice(0, 7)}${tagged} before, and has moved on to ${now.sha.slice(0, 7)} since (${count(since.length, 'newer commit')}): nothing was changed`
  return `${branch} was rolled back by ${commit.slice(0, 7)}${tagged} before, and has moved on to ${now.sha.slice(0, 7)} since (${count(since.length, 'newer commit')}): nothing was changed; to roll that back, too, run this for that revision`
}

/** The same as paragraphs of the job summary. */
export function summarizeStanding(
  plan: RollbackPlan,
  { from, now: commit, tag, warnings = [], pull, proposedOn }: LayerStanding,
  isDeployed = false,
): readonly RootContent[] {
  const { branch, since, mode } = plan
  if (pull !== undefined) {
    const what = takesBack(plan) ? 'undoing the rollback' : 'the rollback'
    const proposed = [code(branch), ` is unchanged: ${what} is proposed by `]
    return [
      paragraph(
        ...proposed,
        link(pull.url, `#${pull.number}`),
        '. It takes effect when the pull request is merged.',
      ),
    ]
  }
  if (proposedOn !== undefined) {
    const stays = [code(branch), ' is unchanged: the undone work is on the branch ', code(proposedOn)]
    return [paragraph(...stays, ' again. Fix the fault there, and merge it.')]
  }
  if (mode === 'reset') {
    const kept = tag === undefined ? [] : ['; what it was at, ', revision(from), ', is tagged ', code(tag)]
    const moved = [code(branch), ' was moved back to ', revision(commit), ...kept]
    return [
      paragraph(
        ...moved,
        isDeployed ? '. That revision is deployed.' : '. This deploys nothing: deploy that revision now.',
      ),
    ]
  }
  if (mode === 'deploy-only')
    return [
      paragraph(
        ...[code(branch), ' is unchanged, and ', revision(commit)],
        isDeployed ? ' is deployed.' : ' is not deployed.',
      ),
    ]
  const tagged = tag === undefined ? [] : [', tagged ', code(tag)]
  const now = since.at(-1)
  return [
    now === undefined
      ? paragraph(
          code(branch),
          ' is at ',
          revision(commit),
          ...tagged,
          isDeployed ? ', and is deployed.' : '. This deploys nothing: deploy this revision now.',
        )
      : paragraph(
          code(branch),
          takesBack(plan) ? ' was restored by ' : ' was rolled back by ',
          revision(commit),
          ...tagged,
          ' before, and has moved on to ',
          revision(now.sha),
          ' since: nothing was changed.',
          ...(takesBack(plan) ? [] : [' To roll that back, too, run this for that revision.']),
        ),
    ...warnings.map((warning) => paragraph(text(`${capital(warning)}.`))),
  ]
}

/** The undone commits that a list leaves out. */
function olderCommits(undoneCount: number): string {
  return count(undoneCount - listed, 'older commit')
}

/** What nobody found fault with, and is undone with the rest. */
function collateralLine(collateral: readonly Commit[]): string {
  const ids = collateral.map(({ sha }) => sha.slice(0, 7))
  const shown = ids.slice(-listed).join(', ')
  return `${ids.length} of these commits came after the failed revision, and ${ids.length === 1 ? 'is' : 'are'} undone with it: ${shown}${ids.length > listed ? '…' : ''}`
}

function takenBack({ sha, message }: Commit): string {
  return `an earlier rollback of this incident was undone by ${sha.slice(0, 7)} (${title(message)}): this run rolls back again`
}

function commitTable(commits: readonly Commit[]): RootContent {
  const rows = commits
    .slice(-listed)
    .map(({ sha, message, author }) => [revision(sha), code(title(message)), code(author)])
  return table(['commit', 'title', 'author'], rows)
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}

/** The recent rollbacks as a section of the job summary. */
export function summarizeRecent(recent: readonly TaggedRollback[]): readonly RootContent[] {
  if (recent.length === 0) return [paragraph('This repository has no rollback tag.')]
  return [
    table(
      ['when (UTC)', 'what', 'environment', 'from', 'to', 'why', 'by', 'tag'],
      recent.map(({ at, kind, environment, from, to, without, reason, by, tag, reset }) => [
        at.toISOString().slice(0, 19).replace('T', ' '),
        kind === 'undo' ? 'undone' : reset === undefined ? 'rolled back' : 'moved back',
        code(environment),
        from === '' ? '' : revision(from),
        without.length === 0 ? revision(to) : text(sayWithout(without)),
        text(reason),
        code(by),
        code(tag),
      ]),
    ),
  ]
}

/** The first line of a commit's message. */
export function title(message: string): string {
  return message.split('\n', 1)[0] ?? ''
}
