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
import type { Links } from './links.ts'
import { writePeopleSection } from './people.ts'
import { fillTemplate } from './template.ts'
import { keepTicks } from './ticks.ts'
import { writeTitle } from './title.ts'

const begin =
  '<!-- rollback-suite: written by the history from here; edits above the next such line are overwritten -->'
const end = '<!-- rollback-suite: yours from here -->'
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
  const body = replaceSection(`${markerOf(facts)}\n${begin}\n${end}\n${people}`, section)
  const issue = await createOnce(repository, { facts, title, body, labels, assignees })
  return { issue: issue.number, url: issue.url, outcome: 'created' }
}

/** The post-mortem of an incident, by the number in the history, else by the hidden marker; undefined where there is none. */
export async function findPostmortem(
  repository: Repository,
  facts: IncidentFacts,
): Promise<Issue | undefined> {
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
    const duplicate = `Duplicate of #${first.number}: two jobs wrote up the same incident at the same moment.\n\n`
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

/** The same. @throws RefusedError where there is none */
export async function demandPostmortem(repository: Repository, facts: IncidentFacts): Promise<Issue> {
  const issue = await findPostmortem(repository, facts)
  if (issue === undefined)
    throw new RefusedError(
      `incident ${facts.incident} has no post-mortem yet; run postmortem-issue without an operation first`,
    )
  return issue
}

/** The body without the lines that only we read. */
export function withoutMarkers(body: string): string {
  return body.replace(/^<!-- rollback-(?:suite|incident):[^\n]*-->\r?\n?/gm, '')
}

/** The part of an issue that is people's. */
export function peoplePart(body: string): string {
  const [from] = findLines(body, begin)
  const to = from === undefined ? undefined : findLines(body, end).find((each) => each > from)
  return to === undefined ? body : body.slice(to + end.length)
}

/** What the history writes; the function gets how many characters there is room for, and may write more. */
type Section = string | ((room: number) => string)

/**
 * Puts a new section where the old one was; on top when somebody took the lines around it away. Everything else stays as
 * it is, byte for byte; when it leaves no room, all of it does.
 */
export function replaceSection(body: string, section: Section): string {
  const [firstBegin = Number.POSITIVE_INFINITY, ...begins] = findLines(body, begin)
  const to = findLines(body, end).find((each) => each > firstBegin)
  if (to === undefined) return joinBody({ before: '', section, after: `\n\n${body}` }) ?? body
  const from = begins.findLast((each) => each < to) ?? firstBegin
  return joinBody({ before: body.slice(0, from), section, after: body.slice(to + end.length) }) ?? body
}

/** Whether a line is nothing but the marker. */
export function hasLine(text: string, marker: string): boolean {
  return findLines(text, marker).length > 0
}

/** Where a line that is nothing but the marker begins; inside a line, a person or a commit's title has written it. */
function findLines(text: string, marker: string): readonly number[] {
  const found: number[] = []
  for (let at = text.indexOf(marker); at !== -1; at = text.indexOf(marker, at + 1)) {
    const begins = at === 0 || text[at - 1] === '\n'
    const ends = /^(?:\r?\n|$)/.test(text.slice(at + marker.length))
    if (begins && ends) found.push(at)
  }
  return found
}

/** What people wrote is never cut; the section is, when both together are over GitHub's limit. Undefined when it has no room at all. */
function joinBody({
  before,
  section,
  after,
}: {
  before: string
  section: Section
  after: string
}): string | undefined {
  const room = bodyLimit - `${before}${begin}\n\n\n${end}${after}`.length
  const kept = cut(typeof section === 'string' ? section : section(room), room)
  return kept === undefined ? undefined : `${before}${begin}\n\n${kept}\n${end}${after}`
}

const theRest = '\n\n_The rest is in the history: an issue holds no more._\n'

/** The lines of a section that there is room for. */
function cut(section: string, limit: number): string | undefined {
  if (section.length <= limit) return section
  if (limit < theRest.length) return undefined
  const kept = section.slice(0, Math.max(0, section.lastIndexOf('\n', limit - theRest.length)))
  // a block of code that is not ended would take in what people wrote
  const isOpen = (kept.match(/^```/gm) ?? []).length % 2 === 1
  return `${isOpen ? kept.slice(0, kept.lastIndexOf('```')) : kept}${theRest}`
}

function markerOf({ incident }: IncidentFacts): string {
  return `<!-- rollback-incident: ${incident} -->`
}
