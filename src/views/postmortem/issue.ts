import { RefusedError } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import {
  bodyLimit,
  closeAsDuplicate,
  createIssue,
  type Issue,
  listIssues,
  readIssue,
  trustedAmong,
  updateIssue,
} from '../../github/issues.ts'
import { explain, isAmbiguous } from '../../github/refusal.ts'
import { isDetection } from '../../history/detection.ts'
import { writeFactsSection } from './document.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { beginLine, endLine, hasLine, replaceSection, type Section } from './issue-body.ts'
import type { Links } from './links.ts'
import { writePeopleSection } from './people.ts'
import { fillTemplate } from './template.ts'
import { keepTicks } from './ticks.ts'
import { writeTitle } from './title.ts'

/** GitHub's clock and the runner's may differ. */
const clockSlackMs = 60 * 60 * 1000
/** What happened in the minute in which people closed the issue is not a recurrence. */
const clockDifferenceMs = 60_000
const createTries = 3

export interface WriteUpOptions {
  readonly facts: IncidentFacts
  readonly evidence: Evidence
  /** the people's part of a new issue; undefined for ours */
  readonly template?: string | undefined
  /** in what time after the incident it is to be reviewed, ms; undefined where nobody has said */
  readonly reviewWithinMs?: number | undefined
  readonly links: Links
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
  /** takes secrets out of what is about to be published */
  readonly redact: (text: string) => string
}

export interface WriteUp {
  readonly issue: number
  readonly url: string
  readonly outcome: 'created' | 'updated' | 'reopened' | 'unchanged'
}

/**
 * Writes the incident up in one issue: creates it, or updates the part that the history writes and leaves the people's part
 * alone. Two jobs at the same moment, or a job that is killed and run again, end with one open issue: list, create, list
 * again, and the lowest number wins.
 */
export async function writeUp(repository: Repository, options: WriteUpOptions): Promise<WriteUp> {
  const { facts, evidence, links, labels, assignees, redact, template, reviewWithinMs } = options
  const title = redact(writeTitle(facts))
  const found = await findPostmortem(repository, facts)
  const section = (room: number) =>
    keepTicks(redact(writeFactsSection(facts, links, evidence, room)), found?.body ?? '')
  if (found !== undefined) return update(repository, { issue: found, title, section, facts })
  const people = redact(
    template === undefined
      ? writePeopleSection(facts, evidence, reviewWithinMs)
      : fillTemplate(template, facts, evidence, reviewWithinMs),
  )
  const body = replaceSection(`${markerOf(facts)}\n${beginLine}\n${endLine}\n${people}`, section)
  const issue = await createOnce(repository, { facts, title, body, labels, assignees })
  return { issue: issue.number, url: issue.url, outcome: 'created' }
}

/** The post-mortem of an incident, by the number in the history, else by the hidden marker; undefined where there is none. */
async function findPostmortem(repository: Repository, facts: IncidentFacts): Promise<Issue | undefined> {
  // the newest one: an older one may have been deleted
  const opened = facts.events.findLast((event) => event.kind === 'postmortem-opened')
  const known = opened === undefined ? undefined : await readIssue(repository, opened.issue)
  return known ?? findByMarker(repository, facts)
}

/**
 * The lowest number where there are several; the others are closed.
 * @param created the one that was just made, which is ours whatever the list says of who wrote it, or if it is not there yet
 */
async function findByMarker(
  repository: Repository,
  facts: IncidentFacts,
  created?: Issue,
): Promise<Issue | undefined> {
  const since = new Date(Date.parse(facts.events[0]?.at ?? '') - clockSlackMs)
  const marker = markerOf(facts)
  const listed = await listIssues(repository, { since })
  const marked = listed.filter(({ number, body }) => {
    return number !== created?.number && hasLine(body, marker)
  })
  const ours = await trustedAmong(repository, marked)
  const [first, ...others] = [...ours, ...(created === undefined ? [] : [created])].sort(
    (a, b) => a.number - b.number,
  )
  if (first === undefined) return undefined
  for (const { number, body } of others.filter(({ open }) => open)) {
    const duplicate = `Duplicate of #${first.number}: two jobs created an issue for the same incident at the same time.\n\n`
    const rest = body.replaceAll(marker, '').slice(0, bodyLimit - duplicate.length)
    await closeAsDuplicate(repository, { number, of: first.number, body: `${duplicate}${rest}` })
  }
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
    let created: Issue | undefined
    let lost: unknown
    try {
      created = await createIssue(repository, { title, body, labels, assignees })
    } catch (error) {
      if (!isAmbiguous(error)) throw explain(error, need)
      lost = error
    }
    // after a lost answer this tells whether it was created; after a good one, whether another job was faster
    const issue = await findByMarker(repository, facts, created)
    if (issue !== undefined) return issue
    if (tries === createTries) throw explain(lost, need)
  }
}

async function update(
  repository: Repository,
  { issue, title, section, facts }: { issue: Issue; title: string; section: Section; facts: IncidentFacts },
): Promise<WriteUp> {
  const body = replaceSection(issue.body, section)
  // a title that somebody rewrote is theirs
  const newTitle = issue.title.startsWith('Post-mortem: ') ? title : issue.title
  const reopen = issue.closedAt !== undefined && hasFailedSince(facts, issue.closedAt)
  const same = body === issue.body && newTitle === issue.title && !reopen
  if (!same) await updateIssue(repository, { number: issue.number, title: newTitle, body, reopen })
  return {
    ...{ issue: issue.number, url: issue.url },
    outcome: reopen ? 'reopened' : same ? 'unchanged' : 'updated',
  }
}

/** Whether the same revision failed again once people had closed the issue. */
function hasFailedSince({ events }: IncidentFacts, closedAt: Date): boolean {
  return events.some(
    (event) =>
      (isDetection(event) ||
        (event.kind === 'recovery-verified' && event.outcome === 'not-recovered') ||
        event.kind === 'rollback-began' ||
        event.kind === 'incident-opened') &&
      Date.parse(event.at) > closedAt.getTime() + clockDifferenceMs,
  )
}

/** The post-mortem of an incident. @throws RefusedError where there is none */
export async function demandPostmortem(repository: Repository, facts: IncidentFacts): Promise<Issue> {
  const issue = await findPostmortem(repository, facts)
  if (issue === undefined)
    throw new RefusedError(
      `incident ${facts.incident} has no post-mortem yet; run postmortem-issue without an operation first`,
    )
  return issue
}

function markerOf({ incident }: IncidentFacts): string {
  return `<!-- rollback-incident: ${incident} -->`
}
