import type { PhrasingContent, RootContent } from 'mdast'
import type { Event } from '../../history/event.ts'
import { timelineOf } from '../../incident/timeline.ts'
import { sayDuration } from '../../text/duration.ts'
import {
  code,
  codeBlock,
  comment,
  heading,
  link,
  paragraph,
  renderMarkdown,
  revision,
  strong,
  table,
  text,
} from '../../text/markdown.ts'
import type { IncidentFacts } from './incident-facts.ts'

/** Where a revision or a run can be looked at. */
export interface Links {
  /** e.g. https://github.com/octo-org/shop */
  readonly repositoryUrl: string
}

const listedCommits = 20
const listedEvents = 100

/** The title, by how things stand. */
export function writeTitle({
  environment,
  revision: bad,
  status,
  rollbacks,
  recovery,
}: IncidentFacts): string {
  const last = mainRollback(rollbacks)
  // GitHub takes a title of 256 characters
  const name = environment.replace(/\s+/g, ' ').slice(0, 100)
  // nobody who reads only the title is to think that production is well
  const still = recovery?.outcome === 'not-recovered' ? ', and is still failing' : ''
  // what is served is the content of that revision
  if (status === 'rolled back' && last?.deploys?.includes(last.to))
    return `Post-mortem: ${name} rolled back from ${bad.slice(0, 7)} to ${last.to.slice(0, 7)}${still}`
  if (status === 'rolled back' && last !== undefined)
    return `Post-mortem: ${name} at ${bad.slice(0, 7)}, ${last.from.slice(0, 45)} rolled back to ${last.to.slice(0, 45)}${still}`
  if (status === 'rollback taken back')
    return `Post-mortem: ${name} at ${bad.slice(0, 7)}, whose rollback was taken back`
  if (status === 'rollback proposed')
    return `Post-mortem: ${name} is unhealthy at ${bad.slice(0, 7)}, a rollback is proposed`
  if (status === 'rollback failed')
    return `Post-mortem: ${name} is unhealthy at ${bad.slice(0, 7)} and could not be rolled back`
  return `Post-mortem: ${name} is unhealthy at ${bad.slice(0, 7)}`
}

/** The part of the issue that the history writes, and writes anew on every run. A pure function of the facts: the same facts, the same text. */
export function writeFactsSection(facts: IncidentFacts, links: Links): string {
  return renderMarkdown([
    ...summary(facts, links),
    ...timeline(facts),
    ...checks(facts),
    ...undone(facts, links),
    ...bringBack(facts),
  ])
}

/** The part that people write. Made once, with the issue; never touched again. */
export function writePeopleSection(): string {
  const question = (title: string, ask: string) => [heading(2, title), paragraph(ask)]
  return renderMarkdown([
    ...question('Impact', 'Who noticed what, for how long? Numbers if there are any.'),
    ...question(
      'Root causes and trigger',
      'What made this possible, and what set it off? There is rarely only one cause.',
    ),
    ...question(
      'What went well, what went wrong, where we were lucky',
      'How did the alarm, the rollback and the people do?',
    ),
    heading(2, 'Action items'),
    table(['action', 'kind (prevent, mitigate, process)', 'owner', 'due'], [['', '', '', '']]),
  ])
}

function summary(facts: IncidentFacts, links: Links): readonly RootContent[] {
  const {
    environment,
    revision: bad,
    status,
    recovery,
    detection,
    rollbacks,
    failures,
    detectedAfterMs,
    rollbackAfterMs,
  } = facts
  const last = mainRollback(rollbacks)
  const failure = failures.at(-1)
  return [
    heading(2, 'Summary'),
    table(
      ['', ''],
      [
        ['Environment', code(environment)],
        ['Status', strong(status)],
        ...(recovery === undefined
          ? []
          : [['Production', [strong(recovery.outcome), text(`: ${recovery.because}`)]] as const]),
        ['Failed revision', commitLink(bad, links)],
        ...(last === undefined
          ? []
          : [['Restored', [commitLink(last.to, links), text(`: ${last.targetFoundBy}`)]] as const]),
        ...(detection === undefined
          ? []
          : [['Detected', text(`${utc(detection.at)} UTC: ${detection.because}`)] as const]),
        ...(detectedAfterMs === undefined
          ? []
          : [['Time to detect', `${sayDuration(detectedAfterMs)} from the start of the watch`] as const]),
        ...(rollbackAfterMs === undefined
          ? []
          : [['Time to roll back', `${sayDuration(rollbackAfterMs)} from the detection`] as const]),
        ...(last === undefined ? [] : [['Reason given', text(last.reason)] as const]),
        ...(failure === undefined || last !== undefined
          ? []
          : [['Why it was not rolled back', text(failure.because)] as const]),
      ],
    ),
    // by this Four Keys joins an incident with its deployment; hidden, because that the revision failed is all we know
    // https://github.com/dora-team/fourkeys/blob/main/queries/incidents.sql
    comment(`root cause: ${bad}`),
  ]
}

function timeline({ events }: IncidentFacts): readonly RootContent[] {
  const entries = timelineOf(events)
  const shown = entries.slice(-listedEvents)
  const left = entries.length - shown.length
  return [
    heading(2, 'Timeline'),
    ...(left > 0 ? [paragraph(`${left} earlier events are in the history.`)] : []),
    table(
      ['time (UTC)', 'what happened', 'by'],
      shown.map(({ at, event }) => [utc(at), describeEvent(event), who(event)]),
    ),
  ]
}

function describeEvent(event: Event): PhrasingContent[] {
  switch (event.kind) {
    case 'health-checked':
      return [text('health gate: '), strong(event.verdict), text(`, ${event.because}`)]
    case 'rollback-applied': {
      return [
        text(`${event.layer} rolled back: `),
        revision(event.from),
        text(' → '),
        revision(event.to),
        ...(event.now === event.to ? [] : [text(', now at '), revision(event.now)]),
        ...(event.tag === undefined ? [] : [text(', tag '), code(event.tag)]),
      ]
    }
    case 'rollback-proposed':
      return [
        text(`${event.layer} to be rolled back: `),
        revision(event.from),
        text(' → '),
        revision(event.to),
        text(', when '),
        link(event.url, `#${event.pull}`),
        text(' is merged'),
      ]
    case 'rollback-failed':
      return [text(`${event.layer} not rolled back (${event.reasonCode}): ${event.because}`)]
    case 'rollback-undone':
      return [text(`the rollback of ${event.layer} was undone: ${event.because}`)]
    case 'rollback-planned':
      return [text(`a rollback of ${event.layers.map(({ layer }) => layer).join(', ')} was planned`)]
    case 'rollback-began':
      return [text(`the rollback of ${event.layers.map(({ layer }) => layer).join(', ')} began`)]
    case 'revision-deployed':
      return [revision(event.deployed), text(' was deployed by '), link(event.url, code(event.workflow))]
    case 'recovery-verified':
      return [text('production: '), strong(event.outcome), text(`, ${event.because}`)]
    case 'impact-assessed':
      return [text(`what users noticed: ${event.because}`)]
    case 'rollback-requested':
      return [code(event.workflow), text(` to roll back: ${event.outcome}, ${event.because}`)]
    case 'rollback-ended':
      return [text('the rollback ended '), strong(event.outcome)]
    case 'hold-set':
      return [text(`automatic rollbacks were put on hold: ${event.because}`)]
    case 'hold-lifted':
      return [text(`automatic rollbacks were allowed again: ${event.because}`)]
    case 'postmortem-opened':
      return [text('this post-mortem was opened')]
    case 'incident-opened':
      return [text('incident opened, severity '), strong(event.severity), text(`: ${event.because}`)]
    case 'incident-severity-set':
      return [text('severity set to '), strong(event.severity), text(`: ${event.because}`)]
    case 'incident-acknowledged':
      return [text(`incident acknowledged: ${event.because}`)]
    case 'incident-escalated':
      return [text(`escalated to level ${event.level}: ${event.because}`)]
    case 'incident-resolved':
      return [text(`incident resolved: ${event.because}`)]
    case 'incident-noted':
      return [text(event.note)]
    case 'notification-sent':
      return [
        text(`notification of ${event.topic} to `),
        code(event.channel),
        text(': '),
        strong(event.outcome),
        text(event.because === '' ? '' : `, ${event.because}`),
      ]
  }
}

function who({ actor, run }: Event): PhrasingContent {
  return run === undefined ? code(actor) : link(run.url, code(actor))
}

function checks({ detection }: IncidentFacts): readonly RootContent[] {
  if (detection === undefined) return []
  return [
    heading(2, 'Check results'),
    table(
      ['check', 'severity', 'state', 'evidence'],
      detection.checks.map(({ name, severity, state, evidence }) => [
        code(name),
        severity,
        state,
        text(evidence),
      ]),
    ),
  ]
}

function undone({ rollbacks }: IncidentFacts, links: Links): readonly RootContent[] {
  const isMigrations = ({ layer }: IncidentFacts['rollbacks'][number]) => layer === 'database'
  const migrations = undoneBy(rollbacks.filter(isMigrations), ({ revision: of, title }) => `${of} ${title}`)
  const commits = undoneBy(
    rollbacks.filter((each) => !isMigrations(each)),
    ({ revision: sha }) => sha,
  )
  if (commits.length + migrations.length === 0) return []
  return [
    heading(2, 'What was undone'),
    ...listed(['migration', 'of'], migrations, (each) => [
      code(each.title),
      commitLink(each.revision, links),
    ]),
    ...listed(['commit', 'title', 'author'], commits, (each) => [
      commitLink(each.revision, links),
      code(each.title),
      code(each.author),
    ]),
  ]
}

type Undone = IncidentFacts['rollbacks'][number]['undone'][number]

/** What rollbacks undid, in their order; what was undone twice is told once. */
function undoneBy(rollbacks: IncidentFacts['rollbacks'], keyOf: (undone: Undone) => string): Undone[] {
  return [...new Map(rollbacks.flatMap((each) => each.undone.map((one) => [keyOf(one), one]))).values()]
}

function listed(
  columns: readonly string[],
  undone: readonly Undone[],
  row: (undone: Undone) => Parameters<typeof table>[1][number],
): readonly RootContent[] {
  if (undone.length === 0) return []
  const more = undone.length - listedCommits
  return [
    table(columns, undone.slice(-listedCommits).map(row)),
    ...(more > 0 ? [paragraph(`… and ${more} more.`)] : []),
  ]
}

/** How people bring back what the rollback of each layer undid, as its layer said when it was done. */
function bringBack({ rollbacks, takenBack }: IncidentFacts): readonly RootContent[] {
  // the newest of each layer
  const byLayer = new Map(rollbacks.map((rollback) => [rollback.layer, rollback]))
  const ways = [...byLayer.values()].filter(({ now }) => !takenBack.has(now)).flatMap(wayBackOf)
  return ways.length === 0 ? [] : [heading(2, 'Restore the undone work'), ...ways]
}

function wayBackOf({
  layer,
  from,
  to,
  now,
  wayBack,
}: IncidentFacts['rollbacks'][number]): readonly RootContent[] {
  if (wayBack !== undefined) {
    const [first = '', ...others] = wayBack.steps
    return [
      paragraph(text(first)),
      ...(wayBack.commands.length === 0 ? [] : [codeBlock(wayBack.commands.join('\n'), 'sh')]),
      ...others.map((step) => paragraph(text(step))),
    ]
  }
  // it stands just where it went to: it may have been changed by nothing but a deployment
  if (now === to) return []
  return [
    paragraph(
      text(`${layer} went from `),
      revision(from),
      text(' to '),
      revision(to),
      text(', and was at '),
      revision(now),
      text(
        ' then. This entry of the history is older than the commands for the way back; see the README of the action.',
      ),
    ),
  ]
}

/** One that had to be deployed, when there was one: the revision to deploy is what people look for. */
function mainRollback(rollbacks: IncidentFacts['rollbacks']): IncidentFacts['rollbacks'][number] | undefined {
  return rollbacks.findLast(({ deploys }) => deploys !== undefined) ?? rollbacks.at(-1)
}

/** What is no commit, as a revert's revision or another layer's label, has no page. */
function commitLink(sha: string, { repositoryUrl }: Links): PhrasingContent {
  if (!/^[0-9a-f]{40,64}$/.test(sha)) return code(sha)
  return link(`${repositoryUrl}/commit/${sha}`, revision(sha))
}

/** As people read a time; seconds are enough. */
function utc(at: string): string {
  return new Date(at).toISOString().replace('T', ' ').slice(0, 19)
}
