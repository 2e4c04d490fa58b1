import { withoutDirections } from '../../text/direction.ts'

/** Markup that is ours: everything else is escaped when it becomes a part of it. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | undefined | null | readonly Part[]

/** Tag of a template of HTML: what is put into it is text, unless it is `Html` itself. Nothing comes of undefined and null. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((string, index) => string + render(parts[index])).join(''))
}

function render(part: Part): string {
  if (part instanceof Html) return part.text
  if (part === undefined || part === null) return ''
  return typeof part === 'object' ? part.map(render).join('') : escapeHtml(String(part))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char)
}

const longest = 300

/** A text that people or servers wrote: its direction stays its own, and it does not fill the page. */
export function foreign(text: string): Html {
  const shown = text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
  return html`<bdi>${withoutDirections(shown).replace(/\p{Cc}+/gu, ' ')}</bdi>`
}
