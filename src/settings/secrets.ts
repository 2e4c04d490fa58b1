import { redact, redacted } from '../text/redact.ts'
import { secretName } from '../text/secret-name.ts'

/** Longer lines are generated, not written: nothing of them is shown, and nothing is searched in them. */
const longestShown = 2000

/**
 * Takes what looks like a secret out of the lines of a configuration that may not even be YAML: known values, whatever
 * stands behind a name that looks like a secret's, the lines that continue it, and what is shaped like a credential.
 * Rather a line too much than a secret shown. The number of lines stays the same.
 * @param values secrets known from the parts that could be read
 */
export function maskLines(text: string, values: readonly string[]): readonly string[] {
  const shown: string[] = []
  let open: OpenSecret | undefined
  for (const raw of maskPrivateKeys(text).split('\n')) {
    const line = raw.trimEnd()
    if (open !== undefined && line.trim() !== '') {
      if (continues(line, open)) {
        shown.push(isReference(line) ? redact(line, values) : `${indentOf(line)}${redacted}`)
        continue
      }
      open = undefined
    }
    const masked = maskLine(line)
    open ??= masked.open
    shown.push(redact(masked.line, values))
  }
  return shown
}

/**
 * The lines of a text that is no YAML, up to the first name that looks like a secret's: with a quote or a bracket missing,
 * anything below may belong to that secret. The number of lines stays the same.
 */
export function hideAfterSecretName(text: string): readonly string[] {
  const at = text.search(secretName)
  const lines = redact(maskPrivateKeys(text)).split('\n')
  if (at === -1) return lines.map((line) => maskLine(line).line)
  const named = text.slice(0, at).split('\n').length
  return lines.map((line, index) => {
    if (index + 1 < named) return maskLine(line).line
    const name = index + 1 === named ? (line.match(secretName)?.[0] ?? '') : ''
    const before = name === '' ? indentOf(line) : line.slice(0, line.indexOf(name) + name.length)
    return line.trim() === before.trim() ? before : `${before} ${redacted}`
  })
}

/** The same for a piece of text on one line: a key or value that a message quotes. */
export function maskText(text: string, values: readonly string[] = []): string {
  return redact(maskLine(text).line, values)
}

/** A secret whose end was not on its own line. */
interface OpenSecret {
  /** the column that its key, or the list item it is in, starts at: all that is further in belongs to it */
  readonly column: number
  /** nothing of it was seen yet, or a quote or bracket is open: lines that are not further in belong to it, too */
  readonly unfinished: boolean
}

/** `{ env: NAME }`: where a secret should be, and nothing to hide. Only upper case, as anything else may be a value. */
const reference = /^\{\s*["']?env["']?\s*:\s*["']?[A-Z_][A-Z0-9_]*["']?\s*\}/
const referenceLine = /^[\s#-]*["']?env["']?\s*:\s*["']?[A-Z_][A-Z0-9_]*["']?\s*(?:#.*)?$/
const siblingKey = /^[\s#]*(?:- +)?["']?[\w.-]+["']?\s*:(?:\s|$)/
/** What is kept to see of what stands between a name and its value. */
const separator = /^["'`]?\s*(?:[:=]>?|,)?\s*/

function maskLine(whole: string): { readonly line: string; readonly open?: OpenSecret } {
  if (whole.length > longestShown) {
    return { line: `${indentOf(whole)}${redacted}`, open: { column: baseColumn(whole), unfinished: true } }
  }
  const line = whole.replace(/:\/\/\S*@/g, `://${redacted}@`)
  let from = 0
  for (const found of line.matchAll(secretName)) {
    if (found.index < from) continue
    const end = found.index + found[0].length
    const start = end + (separator.exec(line.slice(end))?.[0].length ?? 0)
    const rest = line.slice(start)
    const referred = reference.exec(rest)
    if (referred !== null) {
      from = start + referred[0].length
      continue
    }
    const kept = rest === '' ? line : `${line.slice(0, start)}${redacted}`
    return { line: kept, open: { column: baseColumn(line), unfinished: isUnfinished(rest) } }
  }
  return { line }
}

function continues(line: string, { column, unfinished }: OpenSecret): boolean {
  return baseColumn(line, { insideList: true }) > column || (unfinished && !siblingKey.test(line))
}

function isReference(line: string): boolean {
  return referenceLine.test(line)
}

/** Where the first word starts. The marks of a comment count as space, those of list items, too, unless asked. */
function baseColumn(line: string, { insideList = false } = {}): number {
  return (insideList ? /^[\s#]*/ : /^[\s#]*(?:[-?]\s+)*/).exec(line)?.[0].length ?? 0
}

/** Nothing yet, a block scalar's header, or a quote or bracket that is not closed. */
function isUnfinished(rest: string): boolean {
  if (rest === '' || /^[|>][-+\d]*(?:\s|$)|^[&!#]/.test(rest)) return true
  const quote = /^["']/.exec(rest)?.[0]
  if (quote !== undefined) return rest.indexOf(quote, 1) === -1
  return count(rest, /[{[]/g) > count(rest, /[}\]]/g)
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function indentOf(line: string): string {
  return /^[\s#]*/.exec(line)?.[0] ?? ''
}

/** Each line of a private key in PEM form is hidden by itself, so that the lines below keep their numbers. */
function maskPrivateKeys(text: string): string {
  return text.replace(
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    (key) =>
      key
        .split('\n')
        .map((line) => `${indentOf(line)}${redacted}`)
        .join('\n'),
  )
}
