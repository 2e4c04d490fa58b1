import { parse, TomlError } from 'smol-toml'
import type { Splice } from './splice.ts'
import type { Path } from './value.ts'

/** One `key = value` of a TOML text, with the lines it takes up. */
interface TomlEntry {
  readonly path: Path
  readonly start: number
  /** behind its line break */
  readonly end: number
}

/**
 * One setting of a TOML text, with the lines it takes up in the other text. Keys of inline tables, and of lists of tables, have no lines of
 * their own: the caller checks what the result says.
 */
export const spliceToml: Splice = ({ current, target, path }) => {
  const entries = entriesOf(current)
  const there = find(entries, path)
  const goodEntries = entriesOf(target)
  const good = find(goodEntries, path)
  if (good === undefined) return there && current.slice(0, there.start) + current.slice(there.end)
  const ending = current.includes('\r\n') ? '\r\n' : '\n'
  const lines = target.slice(good.start, good.end).replace(/\r?\n$/, '')
  if (there !== undefined) {
    const end = /\r?\n$/.exec(current.slice(there.start, there.end))?.[0] ?? ''
    return current.slice(0, there.start) + lines + end + current.slice(there.end)
  }
  // behind the last setting of its own table
  const table = JSON.stringify(path.slice(0, -1))
  const last = entries.findLast((each) => JSON.stringify(each.path.slice(0, -1)) === table)
  if (last === undefined) return undefined
  const head = current.slice(0, last.end)
  return `${head}${head.endsWith('\n') ? '' : ending}${lines}${ending}${current.slice(last.end)}`
}

function find(entries: readonly TomlEntry[], path: Path): TomlEntry | undefined {
  const wanted = JSON.stringify(path)
  return entries.find((each) => JSON.stringify(each.path) === wanted)
}

/** The settings of a text that have lines of their own. A value goes on over as many lines as it takes to be read. */
function entriesOf(text: string): readonly TomlEntry[] {
  const lines = [...text.matchAll(/[^\n]*\n|[^\n]+$/g)].map(({ 0: line, index }) => ({ line, start: index }))
  const entries: TomlEntry[] = []
  let table: Path | undefined = []
  for (let at = 0; at < lines.length; at++) {
    const { line = '', start = 0 } = lines[at] ?? {}
    if (/^\s*(#|$)/.test(line)) continue
    if (/^\s*\[/.test(line)) {
      table = /^\s*\[\[/.test(line) ? undefined : keyOf(line)
      continue
    }
    let chunk = line
    let last = at
    let path = keyOf(chunk)
    while (path === undefined && lines[last + 1] !== undefined && last - at < longestValue) {
      last++
      chunk += lines[last]?.line ?? ''
      path = keyOf(chunk)
    }
    if (path === undefined) continue
    at = last
    if (table !== undefined) entries.push({ path: [...table, ...path], start, end: start + chunk.length })
  }
  return entries
}

/** in lines */
const longestValue = 2_000

/** The dotted key that a piece of a text sets, or the table that it opens; undefined for a piece that is not whole. */
function keyOf(chunk: string): Path | undefined {
  try {
    const path: string[] = []
    const isHeader = /^\s*\[/.test(chunk)
    const dots = dotsOf(chunk)
    let value: unknown = parse(chunk)
    for (let depth = 0; depth <= dots; depth++) {
      if (typeof value !== 'object' || value === null) return path
      const [key] = Object.keys(value)
      if (key === undefined) return isHeader ? path : undefined
      path.push(key)
      value = Object.entries(value)[0]?.[1]
    }
    return path
  } catch (error) {
    if (error instanceof TomlError) return undefined
    throw error
  }
}

/** How many dots the key of a setting, or the name of a table, has outside of quotes. */
function dotsOf(chunk: string): number {
  const [name = ''] = /^\s*\[?(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'=\]])*/.exec(chunk) ?? []
  return name.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '').split('.').length - 1
}
