import type { Repository } from './client.ts'
import { foreseeable } from './once.ts'
import { explained } from './refusal.ts'

/** An open issue or pull request. */
export interface LabelledItem {
  readonly number: number
  readonly url: string
  readonly title: string
}

/** Who put a label on, and when; `by` is undefined when the account is gone. */
export interface Labelling {
  readonly by: string | undefined
  readonly at: Date
}

const permission = 'issues: read'

/** The open issues and pull requests that have a label, newest first. */
export const openItemsWith = foreseeable<string, readonly LabelledItem[]>(
  (label) => label,
  async ({ octokit, owner, repo }, label) => {
    const need = { doing: `list what has the label ${label}`, permission }
    const items = await explained(need, () =>
      octokit.paginate(octokit.rest.issues.listForRepo, {
        owner,
        repo,
        state: 'open',
        labels: label,
        per_page: 100,
      }),
    )
    return items.map(({ number, html_url, title }) => ({ number, url: html_url, title }))
  },
)

/** Who put the label on last; undefined when no event says so, as after the label was renamed. */
export async function lastLabelling(
  { octokit, owner, repo }: Repository,
  { number, label }: { number: number; label: string },
): Promise<Labelling | undefined> {
  const need = { doing: `read who labelled #${number}`, permission }
  const events = await explained(need, () =>
    octokit.paginate(octokit.rest.issues.listEvents, { owner, repo, issue_number: number, per_page: 100 }),
  )
  // GitHub ignores the case of labels; events come oldest first
  const isThis = (name: string | null | undefined) => name?.toLowerCase() === label.toLowerCase()
  const last = events.findLast(
    (each) => each.event === 'labeled' && 'label' in each && isThis(each.label.name),
  )
  return last && { by: last.actor?.login, at: new Date(last.created_at) }
}
