import { createHash } from 'node:crypto'
import { count } from '../../text/count.ts'
import { shortRevision } from '../../text/revision.ts'
import type { Group, RecentRollback } from '../report/model.ts'
import { makeReport, type Records, type Report, type ReportOptions } from '../report/report.ts'
import { sayMinute, sayMs, sayShare } from '../report/say.ts'
import { type ActionItems, renderActionItems } from './action-items.ts'
import { foreign, Html, html } from './html.ts'
import { renderNow } from './now.ts'
import { renderRehearsals } from './rehearsals.ts'
import { script } from './script.ts'
import { style } from './style.ts'
import { choicesOf, renderFigures, renderSelect, renderViews } from './views.ts'

export interface DashboardOptions extends ReportOptions {
  /** heads the page, e.g. `octo-org/shop` */
  readonly title: string
  /** of the page that starts a rollback; undefined for no link */
  readonly dispatchUrl?: string | undefined
  /** undefined where nobody looked */
  readonly actionItems?: ActionItems | undefined
}

/** So many rollbacks are listed. */
const listed = 100

/**
 * The dashboard as one HTML page that needs nothing else: no request, no script to be read, and a policy that allows no other
 * style and script than those in it, by their hashes. https://www.w3.org/TR/CSP3/
 */
export function renderDashboard(records: Records, options: DashboardOptions): string {
  const report = makeReport(records, { ...options, recent: listed })
  const choices = choicesOf(records, options)
  const views = renderViews(records, choices, options)
  const { period, generatedAt, recommendations, data } = report
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const all = (name: string) => ({ value: '', name })
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><title>Rollbacks of ${options.title}</title><style>${new Html(style)}</style></head>
<body><a class="skip" href="#main">Skip to the content</a>
<header><h1>Rollbacks of ${foreign(options.title)}</h1><p class="soft">${period.from.slice(0, 10)} to ${period.to.slice(0, 10)} (UTC). Made ${sayMinute(generatedAt)} UTC from ${count(data.events, 'event')}${data.last === null ? '' : `, the newest of ${sayMinute(data.last)} UTC`}${data.unreadable === 0 ? '' : `; ${count(data.unreadable, 'line')} of the history could not be read`}.</p></header>
<form hidden aria-label="Filters">${renderSelect('environment', 'Environment', [all('all environments'), ...choices.environments.map((name) => ({ value: name, name }))])}${renderSelect('layer', 'Layer', [all('all layers'), ...choices.layers.map((name) => ({ value: name, name }))])}${renderSelect(
    'period',
    'Period',
    choices.periods.map(({ value, name, from }) => ({ value, name, since: from })),
  )}<button type="button">Reset</button><p class="soft" role="status"></p></form>
<main id="main">
<section aria-labelledby="now"><h2 id="now">Now</h2>${renderNow(records, report, options.dispatchUrl)}</section>
${options.actionItems === undefined ? '' : html`<section aria-labelledby="actions"><h2 id="actions">Open action items</h2>${renderActionItems(options.actionItems)}</section>`}
${recommendations.length === 0 ? '' : html`<section aria-labelledby="advice"><h2 id="advice">Recommendations</h2><ul>${recommendations.map(({ text, evidence }) => html`<li>${text} <span class="soft">${foreign(evidence)}</span></li>`)}</ul></section>`}
<section aria-labelledby="rollbacks"><h2 id="rollbacks">Rollbacks</h2>${views.rollbacks}<p data-view="rollbacks" data-none hidden>No rollback matches the filters.</p></section>
<section aria-labelledby="dora"><h2 id="dora">Deployments and DORA metrics</h2><p class="soft">Deployments have no layer: this part does not change with that filter.</p>${views.deployments}<p data-view="deployments" data-none hidden>No deployment matches the filters.</p>${renderFigures(report)}</section>
<section aria-labelledby="rehearsals"><h2 id="rehearsals">Rehearsals</h2>${renderRehearsals(report)}</section>
<section aria-labelledby="recent"><h2 id="recent">Newest rollbacks</h2>${renderRecent(report)}</section>
<section aria-labelledby="by"><h2 id="by">What worked, over the whole period</h2>${report.rollbacks.total === 0 ? html`<p>No rollback in this period.</p>` : renderGroups(report)}</section>
</main>
<footer><p>Only a verified recovery counts as success. Rates leave out pending rollbacks. A dash means that nothing was observed. A trend improves or declines only if its whole 95 % interval does.</p></footer>
<script>${new Html(script)}</script></body></html>
`
  return page.text
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

const words = { succeeded: 'good', failed: 'bad', pending: 'wait' } as const

function renderRecent({ recent, rollbacks, repositories }: Report): Html {
  if (recent.length === 0) return html`<p>No rollback in this period.</p>`
  const isMany = repositories.length > 1
  const rest = rollbacks.total - recent.length
  return html`<div class="wide" tabindex="0" role="region" aria-label="Table of the newest rollbacks"><table><caption>Times are UTC. ${rest > 0 ? `Older rollbacks, only in the CSV file: ${rest}.` : ''}</caption><thead><tr><th scope="col">when</th><th scope="col">environment</th><th scope="col">outcome</th><th scope="col" class="n">took</th><th scope="col">layers</th><th scope="col">why</th></tr></thead><tbody>${recent.map((each) => recentRow(each, isMany))}</tbody></table></div>`
}

function recentRow(each: RecentRollback, isMany: boolean): Html {
  const layers = each.layers.map(
    ({ layer, outcome, method }) => `${layer}: ${outcome}${method === 'none' ? '' : ` (${method})`}`,
  )
  const names = each.layers.map(({ layer }) => layer).join(' ')
  const place = isMany ? html`${foreign(each.repository)} ` : ''
  return html`<tr data-at="${Date.parse(each.at)}" data-environment="${each.environment}" data-layers="${names}"><th scope="row">${sayMinute(each.at)}</th><td>${place}${foreign(each.environment)}<br><code>${shortRevision(each.revision)}</code></td><td><span class="state ${words[each.standing]}">${each.outcome}</span><br>${each.trigger}${each.url === null ? '' : html`<br><a href="${each.url}" rel="noreferrer">run<span hidden> of ${sayMinute(each.at)}</span></a>`}${each.issue === null ? '' : html`<br><a href="${each.issue}" rel="noreferrer">post-mortem</a>`}</td><td class="n">${sayMs(each.durationMs)}</td><td>${layers.map((layer) => html`${layer}<br>`)}</td><td class="why">${foreign(each.reason)}${each.detectedBy.length === 0 ? html`<br><span class="soft">no check had called for it</span>` : html`<br><span class="soft">called for by ${foreign(each.detectedBy.join(', '))}</span>`}<details><summary>Timeline</summary><ol class="line-of-time">${each.timeline.map(({ at, what }) => html`<li>${at.slice(11, 19)} ${foreign(what)}</li>`)}</ol></details></td></tr>`
}

function renderGroups({ rollbacks: { by } }: Report): Html {
  const tables: readonly (readonly [string, readonly Group[]])[] = [
    ['Environment', by.environment],
    ['Layer', by.layer],
    ['Method', by.method],
    ['Trigger', by.trigger],
    ['Reason', by.reason],
    ['Month', by.month],
    ...(by.repository.length > 1 ? [['Repository', by.repository] as const] : []),
  ]
  return html`${tables.filter(([, groups]) => groups.length > 0).map(([name, groups]) => groupTable(name, groups))}`
}

function groupTable(name: string, groups: readonly Group[]): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Rollbacks by ${name.toLowerCase()}"><table><caption>By ${name.toLowerCase()}</caption><thead><tr><th scope="col">${name}</th>${['rollbacks', 'success rate', 'pending', 'median', 'p90'].map((each) => html`<th scope="col" class="n">${each}</th>`)}</tr></thead><tbody>${groups.map(
    (group) =>
      html`<tr><th scope="row">${foreign(group.name)}</th><td class="n">${group.total}</td><td class="n">${sayShare(group.successRate)}</td><td class="n">${group.pending}</td><td class="n">${sayMs(group.duration.medianMs)}</td><td class="n">${sayMs(group.duration.p90Ms)}</td></tr>`,
  )}</tbody></table></div>`
}
