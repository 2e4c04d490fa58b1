import type { Repository } from '../../github/client.ts'
import {
  addSubIssue,
  createIssue,
  type Issue,
  isTrusted,
  listIssues,
  listSubIssues,
  mostSubIssues,
} from '../../github/issues.ts'
import { explained, isRefused } from '../../github/refusal.ts'
import { bulletList, code, comment, link, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { type ActionItem, readActionItems } from './action-items.ts'
import { peoplePart } from './issue.ts'

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
  const isOf = (item: ActionItem) => (issue: Issue) => issue.body.includes(markerOf(incident, item))
  const missing = items.filter((item) => !own.some(isOf(item)))
  if (missing.length === 0) return { created: [], existing: items.length, left: [] }
  const room = Math.max(0, mostSubIssues - own.length)
  // made by a run that was ended before it could make it a part
  const loose = await listIssues(repository, { since: new Date(Date.now() - lookedBackMs) })
  const created: number[] = []
  for (const item of missing.slice(0, room)) {
    const found = await firstTrusted(repository, loose.filter(isOf(item)))
    const child = found ?? (await createItem(repository, parent, { incident, item, redact }))
    await addSubIssue(repository, { parent, child })
    created.push(child.number)
  }
  const left = missing.slice(room).map((each) => each.text)
  return { created, existing: items.length - missing.length, left }
}

/** A stranger's issue with our hidden line in it is none of ours. */
async function firstTrusted(repository: Repository, issues: readonly Issue[]): Promise<Issue | undefined> {
  for (const issue of issues) if (await isTrusted(repository, issue)) return issue
  return undefined
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

/** The action items of a post-mortem that are not done: neither ticked, nor their issue closed. */
export async function openActionItems(
  repository: Repository,
  postmortem: Issue,
  incident: string,
): Promise<readonly ActionItem[]> {
  const open = readActionItems(peoplePart(postmortem.body)).filter(({ isDone }) => !isDone)
  if (open.length === 0) return []
  const closed = (await listSubIssues(repository, postmortem)).filter((each) => !each.open)
  return open.filter((item) => !closed.some(({ body }) => body.includes(markerOf(incident, item))))
}
