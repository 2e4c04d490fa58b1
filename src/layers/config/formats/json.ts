import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { Value } from '../value.ts'
import { countNodes, duplicate, malformed, placeOf } from './problem.ts'

/** The tree of a JSON text, with offsets. @throws InputError that names the place of what is malformed, or set twice */
export function readJsonTree(file: string, text: string, { comments }: { readonly comments: boolean }): Node {
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { disallowComments: !comments, allowTrailingComma: comments })
  const [error] = errors
  if (error !== undefined) {
    const words = printParseErrorCode(error.error).replace(/(?<!^)([A-Z])/g, ' $1')
    throw malformed(file, placeOf(text, error.offset), `is not JSON here: ${words.toLowerCase()}`)
  }
  if (tree === undefined) throw malformed(file, { line: 1, column: 1 }, 'is empty; write at least {}')
  return tree
}

export function readJson(file: string, text: string, options: { readonly comments: boolean }): Value {
  const count = countNodes(file)
  const convert = (node: Node): Value => {
    count()
    const { type, children = [], offset, length } = node
    switch (type) {
      case 'object': {
        const entries = new Map<string, Value>()
        const offsets = new Map<string, number>()
        for (const { children: [name, value] = [] } of children) {
          if (name === undefined || value === undefined) continue
          const key = String(name.value)
          const first = offsets.get(key)
          if (first !== undefined)
            throw duplicate(file, key, placeOf(text, first), placeOf(text, name.offset))
          offsets.set(key, name.offset)
          entries.set(key, convert(value))
        }
        return { kind: 'map', entries }
      }
      case 'array':
        return { kind: 'list', items: children.map(convert) }
      case 'string':
        return { kind: 'scalar', type, text: String(node.value) }
      default: {
        const scalar = type === 'number' || type === 'boolean' ? type : 'null'
        return { kind: 'scalar', type: scalar, text: text.slice(offset, offset + length) }
      }
    }
  }
  return convert(readJsonTree(file, text, options))
}
