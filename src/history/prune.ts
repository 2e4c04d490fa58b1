import type { StoredFile } from '../github/contents.ts'
import { count } from '../text/count.ts'
import type { Event } from './event.ts'
import {
  type EventFile,
  type EventLine,
  joinLines,
  mergedFile,
  monthFolder,
  monthOf,
  parseLines,
} from './history.ts'

const dayMs = 24 * 60 * 60_000
/** No job that may append to a month is still running then. */
const settledMs = 7 * dayMs
/** What one request writes, in characters. */
const mostInFile = 4_000_000

/** What is done to a month, by one commit. */
export interface MonthStep {
  /** such as 2026-11 */
  readonly month: string
  readonly message: string
  readonly additions: readonly { readonly path: string; readonly text: string }[]
  readonly deletions: readonly string[]
  /** events that are gone then */
  readonly removed: number
}

export interface PrunePlan {
  /** oldest month first */
  readonly steps: readonly MonthStep[]
  /** files of those months that stay as they are, because they have a line that cannot be read */
  readonly left: readonly string[]
}

interface MonthFile extends EventFile {
  readonly path: string
  readonly text: string
  readonly month: string
  /** its bytes are no text, or a mark is in front: it cannot be written again as it is */
  readonly isOdd: boolean
}

/**
 * Plans to remove old events, and to make one file of each month that is over. Only these are removed: looks at deployments that were
 * never unhealthy, notifications of them, and imported records of deployments. Every event of an incident, of a rollback and of a hold
 * is kept, however old; so are the newest healthy look of each environment, and each file that has a line which cannot be read.
 * @param before events since then are kept
 */
export function planPrune(
  files: ReadonlyMap<string, StoredFile>,
  { before, now }: { readonly before: Date; readonly now: Date },
): PrunePlan {
  const read = [...files].flatMap(([path, file]) => readMonthFile(path, file))
  const mayGo = judge(read, before)
  const months = [...Map.groupBy(read, ({ month }) => month)]
    .filter(([month]) => endOf(month) <= now.getTime() - settledMs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const isLeft = ({ isOdd, unreadable }: MonthFile) => isOdd || unreadable.length > 0
  return {
    steps: months.flatMap(([month, own]) =>
      planMonth(
        month,
        own.filter((file) => !isLeft(file)),
        mayGo,
      ),
    ),
    left: months.flatMap(([, own]) => own.filter(isLeft).map(({ path }) => path)),
  }
}

function readMonthFile(path: string, { text, bytes }: StoredFile): readonly MonthFile[] {
  const month = monthOf(path)
  if (month === undefined) return []
  return [{ path, text, month, isOdd: !Buffer.from(text).equals(bytes), ...parseLines({ file: path, text }) }]
}

function endOf(month: string): number {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return Date.UTC(year, number, 1)
}

/** @returns whether nothing is lost with an event */
function judge(files: readonly MonthFile[], before: Date): (event: Event) => boolean {
  const incidents = new Set<string>()
  const newest = new Map<string, Event>()
  for (const { event } of files.flatMap(({ lines }) => lines)) {
    if (!isQuiet(event) || new Date(event.at) >= before) incidents.add(event.incident)
    if (event.kind !== 'health-checked' || event.verdict !== 'healthy') continue
    const known = newest.get(event.environment)
    if (known === undefined || known.at < event.at) newest.set(event.environment, event)
  }
  // what cannot be read may be of an incident, too
  for (const incident of files.flatMap(namesIn)) incidents.add(incident)
  const lastGood = new Set([...newest.values()].map(({ incident }) => incident))
  return ({ incident }) => !incidents.has(incident) && !lastGood.has(incident)
}

function isQuiet(event: Event): boolean {
  if (event.kind === 'notification-sent' || event.kind === 'deployment-recorded') return true
  return event.kind === 'health-checked' && event.verdict !== 'unhealthy' && event.decision === 'keep'
}

/** Incidents that lines name which are no event of this version. */
function namesIn({ text, unreadable }: MonthFile): readonly string[] {
  const lines = unreadable.length === 0 ? [] : text.split('\n')
  return unreadable.flatMap(({ line }) => {
    const [, incident] = /"incident"\s*:\s*"([^"\\]+)"/.exec(lines[line - 1] ?? '') ?? []
    return incident === undefined ? [] : [incident]
  })
}

function planMonth(
  month: string,
  files: readonly MonthFile[],
  mayGo: (event: Event) => boolean,
): readonly MonthStep[] {
  const lines = joinLines(files)
  const kept = lines.filter(({ event }) => !mayGo(event))
  const folder = monthFolder(new Date(`${month}-01`))
  const additions = inParts(kept).map((text) => ({ path: mergedFile(folder, text), text }))
  const wanted = new Set(additions.map(({ path }) => path))
  const there = new Set(files.map(({ path }) => path))
  const added = additions.filter(({ path }) => !there.has(path))
  const deletions = [...there].filter((path) => !wanted.has(path))
  if (added.length === 0 && deletions.length === 0) return []
  const removed = lines.length - kept.length
  const said = removed === 0 ? '' : `, ${count(removed, 'old event')} removed`
  const message = `${month}: ${count(there.size, 'file')} before, ${wanted.size} now${said}`
  return [{ month, message, additions: added, deletions, removed }]
}

function inParts(lines: readonly EventLine[]): readonly string[] {
  const parts: string[] = []
  for (const { text } of lines) {
    const last = parts.at(-1)
    if (last === undefined || last.length + text.length > mostInFile) parts.push(`${text}\n`)
    else parts[parts.length - 1] = `${last}${text}\n`
  }
  return parts
}
