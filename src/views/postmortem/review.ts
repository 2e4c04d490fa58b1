import type { RootContent } from 'mdast'
import { taskList, text } from '../../text/markdown.ts'
import { type ActionItem, readItems } from './action-items.ts'
import type { IncidentFacts } from './incident-facts.ts'

const words = 'Review this post-mortem'

/** The line that people tick once the post-mortem was reviewed. @param withinMs since the beginning of the incident */
export function draftReview({ events }: IncidentFacts, withinMs: number): RootContent {
  const due = new Date(Date.parse(events[0]?.at ?? '') + withinMs).toISOString().slice(0, 10)
  return taskList([[text(`${words} (owner: ?, due: ${due})`)]])
}

/** The line as it stands in the issue, under any heading: people may change its date, name an owner, or tick it. */
export function readReview(body: string): ActionItem | undefined {
  return readItems(body, () => true).find((item) => item.text.toLowerCase() === words.toLowerCase())
}
