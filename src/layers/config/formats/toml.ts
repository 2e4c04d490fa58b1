import { parse, TomlDate, TomlError } from 'smol-toml'
import type { Value } from '../value.ts'
import { countNodes, duplicate, malformed } from './problem.ts'

/** @throws InputError that names the place of what is malformed, or set twice */
export function readToml(file: string, text: string): Value {
  const count = countNodes(file)
  const convert = (value: unknown): Value => {
    count()
    if (Array.isArray(value)) return { kind: 'list', items: value.map(convert) }
    if (value instanceof TomlDate) return { kind: 'scalar', type: 'date', text: value.toISOString() }
    if (typeof value === 'object' && value !== null)
      return {
        kind: 'map',
        entries: new Map(Object.entries(value).map(([key, each]) => [key, convert(each)])),
      }
    const type = typeof value === 'boolean' || typeof value === 'string' ? typeof value : 'number'
    // an integer and a float of one value are different in TOML: 1 is no 1.0
    const shown = typeof value === 'number' && Number.isInteger(value) ? `${value}.0` : String(value)
    return {
      kind: 'scalar',
      type: type === 'boolean' ? 'boolean' : type === 'string' ? 'string' : 'number',
      text: shown,
    }
  }
  try {
    return convert(parse(text, { integersAsBigInt: true }))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [, what = error.message] =
      /^Invalid TOML document: (.*)/.exec(error.message.split('\n')[0] ?? '') ?? []
    const at = { line: error.line, column: error.column }
    const first = /redefine/.test(what) ? firstLineOf(text, error.line) : undefined
    if (first !== undefined) throw duplicate(file, first.key, { line: first.line, column: 1 }, at)
    throw malformed(file, at, `is not TOML here: ${what}`)
  }
}

/** Where the key, or the table, of a line was set before. */
function firstLineOf(
  text: string,
  line: number,
): { readonly key: string; readonly line: number } | undefined {
  const lines = text.split(/\r?\n/).slice(0, line)
  const key = nameOf(lines.at(-1) ?? '')
  if (key === undefined) return undefined
  const isTable = key.startsWith('[')
  const from = isTable ? 0 : lines.slice(0, -1).findLastIndex((each) => /^\s*\[/.test(each)) + 1
  const found = lines.slice(from, -1).findIndex((each) => nameOf(each) === key)
  return found === -1 ? undefined : { key: key.replace(/[[\]]/g, ''), line: from + found + 1 }
}

function nameOf(line: string): string | undefined {
  return /^\s*(\[[^\]]*\]|[^=#\s]+)/.exec(line)?.[1]
}
