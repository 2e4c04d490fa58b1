import { type Repository, repeatable } from './client.ts'
import { explained } from './refusal.ts'

export type Reaction = 'eyes' | 'rocket' | '+1' | '-1' | 'confused'

/** Reacts to a comment on an issue or a pull request; the same twice is one, so this is repeated when an answer is lost. */
export async function react(
  { octokit, owner, repo }: Repository,
  { comment, reaction }: { comment: number; reaction: Reaction },
): Promise<void> {
  await explained({ doing: 'react to the comment', permission: 'issues: write' }, () =>
    octokit.rest.reactions.createForIssueComment({
      owner,
      repo,
      comment_id: comment,
      content: reaction,
      request: repeatable,
    }),
  )
}
