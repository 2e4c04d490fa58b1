import { parse, TomlDate, TomlError } from 'smol-toml'
import type { Value } from '../value.ts'
import { countNodes, malformed } from './problem.ts'

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
    throw malformed(file, { line: error.line, column: error.column }, `is not TOML here: ${what}`)
  }
}
