import { foreign, type Html, html } from './html.ts'

/** What is still to do after incidents; a clause says why, where it was not read. */
export type ActionItems =
  | readonly {
      readonly text: string
      readonly owner: string | null
      readonly due: string | null
      readonly isOverdue: boolean
      readonly issue: number
      readonly url: string
    }[]
  | string

const listed = 50

/** The open action items of post-mortems. */
export function renderActionItems(items: ActionItems): Html {
  if (typeof items === 'string') return html`<p>Not read: ${foreign(items)}</p>`
  if (items.length === 0)
    return html`<p>No open action item was found in the newest post-mortems of this repository.</p>`
  const more = items.length - listed
  return html`<div class="wide" tabindex="0" role="region" aria-label="Open action items"><table><caption>${items.filter(({ isOverdue }) => isOverdue).length} of ${items.length} are overdue</caption><thead><tr><th scope="col">action item</th><th scope="col">owner</th><th scope="col">due</th><th scope="col">post-mortem</th></tr></thead><tbody>${items
    .slice(0, listed)
    .map(
      ({ text, owner, due, isOverdue, issue, url }) =>
        html`<tr><th scope="row">${foreign(text.slice(0, 300))}</th><td>${owner === null ? 'none' : foreign(owner)}</td><td>${isOverdue ? html`<span class="state bad">${due ?? ''} overdue</span>` : (due ?? 'none')}</td><td>${/^https?:\/\/[^\s<>"']+$/.test(url) ? html`<a href="${url}" rel="noreferrer">#${issue}</a>` : `#${issue}`}</td></tr>`,
    )}</tbody></table></div>${more > 0 ? html`<p>… and ${more} more.</p>` : ''}`
}
