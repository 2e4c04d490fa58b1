import { layerNames } from '../../history/event.ts'
import { count } from '../../text/count.ts'
import type { Deployment } from '../report/deployments.ts'
import type { Failure } from '../report/failure-table.ts'
import type { Records, Report, ReportOptions } from '../report/report.ts'
import { makeReport, ofEnvironment } from '../report/report.ts'
import { Rows } from '../report/rows.ts'
import { doraRows, sayMs, sayShare, sayTrend, trendNames } from '../report/say.ts'
import { drawTrend } from './chart.ts'
import { type Html, html } from './html.ts'

/** What can be chosen: '' is all. */
export interface Choices {
  /** the most used first */
  readonly environments: readonly string[]
  readonly layers: readonly string[]
  readonly periods: readonly { readonly name: string; readonly value: string; readonly from: number }[]
}

const day = 86_400_000
/** More environments than these have no view of their own, so that the page stays small. */
const mostEnvironments = 6

/** What there is to choose from in the records. */
export function choicesOf(
  records: Records,
  { period, environment: only }: Pick<ReportOptions, 'period' | 'environment'>,
): Choices {
  const own = ofEnvironment(records, only)
  const rollbacks = own.rollbacks.between(period, ({ at }) => at)
  const deployments = own.deployments.between(period, ({ at }) => at)
  const counts = new Map<string, number>()
  const used = new Set<string>()
  for (const { environment, layers } of rollbacks) {
    counts.set(environment, (counts.get(environment) ?? 0) + 1)
    for (const { layer } of layers) used.add(layer)
  }
  for (const { environment } of deployments) counts.set(environment, (counts.get(environment) ?? 0) + 1)
  const whole = Math.round((period.to - period.from) / day)
  return {
    environments: [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([name]) => name),
    layers: layerNames.filter((layer) => used.has(layer)),
    periods: [
      { name: `${whole} days`, value: '', from: period.from },
      ...[30, 7]
        .filter((days) => days < whole)
        .map((days) => ({ name: `${days} days`, value: String(days), from: period.to - days * day })),
    ],
  }
}

/**
 * The views of the page: one for each choice that has anything to show. Each is a whole report, made by the same functions as every
 * export, so that no figure is computed in a browser. Only the first one is seen where no script runs.
 */
export function renderViews(
  records: Records,
  choices: Choices,
  options: ReportOptions,
): { readonly rollbacks: readonly Html[]; readonly deployments: readonly Html[] } {
  const rollbacks: Html[] = []
  const deployments: Html[] = []
  for (const environment of ['', ...choices.environments.slice(0, mostEnvironments)]) {
    const own = ofEnvironment(records, environment || options.environment)
    for (const { value: period, from } of choices.periods) {
      const chosen = { environment: undefined, period: { from, to: options.period.to } }
      for (const layer of ['', ...choices.layers] as const) {
        const known = layerNames.find((name) => name === layer)
        const shown =
          known === undefined
            ? own
            : { ...own, failures: Rows.none<Failure>(), deployments: Rows.none<Deployment>() }
        const report = makeReport(shown, { ...options, ...chosen, layer: known, recent: 0, hasGroups: false })
        const isFirst = period === '' && environment === '' && layer === ''
        if (isFirst || report.rollbacks.total > 0)
          rollbacks.push(
            html`<div data-view="rollbacks" data-environment="${environment}" data-layer="${layer}" data-period="${period}"${hiddenUnless(isFirst)}>${rollbackTiles(report)}${charts(report, ['rollbacks', 'success-rate', 'duration'], isFirst)}</div>`,
          )
        if (layer === '' && (isFirst || report.dora.deploymentFrequency.n > 0))
          deployments.push(
            html`<div data-view="deployments" data-environment="${environment}" data-period="${period}"${hiddenUnless(isFirst)}>${doraTiles(report)}${charts(report, ['deployments', 'change-fail-rate', 'recovery-time'], isFirst)}</div>`,
          )
      }
    }
  }
  // what has no figures is in the tables all the same
  for (const environment of choices.environments.slice(mostEnvironments))
    for (const [kind, views] of [
      ['rollbacks', rollbacks],
      ['deployments', deployments],
    ] as const)
      views.push(
        html`<p data-view="${kind}" data-environment="${environment}" hidden>The ${mostEnvironments} most used environments have figures of their own. This one is only in the tables below.</p>`,
      )
  return { rollbacks, deployments }
}

function hiddenUnless(isShown: boolean): Html {
  return isShown ? html`` : html` hidden`
}

function tile(name: string, figure: string, about: string): Html {
  return html`<li><span class="name">${name}</span><b>${figure}</b><span>${about}</span></li>`
}

function rollbackTiles({ rollbacks }: Report): Html {
  const { total, succeeded, failed, pending, successRate, duration } = rollbacks
  return html`<ul class="tiles">${[
    tile('Rollbacks', String(total), `${succeeded} succeeded, ${failed} failed, ${pending} pending`),
    tile('Success rate', sayShare(successRate), `n = ${succeeded + failed}, without pending ones`),
    tile('Median duration', sayMs(duration.medianMs), `n = ${duration.n}, of those that succeeded`),
    tile('90th percentile', sayMs(duration.p90Ms), `average ${sayMs(duration.averageMs)}`),
  ]}</ul>`
}

function doraTiles(report: Report): Html {
  const { totalMs, incidents, open } = report.downtime
  return html`<ul class="tiles">${[
    ...doraRows(report).map(([name, figure, about]) => tile(name, figure, about)),
    tile('Downtime', sayMs(totalMs), `${count(incidents, 'incident')}, ${open} not verified to be over`),
  ]}</ul>`
}

function charts(report: Report, metrics: readonly string[], isWhole: boolean): Html {
  const { bucketDays } = report.period
  const chosen = report.trends.filter(({ metric, points }) => metrics.includes(metric) && points.length > 0)
  return html`<div class="charts">${chosen.map(
    (trend) =>
      html`<figure>${drawTrend({ ...trend, name: trendNames[trend.metric] }, isWhole)}<figcaption><b>${trendNames[trend.metric]}</b>${sayTrend(trend, bucketDays)}</figcaption></figure>`,
  )}</div>`
}

/** The figures of the charts as a table, for those who do not see them. */
export function renderFigures({ trends }: Report): Html {
  const shown = trends.filter(({ points }) => points.some(({ n }) => n > 0))
  const rows = shown[0]?.points ?? []
  if (rows.length === 0) return html``
  return html`<details><summary>Figures of the charts</summary><div class="wide" tabindex="0" role="region" aria-label="Figures of the charts"><table><caption>Each row is one point of the charts</caption><thead><tr><th scope="col">from</th>${shown.map(({ metric }) => html`<th scope="col" class="n">${trendNames[metric]}</th>`)}</tr></thead><tbody>${rows.map(
    ({ from }, index) =>
      html`<tr><th scope="row">${from.slice(0, 10)}</th>${shown.map((trend) => html`<td class="n">${sayPoint(trend, index)}</td>`)}</tr>`,
  )}</tbody></table></div></details>`
}

function sayPoint({ points, unit }: Report['trends'][number], index: number): string {
  const value = points[index]?.value ?? null
  return unit === 'ms' ? sayMs(value) : unit === 'share' ? sayShare(value) : String(value ?? '–')
}

/** One select of the form. */
export function renderSelect(
  name: string,
  label: string,
  options: readonly { readonly value: string; readonly name: string; readonly since?: number }[],
): Html {
  return html`<label>${label}<select name="${name}">${options.map(
    (option) =>
      html`<option value="${option.value}"${option.since === undefined ? undefined : html` data-since="${option.since}"`}>${foreignOption(option.name)}</option>`,
  )}</select></label>`
}

/** In an option there is no markup. */
function foreignOption(name: string): string {
  return name.length <= 60 ? name : `${name.slice(0, 59)}…`
}
