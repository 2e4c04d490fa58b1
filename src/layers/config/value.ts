/**
 * What a configuration file says, whatever its format. A scalar keeps its text, so that an integer over 2^53 is not rounded
 * and `"1"` is not `1`; a mapping is a Map, so that a key such as `__proto__` is a key like any other.
 */
export type Value = Scalar | Mapping | List

export interface Scalar {
  readonly kind: 'scalar'
  readonly type: 'string' | 'number' | 'boolean' | 'null' | 'date'
  /** of a string its characters, of any other type as it stands in the file */
  readonly text: string
}

export interface Mapping {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Value>
}

export interface List {
  readonly kind: 'list'
  readonly items: readonly Value[]
}

/** Keys of mappings and indexes of lists, from the top. */
export type Path = readonly (string | number)[]

/** A text that two values share exactly when they are equal; the order of the keys of a mapping does not count. */
export function identityOf(value: Value): string {
  if (value.kind === 'scalar') return JSON.stringify([value.type, value.text])
  if (value.kind === 'list') return `[${value.items.map(identityOf).join(',')}]`
  const entries = [...value.entries].map(([key, each]) => `${JSON.stringify(key)}:${identityOf(each)}`)
  return `{${entries.sort().join(',')}}`
}

/** The value at a path; undefined when there is none. */
export function valueAt(value: Value, path: Path): Value | undefined {
  let at: Value | undefined = value
  for (const step of path) {
    if (at?.kind === 'map') at = at.entries.get(String(step))
    else if (at?.kind === 'list') at = at.items[Number(step)]
    else return undefined
  }
  return at
}

/** A path as people write it: `api.baseUrl`, `servers[0].port`, `labels["app.kubernetes.io/name"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`
      if (!/^[\w-]+$/.test(step)) return `[${JSON.stringify(step)}]`
      return index === 0 ? step : `.${step}`
    })
    .join('')
}

/**
 * Finds what a person means by `api.baseUrl` in a document. A key that has dots itself, as in a `.properties` file, may be
 * written as it is.
 * @returns undefined when the document has no such key
 */
export function findPath(value: Value, text: string): Path | undefined {
  if (text === '') return []
  const indexed = /^\[(\d+)\]\.?/.exec(text)
  if (indexed !== null) {
    const index = Number(indexed[1])
    const item = value.kind === 'list' ? value.items[index] : undefined
    return item && extend(index, findPath(item, text.slice(indexed[0].length)))
  }
  if (value.kind !== 'map') return undefined
  const quoted = /^\["((?:[^"\\]|\\.)*)"\]\.?/.exec(text)
  // the longest key that fits: `a.b` may be one key, or b in a
  const fitting = [...value.entries.keys()]
    .filter((key) => text === key || text.startsWith(`${key}.`) || text.startsWith(`${key}[`))
    .sort((a, b) => b.length - a.length)
  const named = quoted === null ? fitting : [JSON.parse(`"${quoted[1]}"`) as string]
  for (const key of named) {
    const rest = text.slice(quoted === null ? key.length : quoted[0].length).replace(/^\./, '')
    const each = value.entries.get(key)
    const found = each && extend(key, findPath(each, rest))
    if (found !== undefined) return found
  }
  return undefined
}

function extend(step: string | number, rest: Path | undefined): Path | undefined {
  return rest && [step, ...rest]
}
