import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml'
import { explainSyntax, isIndependent } from './syntax.ts'

export type Path = readonly (string | number)[]

/** Part of the text, as offsets: from the first character to the one after the last. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** One thing that is wrong with the text, and what to write instead. */
export interface Problem {
  readonly range: Range
  readonly message: string
}

/** The text as YAML, its value, and what the YAML parser had to say. */
export interface Source {
  readonly document: Document | undefined
  /** plain data; undefined if the text is too broken to have any. An empty text is null */
  readonly value: unknown
  readonly problems: readonly Problem[]
}

/** A collection can be used by so many aliases; more are no configuration but an attack on the memory. */
const maxAliasCount = 100

/** Reads text as one YAML document. Never throws: whatever is wrong with it is in `problems`. */
export function readSource(text: string): Source {
  const document = parse(text)
  if (document === undefined) {
    const message = 'this is nested too deeply to be read; write it flat'
    return { document, value: undefined, problems: [{ range: { start: 0, end: 0 }, message }] }
  }
  const problems = [
    ...findSyntaxProblems(document, text),
    ...findBrokenAliases(document),
    ...findBadMerges(document),
  ]
  if (document.errors.some(({ code }) => !isIndependent(code)) || problems.some(({ fatal }) => fatal)) {
    return { document, value: undefined, problems }
  }
  try {
    return { document, value: document.toJS({ maxAliasCount }), problems }
  } catch {
    const message = `aliases (\`*name\`) stand for more than ${maxAliasCount} copies; write the values out`
    return { document, value: undefined, problems: [...problems, { range: { start: 0, end: 0 }, message }] }
  }
}

function parse(text: string): Document | undefined {
  try {
    // the parser's own messages and frames quote the text, secrets and all: ours don't
    return parseDocument(text, { prettyErrors: false, stringKeys: true, merge: true })
  } catch {
    return undefined
  }
}

interface SyntaxProblem extends Problem {
  readonly fatal: boolean
}

/** All problems that stand for themselves, and the first of the others: the rest of those follow from it. */
function findSyntaxProblems(document: Document, text: string): readonly SyntaxProblem[] {
  const found = [...document.errors, ...document.warnings].map(({ code, pos: [start, end] }) => {
    const fatal = !isIndependent(code)
    return {
      range: { start, end },
      message: explainSyntax({ code, rest: text.slice(start, start + 40) }),
      fatal,
    }
  })
  const firstFatal = found.find(({ fatal }) => fatal)
  return found.filter((problem) => !problem.fatal || problem === firstFatal)
}

function findBrokenAliases(document: Document): readonly SyntaxProblem[] {
  const problems: SyntaxProblem[] = []
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return
      const message = 'this alias has no anchor above it; write the value itself'
      problems.push({ range: rangeOf(node) ?? { start: 0, end: 0 }, message, fatal: true })
    },
  })
  return problems
}

/** A merge key (`<<`) takes the keys of a mapping, or of several: https://yaml.org/type/merge.html */
function findBadMerges(document: Document): readonly SyntaxProblem[] {
  const problems: SyntaxProblem[] = []
  const nothing = { start: 0, end: 0 }
  visit(document, {
    Pair(_, { key, value }) {
      if (!isMergeKey(key)) return
      const sources = sourcesOf(document, value)
      if (sources?.every((source) => isMap(source)) === true) return
      const message =
        'the merge key `<<` needs a mapping; write an alias of one, such as `<<: *defaults`, or a list of such aliases'
      problems.push({ range: rangeOf(value) ?? rangeOf(key) ?? nothing, message, fatal: true })
    },
  })
  return problems
}

/** In quotes it is a key like any other. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN'
}

/** What a merge key takes its keys from, the first of which counts most; undefined for an alias of nothing, which is a problem of its own. */
export function sourcesOf(document: Document, value: unknown): readonly unknown[] | undefined {
  const from = follow(document, value)
  if (from === undefined) return undefined
  return isSeq(from) ? from.items.map((item) => follow(document, item)) : [from]
}

/**
 * Where a path of keys and indexes stands: its key, or its value. Of a value that is missing or empty, the nearest
 * thing that is there.
 */
export function locate({
  document,
  path,
  at,
}: {
  readonly document: Document
  readonly path: Path
  readonly at: 'key' | 'value'
}): Range {
  let node: unknown = document.contents
  let nearest = startOf(rangeOf(node)) ?? { start: 0, end: 0 }
  for (const [depth, part] of path.entries()) {
    const here = follow(document, node)
    const last = depth === path.length - 1
    if (isMap(here)) {
      const pair = findPair(document, here.items, String(part))
      if (pair === undefined) return nearest
      const key = rangeOf(pair.key) ?? nearest
      const value = rangeOf(pair.value)
      if (last)
        return at === 'key' || value === undefined || isEmpty(value) ? key : extentOf(pair.value, value)
      nearest = key
      node = pair.value
    } else if (isSeq(here) && typeof part === 'number') {
      node = here.items[part]
      const item = rangeOf(node)
      if (item === undefined) return nearest
      nearest = startOf(item) ?? nearest
      if (last) return extentOf(node, item)
    } else {
      return nearest
    }
  }
  return path.length === 0
    ? rangeOf(node) === undefined
      ? nearest
      : extentOf(node, rangeOf(node) ?? nearest)
    : nearest
}

/** What an alias stands for; anything else stands for itself. */
export function follow(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

/** Offset to line and column, both from 1. */
export function lineCounterOf(text: string): LineCounter {
  const counter = new LineCounter()
  counter.addNewLine(0)
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) counter.addNewLine(at + 1)
  return counter
}

/** A key of the mapping itself, else one that it merges from another. */
function findPair(document: Document, pairs: readonly Pair[], name: string): Pair | undefined {
  const own = pairs.findLast(({ key }) => isScalar(key) && String(key.value) === name)
  if (own !== undefined) return own
  const merged = pairs.filter(({ key }) => isMergeKey(key))
  for (const source of merged.flatMap(({ value }) => sourcesOf(document, value) ?? [])) {
    const found = isMap(source) && source.items !== pairs ? findPair(document, source.items, name) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function rangeOf(node: unknown): Range | undefined {
  if (!isAlias(node) && !isScalar(node) && !isMap(node) && !isSeq(node)) return undefined
  const range = node.range
  return range == null ? undefined : { start: range[0], end: range[1] }
}

/** A whole list or mapping is not underlined, only where it starts. */
function extentOf(node: unknown, range: Range): Range {
  return isMap(node) || isSeq(node) ? { start: range.start, end: range.start } : range
}

function startOf(range: Range | undefined): Range | undefined {
  return range === undefined ? undefined : { start: range.start, end: range.start }
}

function isEmpty({ start, end }: Range): boolean {
  return start === end
}

export type { Document, Node }
