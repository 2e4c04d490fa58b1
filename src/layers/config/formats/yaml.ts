import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  visit,
} from 'yaml'
import type { Value } from '../value.ts'
import { countNodes, duplicate, malformed } from './problem.ts'

/** One document, or the list of them when the file has several. @throws InputError that names the place of what is malformed, or set twice */
export function readYaml(file: string, text: string): Value {
  const documents = parseYaml(file, text)
  const count = countNodes(file)
  const values = documents.map((document) => {
    const convert = (node: unknown): Value => {
      count()
      if (isAlias(node)) return convert(node.resolve(document))
      if (isMap(node)) {
        const entries = node.items.map(({ key, value }) => [keyOf(key), convert(value)] as const)
        return { kind: 'map', entries: new Map(entries) }
      }
      if (isSeq(node)) return { kind: 'list', items: node.items.map(convert) }
      return scalarOf(node)
    }
    return convert(document.contents)
  })
  const [only] = values
  return values.length === 1 && only !== undefined ? only : { kind: 'list', items: values }
}

/** @param options merge: `<<` is a merge key, as in YAML 1.1 @throws InputError */
export function parseYaml(file: string, text: string, options: { readonly merge?: boolean } = {}) {
  const lineCounter = new LineCounter()
  const parsed = parseAllDocuments(text, {
    ...options,
    ...{ lineCounter, keepSourceTokens: true, logLevel: 'silent' },
  })
  const documents = Array.isArray(parsed) ? parsed : []
  for (const document of documents) {
    const [error] = document.errors
    if (error === undefined) continue
    const { line, col } = lineCounter.linePos(error.pos[0])
    const [what = ''] = error.message.split('\n')
    const twice = error.code === 'DUPLICATE_KEY' ? findTwice(document, error.pos[0]) : undefined
    if (twice !== undefined)
      throw duplicate(
        file,
        twice.key,
        { line: lineCounter.linePos(twice.first).line, column: 1 },
        { line, column: col },
      )
    throw malformed(file, { line, column: col }, what.replace(/ at line \d+, column \d+:?$/, ''))
  }
  return documents
}

/** The key at an offset, and where the mapping has it first. */
function findTwice(document: Document.Parsed, offset: number): { key: string; first: number } | undefined {
  let found: { key: string; first: number } | undefined
  visit(document, {
    Map: (_, { items }) => {
      const second = items.find(({ key }) => isScalar(key) && key.range?.[0] === offset)
      if (second === undefined) return
      const key = keyOf(second.key)
      const first = items.find((each) => keyOf(each.key) === key)?.key
      if (isScalar(first) && first.range) found = { key, first: first.range[0] }
    },
  })
  return found
}

function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.source ?? key.value) : JSON.stringify(key)
}

function scalarOf(node: unknown): Value {
  if (!isScalar(node)) return { kind: 'scalar', type: 'null', text: '' }
  const { value, source = String(value) } = node as Node & Scalar
  if (typeof value === 'string') return { kind: 'scalar', type: 'string', text: value }
  if (typeof value === 'number' || typeof value === 'bigint')
    return { kind: 'scalar', type: 'number', text: source }
  if (typeof value === 'boolean') return { kind: 'scalar', type: 'boolean', text: source }
  return { kind: 'scalar', type: value === null ? 'null' : 'date', text: value === null ? '' : source }
}
