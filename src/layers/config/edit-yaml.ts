import { isMap, isNode, isScalar, type Pair, type YAMLMap } from 'yaml'
import { parseYaml } from './formats/yaml.ts'
import type { Splice } from './splice.ts'
import type { Path } from './value.ts'

/**
 * One value of a YAML text, as its bytes are in the other one: never printed anew, which would change the layout of the
 * whole file. A value of several lines is taken over where it starts in the same column.
 */
export function spliceYaml({ file, current, target, path }: Parameters<Splice>[0]): string | undefined {
  const now = locate(file, current, path)
  const then = locate(file, target, path)
  if (then?.pair === undefined) return now?.pair && removePair(current, now.pair)
  if (now?.pair !== undefined) {
    const [from, to] = [rangeOf(now.pair.value), rangeOf(then.pair.value)]
    if (from === undefined || to === undefined) return undefined
    const bytes = target.slice(...to)
    if (bytes.includes('\n') && columnOf(current, from[0]) !== columnOf(target, to[0])) return undefined
    return current.slice(0, from[0]) + bytes + current.slice(from[1])
  }
  if (now?.map === undefined || now.map.flow === true) return undefined
  const lines = linesOf(target, then.pair)
  const last = now.map.items.at(-1)
  const end = last && linesOf(current, last)?.[1]
  const keys = [last, then.pair].map((pair) => isNode(pair?.key) && rangeOf(pair.key)?.[0])
  const [mine, theirs] = keys
  if (lines === undefined || end === undefined || typeof mine !== 'number' || typeof theirs !== 'number')
    return undefined
  if (columnOf(current, mine) !== columnOf(target, theirs)) return undefined
  const head = current.slice(0, end)
  const text = target.slice(...lines).replace(/\n?$/, '\n')
  return `${head}${head === '' || head.endsWith('\n') ? '' : '\n'}${text}${current.slice(end)}`
}

interface Found {
  readonly map: YAMLMap
  readonly pair: Pair | undefined
}

/** The mapping that has, or would have, a path, and its pair. Undefined for what is no key of a mapping of one document. */
function locate(file: string, text: string, path: Path): Found | undefined {
  const [document, ...more] = parseYaml(file, text)
  if (document === undefined || more.length > 0) return undefined
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const key = path.at(-1)
  const pair = parent.items.find(
    (each) => isScalar(each.key) && String(each.key.source ?? each.key.value) === key,
  )
  return { map: parent, pair }
}

/** From the first byte of a value to its last, without the comment behind it. */
function rangeOf(node: unknown): readonly [number, number] | undefined {
  if (!isNode(node) || !node.range) return undefined
  const [start, end] = node.range
  return [start, end]
}

/** The whole lines that a pair of a block mapping takes up. */
function linesOf(text: string, { key, value }: Pair): readonly [number, number] | undefined {
  const start = isNode(key) ? rangeOf(key)?.[0] : undefined
  const end = (rangeOf(value) ?? (isNode(key) ? rangeOf(key) : undefined))?.[1]
  if (start === undefined || end === undefined) return undefined
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  if (text.slice(lineStart, start).trim() !== '') return undefined
  // a block's value ends behind its last line break
  if (end > 0 && text[end - 1] === '\n') return [lineStart, end]
  const lineEnd = text.indexOf('\n', end)
  return [lineStart, lineEnd === -1 ? text.length : lineEnd + 1]
}

function removePair(text: string, pair: Pair): string | undefined {
  const lines = linesOf(text, pair)
  return lines && text.slice(0, lines[0]) + text.slice(lines[1])
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}
