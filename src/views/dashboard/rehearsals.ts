import { count } from '../../text/count.ts'
import type { Rehearsal, Report } from '../report/model.ts'
import { sayMinute, sayMs, sayProblem, sayRehearsalTrend, sayResult, sayShare } from '../report/say.ts'
import { drawTrend } from './chart.ts'
import { foreign, type Html, html } from './html.ts'

/** So many environments have a chart. */
const mostCharts = 6
/** Fewer points make no line. */
const leastPoints = 3

/** Recovery time against the objective by environment and layer, its trend, and what would not have worked. */
export function renderRehearsals({ rehearsals, repositories }: Report): Html {
  const { total, objectiveMs, environments, newest, wouldNotHaveWorked } = rehearsals
  if (total === 0) return html`<p>No rehearsal in this period: rollbacks were not tested.</p>`
  const isMany = repositories.length > 1
  const objective =
    objectiveMs === null
      ? 'No recovery time objective is set.'
      : `The recovery time objective is ${sayMs(objectiveMs)}.`
  return html`<p class="soft">${objective} Recovery is measured from the start of a rehearsal to the verified recovery.</p>${wide(
    'Rehearsals by environment',
    html`<caption>By environment</caption><thead><tr><th scope="col">environment</th><th scope="col">last</th><th scope="col">result</th><th scope="col" class="n">passed</th><th scope="col" class="n">met the objective</th><th scope="col" class="n">median</th><th scope="col" class="n">p90</th><th scope="col">trend</th></tr></thead><tbody>${environments.map((each) => environmentRow(each, isMany))}</tbody>`,
  )}${charts(rehearsals, isMany)}${wide('Rehearsals by layer', layerTable(rehearsals))}${
    wouldNotHaveWorked.length === 0
      ? html`<p>Every rehearsal in this period rolled back, was verified, and was undone.</p>`
      : html`<h3>What would not have worked</h3><ul>${wouldNotHaveWorked.map((each) => html`<li data-rehearsed="${Date.parse(each.at)}" data-environment="${each.environment}" data-layers="${layersOf(each)}">${sayMinute(each.at)}, ${place(each, isMany)}: ${each.problems.map((problem, n) => html`${n > 0 ? '; ' : ''}${foreign(sayProblem(problem))}`)}</li>`)}</ul>`
  }${wide(
    'Newest rehearsals',
    html`<caption>Newest rehearsals. Times are UTC.${total > newest.length ? ` Older rehearsals, not listed: ${total - newest.length}.` : ''}</caption><thead><tr><th scope="col">when</th><th scope="col">environment</th><th scope="col">result</th><th scope="col" class="n">recovery</th>${objectiveMs === null ? '' : html`<th scope="col" class="n">of the objective</th>`}<th scope="col">layers</th></tr></thead><tbody>${newest.map((each) => rehearsalRow(each, objectiveMs, isMany))}</tbody>`,
  )}`
}

function wide(label: string, table: Html): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="${label}"><table>${table}</table></div>`
}

function environmentRow(each: Report['rehearsals']['environments'][number], isMany: boolean): Html {
  const { last, lastResult, passed, total, met, duration, trend } = each
  return html`<tr data-place data-environment="${each.environment}"><th scope="row">${place(each, isMany)}</th><td>${sayMinute(last)}</td><td>${result(lastResult)}</td><td class="n">${passed} of ${total}</td><td class="n">${met === null ? '–' : `${met} of ${duration.n}`}</td><td class="n">${sayMs(duration.medianMs)}</td><td class="n">${sayMs(duration.p90Ms)}</td><td>${sayRehearsalTrend(trend)}</td></tr>`
}

function layerTable({ layers }: Report['rehearsals']): Html {
  return html`<caption>By layer; share of the objective is that of the 90th percentile</caption><thead><tr><th scope="col">layer</th>${['rehearsed', 'rolled back', 'median', 'p90', 'share of the objective'].map((each) => html`<th scope="col" class="n">${each}</th>`)}</tr></thead><tbody>${layers.map(
    ({ layer, total, succeeded, duration, shareOfObjective }) =>
      html`<tr><th scope="row">${layer}</th><td class="n">${total}</td><td class="n">${succeeded}</td><td class="n">${sayMs(duration.medianMs)}</td><td class="n">${sayMs(duration.p90Ms)}</td><td class="n">${sayShare(shareOfObjective)}</td></tr>`,
  )}</tbody>`
}

function rehearsalRow(each: Rehearsal, objectiveMs: number | null, isMany: boolean): Html {
  const { at, environment, url, durationMs, layers } = each
  return html`<tr data-rehearsed="${Date.parse(at)}" data-environment="${environment}" data-layers="${layersOf(each)}"><th scope="row">${sayMinute(at)}</th><td>${place(each, isMany)}</td><td>${result(each.result)}${url === null ? '' : html`<br><a href="${url}" rel="noreferrer">run<span hidden> of the rehearsal of ${sayMinute(at)}</span></a>`}</td><td class="n">${sayMs(durationMs)}</td>${
    objectiveMs === null
      ? ''
      : html`<td class="n">${sayShare(durationMs === null ? null : durationMs / objectiveMs)}</td>`
  }<td class="list">${layers.map(({ layer, outcome, tookMs }) => html`${layer}: ${foreign(outcome.replaceAll('-', ' '))}${tookMs === null ? '' : ` in ${sayMs(tookMs)}`}<br>`)}</td></tr>`
}

/** The recovery time of each environment from rehearsal to rehearsal. */
function charts({ environments, objectiveMs }: Report['rehearsals'], isMany: boolean): Html {
  const drawn = environments.filter(({ points }) => points.length >= leastPoints).slice(0, mostCharts)
  if (drawn.length === 0) return html``
  return html`<div class="charts">${drawn.map((each) => {
    const series = {
      name: 'Recovery time of rehearsals',
      unit: 'ms',
      points: each.points.map(({ at, tookMs }) => ({ from: at, to: at, n: 1, value: tookMs })),
    } as const
    return html`<figure data-place data-environment="${each.environment}">${drawTrend(series, true, objectiveMs ?? undefined)}<figcaption><b>Recovery time of rehearsals: ${place(each, isMany)}</b>${count(each.points.length, 'measured rehearsal')}${objectiveMs === null ? '' : `; the dashed line is the objective, ${sayMs(objectiveMs)}`}</figcaption></figure>`
  })}</div>`
}

const states = { passed: 'good', 'objective-missed': 'wait', failed: 'bad' } as const

function result(of: Rehearsal['result']): Html {
  return html`<span class="state ${states[of]}">${sayResult(of)}</span>`
}

function place(each: { readonly repository: string; readonly environment: string }, isMany: boolean): Html {
  return html`${isMany ? html`${foreign(each.repository)} ` : ''}${foreign(each.environment)}`
}

function layersOf({ layers }: Rehearsal): string {
  return layers.map(({ layer }) => layer).join(' ')
}
