import { applyEdits, findNodeAtLocation, modify, type Node } from 'jsonc-parser'
import { readJsonTree } from './formats/json.ts'
import type { Splice } from './splice.ts'
import type { Path } from './value.ts'

/** One value of a JSON text, as its bytes are in the other one. A removal leaves the comments of the neighbours alone. */
export function spliceJson(
  { file, current, target, path }: Parameters<Splice>[0],
  options: { readonly comments: boolean },
): string | undefined {
  const there = find(readJsonTree(file, current, options), path)
  const good = find(readJsonTree(file, target, options), path)
  if (good === undefined) return there && removeNode(current, there)
  const bytes = target.slice(good.offset, good.offset + good.length)
  if (there !== undefined)
    return `${current.slice(0, there.offset)}${bytes}${current.slice(there.offset + there.length)}`
  const tabs = /^\t/m.test(current)
  const [, spaces = '  '] = /\n( +)\S/.exec(current) ?? []
  const formattingOptions = {
    insertSpaces: !tabs,
    tabSize: tabs ? 1 : spaces.length,
    eol: current.includes('\r\n') ? '\r\n' : '\n',
  }
  // jsonc-parser finds the place and the layout of a new member; its value is put in as it is in the other text
  const edits = modify(current, [...path], null, { formattingOptions })
  return applyEdits(
    current,
    edits.map((edit) => {
      const at = edit.content.lastIndexOf('null')
      if (at === -1) return edit
      const content = `${edit.content.slice(0, at)}${bytes}${edit.content.slice(at + 'null'.length)}`
      return { ...edit, content }
    }),
  )
}

function find(tree: Node, path: Path): Node | undefined {
  return findNodeAtLocation(tree, [...path])
}

function removeNode(text: string, value: Node): string | undefined {
  // of a member the name, too; an item of a list is removed by itself
  const node = value.parent?.type === 'property' ? value.parent : value
  const siblings = node.parent?.children ?? []
  const index = siblings.indexOf(node)
  if (index === -1) return undefined
  let [start, end] = [node.offset, node.offset + node.length]
  const next = siblings[index + 1]
  const before = siblings[index - 1]
  let rest = ''
  if (next !== undefined) end = commaAfter(text, end)
  else if (before !== undefined) {
    const comma = commaAfter(text, before.offset + before.length) - 1
    rest = text.slice(comma + 1, start)
    start = comma
  }
  // a line that held nothing else goes with it
  const line = /^([ \t]*)(\r?\n|$)/.exec(text.slice(end))
  const head = next !== undefined ? /\r?\n[ \t]*$/.exec(text.slice(0, start)) : null
  if (next !== undefined && line !== null && head !== null) {
    start = head.index
    end += line[1]?.length ?? 0
  } else if (next === undefined) rest = rest.replace(/\r?\n[ \t]*$/, '')
  return text.slice(0, start) + rest + text.slice(end)
}

/** The offset behind the next comma that is in no comment. */
function commaAfter(text: string, from: number): number {
  const skipped = /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*,/.exec(text.slice(from))
  return from + (skipped?.[0].length ?? 0)
}
