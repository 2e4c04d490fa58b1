import type { RootContent } from 'mdast'
import type { Repository } from '../github/client.ts'
import { bulletList, code, heading, paragraph, revision, table } from '../text/markdown.ts'
import type { RestorePlan } from './restore.ts'

const listed = 20

/** The plan as lines of a log. */
export function describePlan({
  branch,
  head,
  target,
  undone,
  undoneCount,
  files,
}: RestorePlan): readonly string[] {
  return [
    `${branch}: ${head.slice(0, 7)} → content of ${target.commit.sha.slice(0, 7)} (${target.foundBy})`,
    `undoes ${count(undoneCount, 'commit')} in ${count(files.length, 'file')}:`,
    ...undone
      .slice(-listed)
      .map((commit) => `  ${commit.sha.slice(0, 7)} ${title(commit.message)} (${commit.author})`),
    ...(undoneCount > listed ? [`  … and ${undoneCount - listed} more`] : []),
  ]
}

/** The plan as a section of the job summary. */
export function summarizePlan(
  plan: RestorePlan,
  { owner, repo }: Pick<Repository, 'owner' | 'repo'>,
): readonly RootContent[] {
  const { branch, head, target, undone, undoneCount, files } = plan
  return [
    heading(3, 'What is undone'),
    bulletList([
      ['branch ', code(branch), ' of ', code(`${owner}/${repo}`)],
      ['from ', revision(head), ' to the content of ', revision(target.commit.sha), ': ', target.foundBy],
      [`${count(undoneCount, 'commit')} in ${count(files.length, 'file')}`],
    ]),
    table(
      ['commit', 'title', 'author'],
      undone
        .slice(-listed)
        .map((commit) => [revision(commit.sha), code(title(commit.message)), code(commit.author)]),
    ),
    ...(undoneCount > listed ? [paragraph(`… and ${undoneCount - listed} more.`)] : []),
  ]
}

/** The first line of a commit's message. */
export function title(message: string): string {
  return message.split('\n', 1)[0] ?? ''
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
