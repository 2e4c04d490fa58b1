import type { BlockContent, ListItem, PhrasingContent, Root, RootContent, Table, TableRow } from 'mdast'
import { gfmTableToMarkdown } from 'mdast-util-gfm-table'
import { gfmTaskListItemToMarkdown } from 'mdast-util-gfm-task-list-item'
import { toMarkdown } from 'mdast-util-to-markdown'
import { withoutDirections } from './direction.ts'
import { shortRevision } from './revision.ts'

/**
 * Markdown for job summaries, issues and pull requests, built as a tree so that no text of a user, a commit or a server
 * can become markup: what is said goes in by `text` or `code`, and the serializer escapes it.
 */
export function renderMarkdown(blocks: readonly RootContent[]): string {
  const root: Root = { type: 'root', children: [...blocks] }
  return toMarkdown(root, {
    bullet: '-',
    rule: '-',
    fences: true,
    // GitHub strikes out what is between tildes, also one of them
    unsafe: [{ character: '~', inConstruct: 'phrasing' }],
    extensions: [gfmTableToMarkdown({ tablePipeAlign: false }), gfmTaskListItemToMarkdown()],
  })
}

type Inline = PhrasingContent | string

/** A text that is not ours: nobody is mentioned by it, and no issue is referred to. */
export function text(value: string): PhrasingContent {
  return { type: 'text', value: withoutDirections(value).replace(/@(?=\w)|#(?=\d)/g, '$&\u200b') }
}

/** A name, id or value as it is; GitHub makes no mention or link of it. */
export function code(value: string): PhrasingContent {
  return { type: 'inlineCode', value: withoutDirections(value).replace(/\s+/g, ' ') }
}

/** An account that is to be notified. @throws TypeError for what is no login: text from outside is never a mention */
export function mention(login: string): PhrasingContent {
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/.test(login)) throw new TypeError(`${login} is not a login`)
  return { type: 'text', value: `@${login}` }
}

/** A revision as people read it; any other name of where a layer stands, as it is. */
export function revision(name: string): PhrasingContent {
  return code(shortRevision(name))
}

export function strong(...children: readonly Inline[]): PhrasingContent {
  return { type: 'strong', children: inlines(children) }
}

export function link(url: string, ...children: readonly Inline[]): PhrasingContent {
  return { type: 'link', url, children: inlines(children) }
}

export function heading(depth: 1 | 2 | 3, ...children: readonly Inline[]): BlockContent {
  return { type: 'heading', depth, children: inlines(children) }
}

export function paragraph(...children: readonly Inline[]): BlockContent {
  return { type: 'paragraph', children: inlines(children) }
}

export function bulletList(items: readonly (readonly Inline[])[]): BlockContent {
  const children = items.map(
    (item): ListItem => ({ type: 'listItem', spread: false, children: [paragraph(...item)] }),
  )
  return { type: 'list', ordered: false, spread: false, children }
}

/** Boxes to tick. @param isDone of the item at an index; by default none is */
export function taskList(
  items: readonly (readonly Inline[])[],
  isDone: (index: number) => boolean = () => false,
): BlockContent {
  const children = items.map((item, index): ListItem => {
    return { type: 'listItem', spread: false, checked: isDone(index), children: [paragraph(...item)] }
  })
  return { type: 'list', ordered: false, spread: false, children }
}

/** A block of code or of commands, its fence longer than any in it. */
export function codeBlock(value: string, language?: string): BlockContent {
  return { type: 'code', value, lang: language ?? null }
}

/** An invisible line that a program finds again: `<!-- … -->`. */
export function comment(value: string): RootContent {
  if (value.includes('--')) throw new TypeError(`a hidden marker may not contain two dashes: ${value}`)
  return { type: 'html', value: `<!-- ${value} -->` }
}

export function table(
  head: readonly string[],
  rows: readonly (readonly (readonly Inline[] | Inline)[])[],
): Table {
  const row = (cells: readonly (readonly Inline[] | Inline)[]): TableRow => ({
    type: 'tableRow',
    children: cells.map((cell) => ({ type: 'tableCell', children: inlines(isList(cell) ? cell : [cell]) })),
  })
  return { type: 'table', align: head.map(() => null), children: [row(head), ...rows.map(row)] }
}

function isList(cell: readonly Inline[] | Inline): cell is readonly Inline[] {
  return Array.isArray(cell)
}

function inlines(children: readonly Inline[]): PhrasingContent[] {
  return children.map((child) => (typeof child === 'string' ? text(child) : child))
}
