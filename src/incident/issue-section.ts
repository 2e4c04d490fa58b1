import type { BlockContent, PhrasingContent, RootContent } from 'mdast'
import type { Event } from '../history/event.ts'
import { code, codeBlock, heading, link, paragraph, strong, taskList, text } from '../text/markdown.ts'
import { type ChecklistItem, checklistOf } from './checklist.ts'
import { type Incident, incidentOf } from './incident.ts'
import { fillLinks } from './links.ts'
import { userTextOf } from './user-text.ts'

/** What the issue says of the people, beside the history. */
export interface Responders {
  /** what users call the product */
  readonly service: string
  /** owners of the files that were undone, by CODEOWNERS */
  readonly owners: readonly string[]
  /** of the settings, as templates by their titles */
  readonly links: Readonly<Record<string, string>>
}

/** Status of the incident, for the top of its issue. @param events of the incident, oldest first */
export function writeStatus(
  events: readonly Event[],
  id: string,
  { links }: Pick<Responders, 'links'>,
): readonly RootContent[] {
  const incident = incidentOf(events, id)
  if (incident === undefined) return []
  const { phase, severity, acknowledged, level, status } = incident
  const response = acknowledged
    ? `acknowledged by ${acknowledged.by}`
    : status === 'resolved'
      ? 'not acknowledged'
      : `not acknowledged, level ${level} notified`
  const titled = fillLinks(links, incident, events)
  const shown = titled.flatMap(({ label, url }, index) => [text(index === 0 ? '' : ' · '), link(url, label)])
  return [
    paragraph(text('Incident status: '), strong(phase), text(` · severity ${severity} · ${response}`)),
    ...(shown.length === 0 ? [] : [paragraph(...shown)]),
  ]
}

/** The emergency checklist, who is concerned, and a draft for the users. A pure function: the same events, the same text. */
export function writeResponse(
  events: readonly Event[],
  id: string,
  responders: Responders,
): readonly RootContent[] {
  const incident = incidentOf(events, id)
  if (incident === undefined) return []
  const { before, during, after } = checklistOf(events, incident)
  return [
    heading(2, 'Emergency checklist'),
    paragraph(
      'What the history proves is ticked, with its evidence. Tick the other items yourself: your ticks are kept.',
    ),
    ...part('Before the rollback', before),
    ...part('During the rollback', during),
    ...part('After the rollback', after),
    ...who(events, responders),
    ...draft(incident, events, responders),
  ]
}

function part(title: string, items: readonly ChecklistItem[]): readonly BlockContent[] {
  const tasks = items.map(({ task, evidence }) => [
    ...ours(task),
    ...(evidence === undefined ? [] : [text(`: ${oneLine(evidence)}`)]),
  ])
  return [heading(3, title), taskList(tasks, (index) => items[index]?.evidence !== undefined)]
}

/** Our own text, in which commands are code. */
function ours(task: string): readonly PhrasingContent[] {
  return task.split('`').map((piece, index) => (index % 2 === 1 ? code(piece) : text(piece)))
}

function oneLine(evidence: string): string {
  const line = evidence.replace(/\s+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}

/** Nobody is mentioned: a commit's author and a line of CODEOWNERS are texts of others. */
function who(events: readonly Event[], { owners }: Responders): readonly BlockContent[] {
  const undone = events.flatMap((event) => (event.kind === 'rollback-applied' ? event.undone : []))
  const authors = [...new Set(undone.map(({ author }) => author).filter((name) => name !== ''))]
  if (owners.length + authors.length === 0) return []
  const names = (label: string, of: readonly string[]): readonly BlockContent[] =>
    of.length === 0 ? [] : [paragraph(text(`${label}: `), ...listed(of))]
  return [
    heading(2, 'Who to ask'),
    ...names('Authors of what was undone', authors),
    ...names('Owners of the files, by CODEOWNERS', owners),
  ]
}

const mostNames = 20

function listed(names: readonly string[]): readonly PhrasingContent[] {
  const shown = names
    .slice(0, mostNames)
    .flatMap((name, index) => [text(index === 0 ? '' : ', '), code(name)])
  return names.length > mostNames ? [...shown, text(` and ${names.length - mostNames} more`)] : shown
}

function draft(
  incident: Incident,
  events: readonly Event[],
  { service }: Responders,
): readonly BlockContent[] {
  const { title, text: words, status } = userTextOf(incident, service, events)
  return [
    heading(2, 'Draft for users'),
    paragraph(
      text('Without internals. Comment '),
      code('/publish'),
      text(' to publish this on the status page, or '),
      code('/publish text'),
      text(' to publish your own words.'),
    ),
    codeBlock(`${title} (${status})\n\n${words}`, 'text'),
  ]
}
