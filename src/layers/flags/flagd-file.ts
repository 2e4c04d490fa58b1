import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { InputError } from '../../errors.ts'

/** What a file of flagd holds, with offsets. */
export interface FlagdFile {
  readonly tree: Node
  readonly flags: readonly { readonly name: string; readonly node: Node; readonly enabled: boolean }[]
}

/** @throws InputError that names the place of what is malformed, or set twice: parsers keep the last of two silently */
export function parseFlags(file: string, text: string): FlagdFile {
  const errors: ParseError[] = []
  const tree = parseTree(text.replace(/^\ufeff/, ' '), errors, { disallowComments: true })
  const [error] = errors
  if (tree === undefined || error !== undefined)
    throw new InputError(
      `${file}:${lineOf(text, error?.offset ?? 0)} is not JSON: ${error === undefined ? 'it is empty' : printParseErrorCode(error.error)}`,
    )
  const member = tree.children?.find(({ children }) => children?.[0]?.value === 'flags')
  const flags = member?.children?.[1]
  if (flags?.type !== 'object')
    throw new InputError(
      `${file} has no object "flags"; write a file as flagd reads it: https://flagd.dev/reference/flag-definitions/`,
    )
  const seen = new Map<string, Node>()
  const found = (flags.children ?? []).flatMap(({ children = [] }) => {
    const [key, node] = children
    if (key === undefined || node === undefined) return []
    const name = String(key.value)
    const first = seen.get(name)
    if (first !== undefined)
      throw new InputError(
        `${file}:${lineOf(text, key.offset)} has the flag ${JSON.stringify(name)} again, which line ${lineOf(text, first.offset)} has already; keep one of them`,
      )
    seen.set(name, key)
    const state = node.children?.find((each) => each.children?.[0]?.value === 'state')?.children?.[1]
    return [{ name, node, enabled: state?.value === 'ENABLED' }]
  })
  return { tree, flags: found }
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
