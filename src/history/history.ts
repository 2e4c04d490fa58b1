import { type Event, eventSchema } from './event.ts'

/** All events of a repository: append-only, the same event once. Kept on a branch (branch-history) or in a folder (file-history). */
export interface History {
  /** Events since a time (all of them without one), oldest first, each id once. */
  read(options?: { readonly since?: Date }): Promise<HistoryContent>
  /**
   * Adds one event, if it is not there yet.
   * @throws UnavailableError when others kept writing, or the store could not be reached
   */
  append(event: Event): Promise<'appended' | 'already-there'>
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

/** Events of one month are one JSON Lines file: appended to for a month, and never touched again. */
export function monthFile(at: Date): string {
  const iso = at.toISOString()
  return `v1/events/${iso.slice(0, 4)}/${iso.slice(0, 7)}.jsonl`
}

/** True for a path made by `monthFile` that can hold events since the time. */
export function isMonthFileSince(path: string, since: Date | undefined): boolean {
  return (
    /^v1\/events\/\d{4}\/\d{4}-\d{2}\.jsonl$/.test(path) && (since === undefined || path >= monthFile(since))
  )
}

/** What the file is after the event is added; the same text when the event is already there. A cut-off last line is closed first. */
export function appendLine(text: string, event: Event): string {
  if (parseLines({ file: '', text }).events.some((each) => each.id === event.id)) return text
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return `${whole}${JSON.stringify(event)}\n`
}

/** Reads one JSON Lines file; a line that cannot be read is reported and does not hide the others. */
export function parseLines({ file, text }: { file: string; text: string }): HistoryContent {
  const events: Event[] = []
  const unreadable: UnreadableLine[] = []
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return
    const outcome = parseLine(line)
    if (typeof outcome === 'string') unreadable.push({ file, line: index + 1, why: outcome })
    else events.push(outcome)
  })
  return { events, unreadable }
}

function parseLine(line: string): Event | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return 'not JSON'
  }
  const parsed = eventSchema.safeParse(json)
  if (parsed.success) return parsed.data
  return `not an event of this version: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`
}

/** Joins files into one history: since the time, oldest first, each id once (the first one written). */
export function joinContents(contents: readonly HistoryContent[], since: Date | undefined): HistoryContent {
  const byId = new Map<string, Event>()
  for (const event of contents.flatMap((content) => content.events)) {
    if (since !== undefined && new Date(event.at) < since) continue
    if (!byId.has(event.id)) byId.set(event.id, event)
  }
  const events = [...byId.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return { events, unreadable: contents.flatMap((content) => content.unreadable) }
}
