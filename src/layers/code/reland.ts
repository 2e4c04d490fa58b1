import { quoteWord } from '../../text/shell.ts'

/**
 * How the work that a rollback undid comes back: merging its branch again says "Already up to date". The rollback commit is
 * found by its trailer, because a pull request that is squashed or rebased gives it another id.
 */
export function relandCommands({ branch, incident }: { branch: string; incident: string }): string {
  const remote = quoteWord(`origin/${branch}`)
  return [
    'git fetch origin',
    `git switch -c ${quoteWord(`reapply-${incident}`)} ${remote}`,
    `git revert "$(git log -1 --format=%H --grep=${quoteWord(`^Rollback-Incident: ${incident}$`)} ${remote})"`,
    '# fix the fault, commit, push, open a pull request',
  ].join('\n')
}
