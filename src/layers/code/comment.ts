import { RefusedError, UnavailableError } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { commentOnce } from '../../github/issues.ts'
import { code, link, paragraph, renderMarkdown, revision, text } from '../../text/markdown.ts'
import type { LayerReceipt } from '../layer.ts'
import { knownPulls, type RollbackPlan } from './plan.ts'
import { rollbackBranch } from './proposal.ts'

/** GitHub takes 80 comments a minute, and there is more to write in that minute. */
const mostTold = 50

/**
 * Tells each pull request that it was undone, once, and how its work comes back.
 * @returns why a comment could not be made; undefined when all were
 */
export async function commentOnPulls(
  repository: Repository,
  plan: RollbackPlan,
  { now: commit, pull }: Pick<LayerReceipt, 'now' | 'pull'>,
  { incident, reason }: { incident: string; reason: string },
): Promise<string | undefined> {
  const { branch } = plan
  const pulls = knownPulls(plan)
  const paths = 'paths' in plan ? plan.paths : []
  // a rollback of other paths has a comment, too
  const marker = `rollback-of: ${rollbackBranch(incident, paths).replace(/^rollback\//, '')}`
  const by = pull === undefined ? revision(commit) : link(pull.url, `#${pull.number}`)
  const body = renderMarkdown([
    paragraph(
      pull === undefined ? 'This was rolled back from ' : 'It is proposed to roll this back from ',
      code(branch),
      ' by ',
      by,
      ': ',
      text(reason),
      '. Merging its branch again does nothing; revert the rollback on a branch, and fix the fault there.',
    ),
  ])
  try {
    for (const { number } of pulls.slice(-mostTold)) await commentOnce(repository, { number, marker, body })
    const left = pulls.length - mostTold
    return left > 0 ? `only the newest ${mostTold} of ${pulls.length} were` : undefined
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnavailableError) return error.message
    throw error
  }
}
