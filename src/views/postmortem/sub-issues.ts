import type { Repository } from '../../github/client.ts'
import {
  addSubIssue,
  createIssue,
  type Issue,
  listIssues,
  listSubIssues,
  mostSubIssues,
  trustedAmong,
} from '../../github/issues.ts'
import { explained, isRefused } from '../../github/refusal.ts'
import { bulletList, code, comment, link, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { type ActionItem, readActionItems } from './action-items.ts'
import { hasLine, peoplePart } from './issue-body.ts'
import { readReview } from './review.ts'

/** What became of the action items of a post-mortem. */
export interface SubIssues {
  /** numbers of the issues that were made */
  readonly created: readonly number[]
  /** how many had an issue already */
  readonly existing: number
  /** items that there was no room for */
  readonly left: readonly string[]
}

/**
 * Makes a sub-issue of each open action item that has none. Run again, or killed and run again, each item has one: a hidden line
 * names the item. The list in the post-mortem is people's, and is not changed.
 */
export async function createSubIssues(
  repository: Repository,
  parent: Issue,
  { incident, redact }: { readonly incident: string; readonly redact: (text: string) => string },
): Promise<SubIssues> {
  const items = readActionItems(peoplePart(parent.body)).filter(({ isDone }) => !isDone)
  const own = await listSubIssues(repository, parent)
  const isOf = (item: ActionItem) => (issue: Issue) => isIssueOf(issue, incident, item)
  const isOfAny = (issue: Issue) => items.some((item) => isIssueOf(issue, incident, item))
  const known = await trustedAmong(repository, own.filter(isOfAny))
  const missing = items.filter((item) => !known.some(isOf(item)))
  if (missing.length === 0) return { created: [], existing: items.length, left: [] }
  const room = Math.max(0, mostSubIssues - own.length)
  // made by a run that was ended before it could make it a part
  const recent = await listIssues(repository, { since: new Date(Date.now() - lookedBackMs) })
  const loose = await trustedAmong(repository, recent.filter(isOfAny))
  const created: number[] = []
  for (const item of missing.slice(0, room)) {
    const child = loose.find(isOf(item)) ?? (await createItem(repository, parent, { incident, item, redact }))
    await addSubIssue(repository, { parent, child })
    created.push(child.number)
  }
  const left = missing.slice(room).map((each) => each.text)
  return { created, existing: items.length - missing.length, left }
}

/** Whether it has the hidden line of the item; a stranger's issue with that line is none of ours. */
function isIssueOf({ body }: Issue, incident: string, item: ActionItem): boolean {
  return hasLine(body, `<!-- ${markerOf(incident, item)} -->`)
}

const lookedBackMs = 7 * 24 * 60 * 60_000

async function createItem(
  repository: Repository,
  parent: Issue,
  {
    incident,
    item,
    redact,
  }: { readonly incident: string; readonly item: ActionItem; readonly redact: (text: string) => string },
): Promise<Issue> {
  const { kind, owner, due } = item
  const body = renderMarkdown([
    comment(markerOf(incident, item)),
    paragraph(text(item.text.slice(0, 2000))),
    bulletList([
      ['Post-mortem: ', link(parent.url, text(`#${parent.number}`))],
      ['Kind: ', text(kind ?? 'not said')],
      ['Due: ', due === undefined ? text('not said') : code(due)],
    ]),
  ])
  const issue = { title: redact(item.text).slice(0, 256), body: redact(body), labels: [] }
  const need = {
    doing: `create an issue of an action item of #${parent.number}`,
    permission: 'issues: write',
  }
  return explained(need, async () => {
    try {
      return await createIssue(repository, { ...issue, assignees: owner === undefined ? [] : [owner] })
    } catch (error) {
      // an account that cannot be assigned
      if (owner === undefined || !isRefused(error, 'invalid')) throw error
      return createIssue(repository, { ...issue, assignees: [] })
    }
  })
}

/** In a hidden line of its issue. */
function markerOf(incident: string, { id }: ActionItem): string {
  return `rollback-action: ${incident.replace(/-{2,}/g, '-')} ${id}`
}

/**
 * What is still to do of a post-mortem: the action items that are not done (neither ticked, nor their issue closed), and its review,
 * if one is planned.
 */
export async function openActionItems(
  repository: Repository,
  postmortem: Issue,
  incident: string,
): Promise<readonly ActionItem[]> {
  const people = peoplePart(postmortem.body)
  const review = readReview(people)
  const items = readActionItems(people).filter(({ id }) => id !== review?.id)
  const reviews = review === undefined || review.isDone || !postmortem.open ? [] : [review]
  const open = items.filter(({ isDone }) => !isDone)
  if (open.length === 0) return reviews
  const closed = (await listSubIssues(repository, postmortem)).filter(
    (each) => !each.open && open.some((item) => isIssueOf(each, incident, item)),
  )
  const known = await trustedAmong(repository, closed)
  return [...open.filter((item) => !known.some((each) => isIssueOf(each, incident, item))), ...reviews]
}
