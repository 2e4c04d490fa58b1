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
  // where a mapping on the way was removed, too, it comes back with this key alone
  const depth = path.findLastIndex(
    (_, index) => locate(file, current, path.slice(0, index + 1)) !== undefined,
  )
  const there = locate(file, current, path.slice(0, depth + 1))
  const pairs = path
    .slice(depth)
    .map((_, index) => locate(file, target, path.slice(0, depth + 1 + index))?.pair)
  const [first] = pairs
  if (there === undefined || there.pair !== undefined || there.map.flow === true) return undefined
  const lines = pairs.map((pair, index) => pair && linesOf(target, pair, index < pairs.length - 1))
  const last = there.map.items.at(-1)
  const end = last && linesOf(current, last)?.[1]
  const keys = [last, first].map((pair) => isNode(pair?.key) && rangeOf(pair.key)?.[0])
  const [mine, theirs] = keys
  if (end === undefined || typeof mine !== 'number' || typeof theirs !== 'number') return undefined
  if (columnOf(current, mine) !== columnOf(target, theirs)) return undefined
  const head = current.slice(0, end)
  const texts = lines.map((each) => each && target.slice(...each).replace(/\n?$/, '\n'))
  if (texts.includes(undefined)) return undefined
  return `${head}${head === '' || head.endsWith('\n') ? '' : '\n'}${texts.join('')}${current.slice(end)}`
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

/** The whole lines that a pair of a block mapping takes up. @param headOnly without its value, which starts on a line of its own */
function linesOf(
  text: string,
  { key, value }: Pair,
  headOnly = false,
): readonly [number, number] | undefined {
  const own = isNode(key) ? rangeOf(key) : undefined
  const start = own?.[0]
  const end = headOnly ? own?.[1] : (rangeOf(value) ?? own)?.[1]
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
