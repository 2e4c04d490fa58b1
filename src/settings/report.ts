import { codeFrameColumns } from '@babel/code-frame'
import { InputError, listLines, type Setting, message as said } from '../errors.ts'
import { count } from '../text/count.ts'
import { redact, redacted } from '../text/redact.ts'
import { hideAfterSecretName, maskLines } from './secrets.ts'
import { lineCounterOf, type Problem } from './source.ts'

const mostProblems = 10
const widestLine = 160

/**
 * One error for all that is wrong with a text: `file:line:column: what, and what to write instead`, each with the
 * lines around it. No secret is in it.
 * @param values secrets known to stand in the text
 * @param keys the keys that such a text can have
 * @param isYaml false when the text could not be read, so that nobody knows what of it is a value
 */
export function reportProblems({
  text,
  file,
  problems,
  values,
  keys,
  isYaml,
}: {
  readonly text: string
  readonly file: string | Setting
  readonly problems: readonly Problem[]
  readonly values: readonly string[]
  readonly keys: ReadonlySet<string>
  readonly isYaml: boolean
}): InputError {
  const counter = lineCounterOf(text)
  const raw = text.split('\n')
  const masked = isYaml ? maskLines(text, { values, keys }) : hideAfterSecretName(text)
  const entries = inOrder(problems).map(({ range, message }) => {
    const start = counter.linePos(Math.min(range.start, text.length))
    const end = counter.linePos(Math.min(Math.max(range.start, range.end - 1), text.length))
    const lastColumn = end.line === start.line ? end.col : start.col
    const frame = drawFrame({ raw, masked, line: start.line, column: start.col, lastColumn })
    const safe = hideWhatFrameHides(message, text.slice(range.start, range.end), masked[start.line - 1] ?? '')
    return said`${file}:${start.line}:${start.col}: ${redact(safe, values)}\n\n${frame}`
  })
  const left = entries.length - mostProblems
  const more = left > 0 ? [said`${file}: and ${count(left, 'more problem')}; fix these first`] : []
  const shown = [...entries.slice(0, mostProblems), ...more]
  return new InputError(listLines(shown.flatMap((entry, index) => (index === 0 ? [entry] : ['', entry]))))
}

/** A sentence may quote the place that it is about, but not where that is hidden in the frame: it may be a part of a secret. */
function hideWhatFrameHides(message: string, place: string, shownLine: string): string {
  const quoted = place.trim().replace(/^["']|["']$/g, '')
  if (quoted === '' || shownLine.includes(quoted)) return message
  // of a long one, its beginning is quoted
  return [quoted, quoted.slice(0, 50)].reduce((text, piece) => text.replaceAll(piece, redacted), message)
}

/** From top to bottom, and each sentence once for a place. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const sorted = [...problems].sort((a, b) => a.range.start - b.range.start)
  return sorted.filter((problem, index) => {
    return !sorted
      .slice(0, index)
      .some((other) => other.range.start === problem.range.start && other.message === problem.message)
  })
}

function drawFrame({
  raw,
  masked,
  line,
  column,
  lastColumn,
}: {
  readonly raw: readonly string[]
  readonly masked: readonly string[]
  readonly line: number
  readonly column: number
  readonly lastColumn: number
}): string {
  // a mask is as long as it is, not as what it hides: what stood behind its start is now at its start
  const shownUpTo = commonPrefix(raw[line - 1] ?? '', masked[line - 1] ?? '') + 1
  const from = Math.min(column, shownUpTo)
  const to = Math.min(lastColumn, shownUpTo)
  const cut = from > widestLine - 20 ? from - 40 : 0
  const shown = masked.map((each, index) => {
    return Math.abs(index - line + 1) > 2 ? '' : printable(each).slice(cut, cut + widestLine)
  })
  if (shown.length > line && shown.at(-1) === '') shown.pop()
  return codeFrameColumns(
    shown.join('\n'),
    { start: { line, column: from - cut }, end: { line, column: Math.min(to - cut, widestLine) + 1 } },
    { linesAbove: 2, linesBelow: 2, highlightCode: false },
  )
}

function commonPrefix(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return length
}

/** Control characters could rewrite the log they are printed to. Tabs stay, as the frame aligns by them. */
function printable(line: string): string {
  return line.replace(/(?!\t)[\p{Cc}\u2028\u2029]/gu, '\ufffd')
}
