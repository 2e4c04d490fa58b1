import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Event, eventSchema } from './event.ts'
import { compileCheck } from './quick-check.ts'

/** All events of a repository: append-only, the same event once. Kept on a branch (branch-history). */
export interface History {
  /**
   * Events since a time (all of them without one), oldest first, each id once. Imported ones are left out unless `imported` is true:
   * they are for statistics alone, and must not guard, hold or resume anything.
   */
  read(options?: { readonly since?: Date; readonly imported?: boolean }): Promise<HistoryContent>
  /**
   * Adds events that belong together, in one request, unless they are there.
   * @returns already-there when each of them was there before
   * @throws UnavailableError when others kept writing, or the store could not be reached
   */
  append(...events: readonly [Event, ...Event[]]): Promise<'appended' | 'already-there'>
  /** Merges small files, where they have become many; does nothing when others write at that moment. */
  compact(): Promise<void>
}

export interface HistoryContent {
  readonly events: readonly Event[]
  /** Lines that are no event of a kind known here: damaged, or written by a newer version. Kept as they are, never dropped. */
  readonly unreadable: readonly UnreadableLine[]
}

export interface UnreadableLine {
  readonly file: string
  /** counted from 1 */
  readonly line: number
  readonly why: string
}

/** The folder of all events. */
export const eventsFolder = 'v1/events'

/** The folder of a month's events. Beside it there may be a file of the same name with `.jsonl`, where all were until November 2026. */
export function monthFolder(at: Date): string {
  const iso = at.toISOString()
  return `${eventsFolder}/${iso.slice(0, 4)}/${iso.slice(0, 7)}`
}

/**
 * Where events are put that are appended together: a small file of its own, so that an append costs the same however much is
 * there. Its name is made of their ids, so that of two who append the same event the second one finds it.
 */
export function fileOf([first, ...others]: readonly [Event, ...Event[]]): string {
  const name =
    others.length === 0
      ? first.id
      : createHash('sha256')
          .update([first, ...others].map(({ id }) => id).join(' '))
          .digest('hex')
          .slice(0, 24)
  return `${monthFolder(new Date(first.at))}/${name}.jsonl`
}

/** Where events of a month are put that were in many files; named after what it holds. */
export function mergedFile(folder: string, text: string): string {
  const name = createHash('sha256').update(text).digest('hex').slice(0, 24)
  return `${folder}/merged-${name}.jsonl`
}

/** The month of a path that holds events, such as 2026-11; undefined for any other path. */
export function monthOf(path: string): string | undefined {
  return /^v1\/events\/\d{4}\/(\d{4}-\d{2})(?:\/[\w-]+)?\.jsonl$/.exec(path)?.[1]
}

/** True for a path that holds events, and may hold some since the time. */
export function isEventFileSince(path: string, since: Date | undefined): boolean {
  const month = monthOf(path)
  return month !== undefined && (since === undefined || month >= since.toISOString().slice(0, 7))
}

/**
 * The lines of a file that holds the events.
 * @param order how many events the writer knew of: it orders those of one millisecond
 */
export function formatLines(events: readonly Event[], order: number): string {
  return events.map((event, n) => `${JSON.stringify({ ...event, order: order + n })}\n`).join('')
}

/** A line that is an event. */
export interface EventLine {
  readonly event: Event
  readonly order: number
  /** as it is stored */
  readonly text: string
}

/** What a file holds. */
export interface EventFile {
  readonly lines: readonly EventLine[]
  readonly unreadable: readonly UnreadableLine[]
}

const orderSchema = z.object({ order: z.number().catch(0) })
const isAsWritten = compileCheck(eventSchema, ['order'])

/** Reads one JSON Lines file; a line that cannot be read is reported and does not hide the others. */
export function parseLines({ file, text }: { file: string; text: string }): EventFile {
  const lines: EventLine[] = []
  const unreadable: UnreadableLine[] = []
  // without the mark that some editors put in front
  text
    .replace(/^\ufeff/, '')
    .split('\n')
    .forEach((line, index) => {
      if (line.trim() === '') return
      const outcome = parseLine(line)
      if (typeof outcome === 'string') unreadable.push({ file, line: index + 1, why: outcome })
      else lines.push(outcome)
    })
  return { lines, unreadable }
}

/** Reads one line of a file. @returns why it is no event, when it is none */
export function parseLine(line: string): EventLine | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return 'not JSON'
  }
  if (isAsWritten(json)) {
    const { order = 0, ...event }: Event & { readonly order?: number } = json
    return { event, order, text: line }
  }
  const parsed = eventSchema.safeParse(json)
  if (parsed.success) return { event: parsed.data, order: orderSchema.parse(json).order, text: line }
  return `not an event of this version: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`
}

/** The lines of several files, oldest event first, each event once (the first that happened). */
export function joinLines(files: readonly EventFile[]): readonly EventLine[] {
  const byId = new Map<string, EventLine>()
  const sorted = files
    .flatMap(({ lines }) => lines)
    .toSorted((a, b) => Date.parse(a.event.at) - Date.parse(b.event.at) || a.order - b.order)
  for (const line of sorted) if (!byId.has(line.event.id)) byId.set(line.event.id, line)
  return [...byId.values()]
}

/** Joins files into one history, since a time. */
export function joinFiles(files: readonly EventFile[], since: Date | undefined): HistoryContent {
  const events = joinLines(files).map(({ event }) => event)
  return {
    events: since === undefined ? events : events.filter(({ at }) => new Date(at) >= since),
    unreadable: files.flatMap(({ unreadable }) => unreadable),
  }
}
