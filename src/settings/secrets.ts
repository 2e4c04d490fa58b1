import { redact, redacted } from '../text/redact.ts'
import { secretName } from '../text/secret-name.ts'

/** Longer lines are generated, not written: nothing of them is shown, and nothing is searched in them. */
const longestShown = 2000

/**
 * The lines of a configuration with what looks like a secret taken out: known values, whatever stands behind a name that
 * looks like a secret's, the lines that continue it, and what is shaped like a credential. Below the first secret a line
 * shows only what the schema knows: with a misplaced quote, bracket or `#`, any other word may be a part of that secret.
 * Rather a line too much than a secret shown. The number of lines stays the same.
 * @param values secrets known from the parts that could be read
 * @param keys the keys that a configuration can have
 */
export function maskLines(
  text: string,
  { values, keys }: { readonly values: readonly string[]; readonly keys: ReadonlySet<string> },
): readonly string[] {
  const shown: string[] = []
  let open: OpenSecret | undefined
  let isBelowSecret = false
  const show = (line: string) => shown.push(redact(isBelowSecret ? showKnown(line, keys) : line, values))
  for (const raw of maskPrivateKeys(text).split('\n')) {
    const line = raw.trimEnd()
    if (open !== undefined && line.trim() !== '') {
      if (continues(line, open)) {
        isBelowSecret ||= !isReference(line)
        shown.push(isReference(line) ? redact(line, values) : `${indentOf(line)}${redacted}`)
        continue
      }
      open = undefined
    }
    const masked = maskLine(line)
    open ??= masked.open
    show(masked.line)
    isBelowSecret ||= masked.line !== line
  }
  return shown
}

/**
 * The lines of a text that is no YAML, up to the first name that looks like a secret's: with a quote or a bracket missing,
 * anything below may belong to that secret. The number of lines stays the same.
 */
export function hideAfterSecretName(text: string): readonly string[] {
  const lines = redact(maskPrivateKeys(text)).split('\n')
  const named = lines.findIndex((line) => findSecretName(line) !== undefined)
  if (named === -1) return lines.map((line) => maskLine(line).line)
  return lines.map((line, index) => {
    if (index < named) return maskLine(line).line
    const name = index === named ? (findSecretName(line)?.name ?? '') : ''
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
const referenceLine = /^[\s#-]*(?:["']?env["']?\s*:\s*)?["']?[A-Z_][A-Z0-9_]*["']?\s*[\]}]*,?\s*(?:#.*)?$/
/** Behind `env:`, the name of a variable, or several. */
const variables = /^(?:["']?[A-Z_][A-Z0-9_]*["']?(?=[\s,}\]]|$)|\[[A-Z0-9_\s,"']*\])/
const envKey = /(?<![\w.-])env(?=["']?\s*(?::|$))/g
const siblingKey = /^[\s#]*(?:- +)?["']?[\w.-]+["']?\s*:(?:\s|$)/
/** What is kept to see of what stands between a name and its value. */
const separator = /^["'`]?\s*(?:[:=]>?|,)?\s*/

function maskLine(whole: string): { readonly line: string; readonly open?: OpenSecret } {
  if (whole.length > longestShown) {
    return { line: `${indentOf(whole)}${redacted}`, open: { column: baseColumn(whole), unfinished: true } }
  }
  const line = whole.replace(/:\/\/\S*@/g, `://${redacted}@`)
  const found = findSecretName(line)
  if (found === undefined) return { line }
  const { start } = found
  const rest = line.slice(start)
  const kept = rest === '' ? line : `${line.slice(0, start)}${redacted}`
  return { line: kept, open: { column: baseColumn(line), unfinished: isUnfinished(rest) } }
}

/**
 * The first name on a line that looks like a secret's, or is the `env` of a reference, and has something else behind it than
 * the name of a variable.
 * @returns the name, and where what it holds starts
 */
function findSecretName(line: string): { readonly name: string; readonly start: number } | undefined {
  const names = [
    ...[...line.matchAll(secretName)].map((found) => ({ found, good: reference })),
    ...[...line.matchAll(envKey)].map((found) => ({ found, good: variables })),
  ].sort((a, b) => a.found.index - b.found.index)
  let from = 0
  for (const { found, good } of names) {
    const [name] = found
    const end = found.index + name.length
    if (end <= from) continue
    const start = end + (separator.exec(line.slice(end))?.[0].length ?? 0)
    const referred = good.exec(line.slice(start))
    if (referred === null) return { name, start }
    from = start + referred[0].length
  }
  return undefined
}

/** What a line below a secret may show: brackets, keys of the schema, and of values numbers, durations, switches and references. */
function showKnown(line: string, keys: ReadonlySet<string>): string {
  if (/^[\s[\]{},#-]*$/.test(line)) return line
  const [before = '', key = '', value = ''] =
    /^(\s*(?:- +)*)([\w-]+):(?:\s+(.*))?$/.exec(line)?.slice(1) ?? []
  if (!keys.has(key)) return `${indentOf(line)}${redacted}`
  const isPlain = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d)?|true|false|\*{3})?$/.test(value)
  const shown = isPlain || reference.exec(value)?.[0] === value || key === 'env' ? value : redacted
  return `${before}${key}:${shown === '' ? '' : ` ${shown}`}`
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
