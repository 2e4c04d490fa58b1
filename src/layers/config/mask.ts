import { redact, redacted } from '../../text/redact.ts'
import { looksLikeSecretName } from '../../text/secret-name.ts'
import type { Change } from './compare.ts'
import { formatPath, type Path, type Value } from './value.ts'

/** A change as it may be shown anywhere: log, summary, history, issue and files are all fed with this, and nothing else. */
export interface ShownChange {
  readonly kind: Change['kind']
  readonly path: string
  readonly before?: string
  readonly after?: string
}

export interface MaskRules {
  /** values that are secrets wherever they stand */
  readonly known: readonly string[]
  /** paths that the JSON Schema says are `writeOnly`, as `formatPath` writes them, indexes as `[]` */
  readonly writeOnly: ReadonlySet<string>
}

const longestShown = 200
const longestSearched = 2_000

/** Both sides of a change without secrets: one is hidden when its key, its shape or its schema gives away that it is one. */
export function maskChange(change: Change, rules: MaskRules): ShownChange {
  const { kind, path } = change
  const before = kind === 'added' ? undefined : maskValue(change.before, path, rules)
  const after = kind === 'removed' ? undefined : maskValue(change.after, path, rules)
  const isHidden = before?.includes(redacted) === true || after?.includes(redacted) === true
  const isScalar = kind === 'changed' && change.before.kind === 'scalar' && change.after.kind === 'scalar'
  // the other side of a secret is one, too
  const shown = (text: string) => (isHidden && isScalar ? redacted : text)
  return {
    kind,
    path: redact(formatPath(path), rules.known),
    ...(before !== undefined && { before: shown(before) }),
    ...(after !== undefined && { after: shown(after) }),
  }
}

/** A value on one line, without secrets. */
function maskValue(value: Value, path: Path, rules: MaskRules): string {
  const text = render(value, path, rules)
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

function render(value: Value, path: Path, rules: MaskRules): string {
  const isNamed = path.some((step) => typeof step === 'string' && looksLikeSecretName(step))
  if (isNamed || rules.writeOnly.has(patternOf(path))) return redacted
  if (value.kind === 'map') {
    const entries = [...value.entries].map(
      ([key, each]) => `${JSON.stringify(redact(key, rules.known))}: ${render(each, [...path, key], rules)}`,
    )
    return `{${entries.join(', ')}}`
  }
  if (value.kind === 'list')
    return `[${value.items.map((item, index) => render(item, [...path, index], rules)).join(', ')}]`
  const { type, text } = value
  // only its beginning is shown, and a search through megabytes takes seconds
  const start = text.slice(0, longestSearched)
  if (redact(start, rules.known) !== start) return redacted
  return type === 'string' ? JSON.stringify(start) : type === 'null' ? 'null' : text
}

function patternOf(path: Path): string {
  return formatPath(path).replace(/\[\d+\]/g, '[]')
}
