import { UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import {
  bodyLimit,
  closeAsDuplicate,
  createIssue,
  type Issue,
  listIssues,
  readIssue,
  updateIssue,
} from '../github/issues.ts'
import { explain, isAmbiguous } from '../github/refusal.ts'
import { type Links, writeFactsSection, writePeopleSection, writeTitle } from './document.ts'
import type { IncidentFacts } from './incident-facts.ts'

const begin =
  '<!-- rollback-suite: written by the history from here; edits above the next such line are overwritten -->'
const end = '<!-- rollback-suite: yours from here -->'
/** GitHub's clock and the runner's may differ. */
const clockSlackMs = 60 * 60 * 1000
const createTries = 3

export interface WriteUpOptions {
  readonly facts: IncidentFacts
  readonly links: Links
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
  /** takes secrets out of what is about to be published */
  readonly redact: (text: string) => string
}

export interface WriteUp {
  readonly issue: number
  readonly url: string
  readonly outcome: 'created' | 'updated' | 'unchanged'
}

/**
 * Writes the incident up in one issue: creates it, or updates the part that the history writes and leaves the people's part
 * alone. Two jobs at the same moment, or a job that is killed and run again, end with one open issue: list, create, list
 * again, and the lowest number wins.
 */
export async function writeUp(repository: Repository, options: WriteUpOptions): Promise<WriteUp> {
  const { facts, links, labels, assignees, redact } = options
  const title = redact(writeTitle(facts))
  const section = redact(writeFactsSection(facts, links))
  const found = await findIssue(repository, facts)
  if (found !== undefined) return update(repository, { issue: found, title, section })
  const body = joinBody({ marker: markerOf(facts), section, people: `\n${writePeopleSection()}` })
  const issue = await createOnce(repository, { facts, title, body, labels, assignees })
  return { issue: issue.number, url: issue.url, outcome: 'created' }
}

/** By the number in the history, else by the hidden marker; the lowest number where there are several, the others are closed. */
async function findIssue(repository: Repository, facts: IncidentFacts): Promise<Issue | undefined> {
  const opened = facts.events.find((event) => event.kind === 'postmortem-opened')
  const known = opened === undefined ? undefined : await readIssue(repository, opened.issue)
  return known ?? findByMarker(repository, facts)
}

async function findByMarker(repository: Repository, facts: IncidentFacts): Promise<Issue | undefined> {
  const since = new Date(Date.parse(facts.events[0]?.at ?? '') - clockSlackMs)
  const issues = await listIssues(repository, { since })
  const [first, ...others] = issues.filter(({ body, trusted }) => trusted && body.includes(markerOf(facts)))
  for (const other of others)
    await closeAsDuplicate(repository, { issue: other, of: first?.number ?? other.number })
  return first
}

async function createOnce(
  repository: Repository,
  {
    facts,
    title,
    body,
    labels,
    assignees,
  }: {
    facts: IncidentFacts
    title: string
    body: string
    labels: readonly string[]
    assignees: readonly string[]
  },
): Promise<Issue> {
  const need = { doing: 'create the post-mortem issue', permission: 'issues: write' }
  for (let tries = 1; ; tries += 1) {
    let lost: unknown
    try {
      await createIssue(repository, { title, body, labels, assignees })
    } catch (error) {
      if (!isAmbiguous(error)) throw explain(error, need)
      lost = error
    }
    // after a lost answer this tells whether it was created; after a good one, whether another job was faster
    const issue = await findByMarker(repository, facts)
    if (issue !== undefined) return issue
    if (lost === undefined)
      throw new UnavailableError('the post-mortem issue was created, but GitHub does not list it; run again')
    if (tries === createTries) throw explain(lost, need)
  }
}

async function update(
  repository: Repository,
  { issue, title, section }: { issue: Issue; title: string; section: string },
): Promise<WriteUp> {
  const body = replaceSection(issue.body, section)
  // a title that somebody rewrote is theirs
  const newTitle = issue.title.startsWith('Post-mortem: ') ? title : issue.title
  const same = body === issue.body && newTitle === issue.title
  if (!same) await updateIssue(repository, { number: issue.number, title: newTitle, body })
  return { issue: issue.number, url: issue.url, outcome: same ? 'unchanged' : 'updated' }
}

/** Puts a new section where the old one was; on top when somebody took the lines around it away. Everything else stays as it is. */
export function replaceSection(body: string, section: string): string {
  const text = body.replaceAll('\r\n', '\n')
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from === -1 || to < from) return joinBody({ marker: '', section, people: text })
  return joinBody({ marker: text.slice(0, from), section, people: text.slice(to + end.length) })
}

/** What people wrote is never cut; the section is, when both together are over GitHub's limit. */
function joinBody({ marker, section, people }: { marker: string; section: string; people: string }): string {
  const frame = `${marker}${begin}\n\n\n${end}${people}`
  return `${marker}${begin}\n\n${cut(section, bodyLimit - frame.length)}\n${end}${people}`
}

function cut(section: string, limit: number): string {
  if (section.length <= limit) return section
  const note = '\n\n_The rest is in the history: an issue holds no more._\n'
  const kept = section.slice(0, Math.max(0, limit - note.length))
  return `${kept.slice(0, Math.max(0, kept.lastIndexOf('\n')))}${note}`.slice(0, Math.max(0, limit))
}

function markerOf({ incident }: IncidentFacts): string {
  return `<!-- rollback-incident: ${incident} -->\n`
}
