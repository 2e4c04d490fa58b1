import { parse, TomlError } from 'smol-toml'
import type { Splice } from './splice.ts'
import type { Path } from './value.ts'

/** A piece of a TOML text that sets a path, with the lines it takes up. */
interface TomlPiece {
  readonly path: Path
  readonly start: number
  /** behind its line break */
  readonly end: number
}

/** One `key = value`. */
interface TomlEntry extends TomlPiece {
  /** the path of the table that it stands in; [] above all tables */
  readonly table: Path
}

interface TomlText {
  readonly entries: readonly TomlEntry[]
  /** the lines that open a table; those of lists of tables are not among them */
  readonly headers: readonly TomlPiece[]
}

/**
 * One setting, or one table, of a TOML text, with the lines it takes up in the other text. Keys of inline tables, and of lists of tables,
 * have no lines of their own: the caller checks what the result says.
 */
export const spliceToml: Splice = ({ current, target, path }) => {
  const now = scan(current)
  const then = scan(target)
  const [there, good] = [find(now.entries, path), find(then.entries, path)]
  const ending = current.includes('\r\n') ? '\r\n' : '\n'
  if (good === undefined) {
    if (there !== undefined) return current.slice(0, there.start) + current.slice(there.end)
    const [mine, theirs] = [tablesAt(now, path), tablesAt(then, path)]
    if (mine.length === 0 && theirs.length > 0)
      return append(
        current,
        theirs.map((piece) => linesOf(target, piece)),
        ending,
      )
    return theirs.length > 0
      ? undefined
      : mine.reduceRight((text, { start, end }) => text.slice(0, start) + text.slice(end), current)
  }
  const lines = linesOf(target, good)
  if (there !== undefined) {
    const end = /\r?\n$/.exec(current.slice(there.start, there.end))?.[0] ?? ''
    return current.slice(0, there.start) + lines + end + current.slice(there.end)
  }
  const at = placeIn(now, good)
  if (at !== undefined) {
    const head = current.slice(0, at)
    return `${head}${head === '' || head.endsWith('\n') ? '' : ending}${lines}${ending}${current.slice(at)}`
  }
  // its table was removed
  const header = find(then.headers, good.table)
  return header && append(current, [`${linesOf(target, header)}${ending}${lines}`], ending)
}

/** Behind the last setting of its own table; undefined where there is no such table. */
function placeIn({ entries, headers }: TomlText, { path, table }: TomlEntry): number | undefined {
  const parent = JSON.stringify(path.slice(0, -1))
  const last =
    entries.findLast((each) => JSON.stringify(each.path.slice(0, -1)) === parent) ??
    entries.findLast((each) => JSON.stringify(each.table) === JSON.stringify(table))
  return last?.end ?? find(headers, table)?.end ?? (table.length === 0 ? 0 : undefined)
}

/** The tables at a path and below it, from the header to the last setting. */
function tablesAt({ entries, headers }: TomlText, path: Path): readonly TomlPiece[] {
  return headers
    .filter((header) => path.every((step, index) => header.path[index] === step))
    .map((header) => {
      const next = headers.find(({ start }) => start > header.start)?.start ?? Number.POSITIVE_INFINITY
      const last = entries.findLast(({ start }) => start > header.start && start < next)
      return { ...header, end: last?.end ?? header.end }
    })
}

function append(text: string, pieces: readonly string[], ending: string): string {
  const head = text === '' || text.endsWith('\n') ? text : `${text}${ending}`
  return `${head}${pieces.map((piece) => `${head === '' ? '' : ending}${piece}${ending}`).join('')}`
}

/** The lines of a piece, without the last line break. */
function linesOf(text: string, { start, end }: TomlPiece): string {
  return text.slice(start, end).replace(/\r?\n$/, '')
}

function find<T extends TomlPiece>(pieces: readonly T[], path: Path): T | undefined {
  const wanted = JSON.stringify(path)
  return pieces.find((each) => JSON.stringify(each.path) === wanted)
}

/** The settings of a text that have lines of their own. A value goes on over as many lines as it takes to be read. */
function scan(text: string): TomlText {
  const lines = [...text.matchAll(/[^\n]*\n|[^\n]+$/g)].map(({ 0: line, index }) => ({ line, start: index }))
  const entries: TomlEntry[] = []
  const headers: TomlPiece[] = []
  let table: Path | undefined = []
  for (let at = 0; at < lines.length; at++) {
    const { line = '', start = 0 } = lines[at] ?? {}
    if (/^\s*(#|$)/.test(line)) continue
    if (/^\s*\[/.test(line)) {
      table = /^\s*\[\[/.test(line) ? undefined : keyOf(line)
      if (table !== undefined) headers.push({ path: table, start, end: start + line.length })
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
    if (table !== undefined)
      entries.push({ path: [...table, ...path], table, start, end: start + chunk.length })
  }
  return { entries, headers }
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
