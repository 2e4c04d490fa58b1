import { createHash } from 'node:crypto'
import type { RootContent } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { breachedChecks } from '../../history/detection.ts'
import { taskList, text } from '../../text/markdown.ts'
import type { Severity } from '../../text/severity.ts'
import { clockOf } from './clock.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'

const actionKinds = ['prevent', 'mitigate', 'process'] as const
export type ActionKind = (typeof actionKinds)[number]

/** A line of the list of action items, as people wrote it. */
export interface ActionItem {
  /** the same for the same words, wherever the line stands and whatever is in its parentheses */
  readonly id: string
  readonly text: string
  readonly isDone: boolean
  readonly kind: ActionKind | undefined
  /** a login, without @ */
  readonly owner: string | undefined
  /** UTC, `2026-12-04` */
  readonly due: string | undefined
}

const dayMs = 24 * 60 * 60_000
const dueDays: Readonly<Record<Severity, number>> = { critical: 7, high: 14, medium: 30, low: 60 }

/** The day by which something is due that is decided on after an incident. */
export function dueAfter({ events, incidentNow }: IncidentFacts): string {
  const from = Date.parse(events[0]?.at ?? '')
  return new Date(from + dueDays[incidentNow?.severity ?? 'high'] * dayMs).toISOString().slice(0, 10)
}

/** Items that the facts suggest, for people to keep, change or delete. */
export function draftActions(facts: IncidentFacts, evidence: Evidence): RootContent {
  const due = dueAfter(facts)
  return taskList(
    suggest(facts, evidence).map(([kind, what]) => [text(`${what} (kind: ${kind}, owner: ?, due: ${due})`)]),
  )
}

/** A wait for the verdict that is worth a line of its own. */
const longWaitMs = 5 * 60_000

function suggest(facts: IncidentFacts, evidence: Evidence): readonly (readonly [ActionKind, string])[] {
  const { detection, rollbacks, failures, recovery, earlier } = facts
  const { deployedAt, firstBadAt, detectedAt } = clockOf(facts, evidence)
  const start = deployedAt ?? firstBadAt
  const waited = start !== undefined && detectedAt !== undefined ? detectedAt - start : 0
  const called = breachedChecks(detection).map(({ name }) => plainName(name))
  const again = earlier.some(({ checks }) => checks.length > 0)
  return [
    ['prevent', 'Add a test that fails with this fault'],
    ...(detection === undefined ? [['mitigate', 'Add a check that notices this fault'] as const] : []),
    ...(waited > longWaitMs ? [['mitigate', 'Notice this fault sooner after a deployment'] as const] : []),
    ...(again
      ? [
          [
            'prevent',
            `Find the common cause of the incidents that ${called.slice(0, 3).join(', ')} called`,
          ] as const,
        ]
      : []),
    ...failures
      .slice(-3)
      .map(
        ({ layer }) => ['process', `Remove what stopped the rollback of ${layer}, and rehearse it`] as const,
      ),
    ...(rollbacks.length > 0 && rollbacks.every(({ automatic }) => !automatic) && detection !== undefined
      ? [['mitigate', 'Let the health gate start the rollback'] as const]
      : []),
    ...(recovery?.outcome === 'recovered'
      ? []
      : [['mitigate', 'Verify that production is healthy'] as const]),
    ...(rollbacks.some(({ undone }) => undone.length > 0)
      ? [['process', 'Bring the undone work back, without the fault'] as const]
      : []),
  ]
}

/** A name that can be no line and no parentheses of its own: the list is read again. */
function plainName(name: string): string {
  return name.replace(/[\s()]+/g, ' ').slice(0, 60)
}

/**
 * Reads the list under the heading "Action items". A box in a quote, a block of code or under another heading is none.
 * @param body of the issue
 */
export function readActionItems(body: string): readonly ActionItem[] {
  return readItems(body, (heading) => /^action items$/i.test(heading))
}

/** Reads the lists under the headings that are meant. What is before any heading has the heading ''. */
export function readItems(body: string, isMeant: (heading: string) => boolean): readonly ActionItem[] {
  const items: ActionItem[] = []
  let isInside = isMeant('')
  let depth = 0
  for (const block of fromMarkdown(body).children) {
    if (block.type === 'heading') {
      const isOurs = isMeant(
        sourceOf(body, block)
          .replace(/^#+|#+$/g, '')
          .trim(),
      )
      if (isOurs) depth = block.depth
      if (isOurs || block.depth <= depth) isInside = isOurs
    }
    if (!isInside || block.type !== 'list') continue
    for (const item of block.children) {
      const found = parseItem(sourceOf(body, item))
      if (found !== undefined) items.push(found)
    }
  }
  // the same words twice are one
  return [...new Map(items.map((item) => [item.id, item])).values()]
}

interface Placed {
  readonly position?:
    | {
        readonly start: { readonly offset?: number | undefined }
        readonly end: { readonly offset?: number | undefined }
      }
    | undefined
}

function sourceOf(body: string, { position }: Placed): string {
  return body.slice(position?.start.offset ?? 0, position?.end.offset ?? 0)
}

function parseItem(source: string): ActionItem | undefined {
  const [first = ''] = source.split(/\r\n|\n|\r/, 1)
  const [, box = '', rest = ''] = /^(?:[-*+]|\d+[.)])[ \t]+\[([ xX])\][ \t]+(.*)$/.exec(first) ?? []
  if (box === '') return undefined
  const { words, details } = splitDetails(rest.trimEnd())
  const fields = new Map(
    details.split(/[,;]/).flatMap((part) => {
      const [, key = '', value = ''] = /^(kind|owner|due)\s*:(.*)$/i.exec(part.trim()) ?? []
      return key === '' ? [] : [[key.toLowerCase(), value.trim()] as const]
    }),
  )
  // parentheses that say nothing of these are words
  const said = (fields.size > 0 ? words : rest).trim()
  // an issue that GitHub's own button made of it
  if (said === '' || /^(?:#\d+|https?:\/\/\S+\/issues\/\d+)$/.test(said)) return undefined
  const owner = (fields.get('owner') ?? '').replace(/^@/, '')
  return {
    id: createHash('sha256').update(said.toLowerCase().replace(/\s+/g, ' ')).digest('hex').slice(0, 12),
    text: said,
    isDone: box !== ' ',
    kind: actionKinds.find((each) => each === fields.get('kind')?.toLowerCase()),
    owner: /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/.test(owner) ? owner : undefined,
    due: dayOf(fields.get('due')),
  }
}

/** What is in the parentheses at the end; without a pattern, as a line can be of any length. */
function splitDetails(line: string): { readonly words: string; readonly details: string } {
  const open = line.endsWith(')') ? line.lastIndexOf('(') : -1
  const details = line.slice(open + 1, -1)
  if (open === -1 || details.includes(')')) return { words: line, details: '' }
  return { words: line.slice(0, open), details }
}

/** @returns undefined for what is no day of the calendar */
function dayOf(written: string | undefined): string | undefined {
  if (written === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(written)) return undefined
  const at = new Date(`${written}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(written) ? written : undefined
}

/** Open, and its day is over. */
export function isOverdue({ isDone, due }: ActionItem, now: Date): boolean {
  return !isDone && due !== undefined && due < now.toISOString().slice(0, 10)
}
