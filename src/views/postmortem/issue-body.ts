import { bodyLimit } from '../../github/issues.ts'

/** What is between these two lines is written by the history. */
export const beginLine =
  '<!-- rollback-suite: written by the history from here; edits above the next such line are overwritten -->'
export const endLine = '<!-- rollback-suite: yours from here -->'

/** The body without the lines that only we read. */
export function withoutMarkers(body: string): string {
  return body.replace(/^<!-- rollback-(?:suite|incident):[^\n]*-->\r?\n?/gm, '')
}

/** The part of an issue that is people's. */
export function peoplePart(body: string): string {
  const [from] = findLines(body, beginLine)
  const to = from === undefined ? undefined : findLines(body, endLine).find((each) => each > from)
  return to === undefined ? body : body.slice(to + endLine.length)
}

/** What the history writes; the function gets how many characters there is room for, and may write more. */
export type Section = string | ((room: number) => string)

/**
 * Puts a new section where the old one was; on top when somebody took the lines around it away. Everything else stays as
 * it is, byte for byte; when it leaves no room, all of it does.
 */
export function replaceSection(body: string, section: Section): string {
  const [firstBegin = Number.POSITIVE_INFINITY, ...begins] = findLines(body, beginLine)
  const to = findLines(body, endLine).find((each) => each > firstBegin)
  if (to === undefined) return joinBody({ before: '', section, after: `\n\n${body}` }) ?? body
  const from = begins.findLast((each) => each < to) ?? firstBegin
  return joinBody({ before: body.slice(0, from), section, after: body.slice(to + endLine.length) }) ?? body
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
  const room = bodyLimit - `${before}${beginLine}\n\n\n${endLine}${after}`.length
  const kept = cut(typeof section === 'string' ? section : section(room), room)
  return kept === undefined ? undefined : `${before}${beginLine}\n\n${kept}\n${endLine}${after}`
}

const theRest = '\n\n_Truncated: an issue has a size limit. The rest is in the history._\n'

/** The lines of a section that there is room for. */
function cut(section: string, limit: number): string | undefined {
  if (section.length <= limit) return section
  if (limit < theRest.length) return undefined
  const kept = section.slice(0, Math.max(0, section.lastIndexOf('\n', limit - theRest.length)))
  // a block of code that is not ended would take in what people wrote
  const isOpen = (kept.match(/^```/gm) ?? []).length % 2 === 1
  return `${isOpen ? kept.slice(0, kept.lastIndexOf('```')) : kept}${theRest}`
}
