import type { Nodes } from 'mdast'

/** A title of a commit or an answer of a server can be of any length, and the rest of the issue is to be read, too. */
const longest = 600

/** The same block, with what is too long in it cut. Commands are not: cut, they are others. */
export function clip<N extends Nodes>(node: N): N {
  if (node.type === 'text' || node.type === 'inlineCode')
    return node.value.length <= longest ? node : { ...node, value: `${cutAt(node.value, longest)}…` }
  return 'children' in node ? { ...node, children: node.children.map((child) => clip(child)) } : node
}

/** Not in the middle of a character of two units. */
function cutAt(text: string, length: number): string {
  const cut = text.slice(0, length)
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut
}
