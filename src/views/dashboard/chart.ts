import { scaleBand, scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { count } from '../../text/count.ts'
import type { TrendReport } from '../report/model.ts'
import { sayMinute, sayValue } from '../report/say.ts'
import { type Html, html } from './html.ts'

const width = 320
const height = 150
const top = 10
const bottom = 22
const right = 8
/** of a figure of an axis, px: digits of the font that is set in style.ts */
const digit = 6.4

/** What is drawn: a point for each span of time, oldest first. */
export interface Series extends Pick<TrendReport, 'points' | 'unit'> {
  readonly name: string
}

/**
 * A trend as an inline SVG: bars for counts, a line for everything else, with a gap where nothing was observed. Colours are of
 * the style sheet, so that dark mode and print have their own.
 * @param isWhole with a title for each mark: a small page leaves them out
 * @param limit drawn as a dashed line
 */
export function drawTrend(trend: Series, isWhole: boolean, limit?: number): Html {
  const { points, unit, name } = trend
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]))
  // under 4 % the marks of the axis would be parts of a percent, and all read 0 % or 1 %
  const most = Math.max(...values, limit ?? 0, unit === 'share' ? 0.04 : unit === 'ms' ? 1000 : 1)
  const y = scaleLinear().domain([0, most])
  const ticks = unit === 'ms' ? durationTicks(most) : y.nice(4).ticks(unit === 'count' && most < 4 ? most : 4)
  y.domain([0, Math.max(most, ticks.at(-1) ?? 0)])
  const labels = ticks.map((tick) => (tick === 0 ? '0' : sayValue(trend, tick)))
  const left = 8 + digit * Math.max(...labels.map((label) => label.length))
  y.range([height - bottom, top])
  const x = scaleBand<number>()
    .domain(points.map((_, index) => index))
    .range([left, width - right])
    .padding(0.2)
  const middle = (index: number) => round((x(index) ?? 0) + x.bandwidth() / 2)
  const grid = ticks.map(
    (tick, index) =>
      html`<path class="grid" d="M${left} ${round(y(tick))}H${width - right}"/><text class="axis end" x="${round(left - 4)}" y="${round(y(tick) + 3.5)}">${labels[index]}</text>`,
  )
  const dates = datesOf(points.length).map(
    (index) =>
      html`<text class="axis ${index === 0 ? 'start' : 'end'}" x="${index === 0 ? left : width - right}" y="${height - 6}">${points[index]?.from.slice(0, 10)}</text>`,
  )
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${describe(trend)}">${grid}${dates}${
    unit === 'count' ? bars(trend, isWhole) : lineOf(trend, isWhole)
  }${limit === undefined ? '' : html`<path class="limit" d="M${left} ${round(y(limit))}H${width - right}"/>`}</svg>`

  function bars({ points: own }: Series, hasTitles: boolean): Html {
    const bar = (value: number, index: number) =>
      `M${round(x(index) ?? 0)} ${height - bottom}V${round(y(value))}h${round(x.bandwidth())}V${height - bottom}`
    const drawn = own.flatMap(({ value }, index) => (value === null || value === 0 ? [] : [{ value, index }]))
    if (!hasTitles)
      return html`<path class="bar" d="${drawn.map(({ value, index }) => bar(value, index)).join('')}"/>`
    return html`${drawn.map(({ value, index }) => html`<path class="bar" d="${bar(value, index)}"><title>${titleOf(trend, index)}</title></path>`)}`
  }

  function lineOf({ points: own }: Series, hasTitles: boolean): Html {
    const path = line<(typeof own)[number]>()
      .defined(({ value }) => value !== null)
      .x((_, index) => middle(index))
      .y(({ value }) => round(y(value ?? 0)))
    const seen = own.flatMap(({ value }, index) => (value === null ? [] : [{ value, index }]))
    const dots = hasTitles
      ? seen.map(
          ({ value, index }) =>
            html`<circle class="dot" cx="${middle(index)}" cy="${round(y(value))}" r="3"><title>${titleOf(trend, index)}</title></circle>`,
        )
      : html`<path class="dots" d="${seen.map(({ value, index }) => `M${middle(index)} ${round(y(value))}h0`).join('')}"/>`
    return html`<path class="line" d="${path([...own]) ?? ''}"/>${dots}`
  }

  function describe({ points: own }: Series): string {
    if (values.length === 0) return `${name}: nothing observed`
    const newest = own.findLast(({ value }) => value !== null)?.value ?? null
    const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => sayValue(trend, value))
    return `${name}: ${count(own.length, 'point')}, from ${low} to ${high}, newest ${sayValue(trend, newest)}`
  }
}

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 5, 10, 20, 50, 100].map((n) => n * day),
]

/** Durations that people say: a scale of numbers would have 3 min 20 s on it. */
function durationTicks(most: number): readonly number[] {
  const step = steps.find((each) => most / each <= 4) ?? Math.ceil(most / 4 / day) * day
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step)
}

function titleOf(trend: Series, index: number): string {
  const point = trend.points[index]
  if (point === undefined) return ''
  const when =
    point.from === point.to ? sayMinute(point.from) : `${point.from.slice(0, 10)} to ${point.to.slice(0, 10)}`
  return `${when}: ${sayValue(trend, point.value)} (n = ${point.n})`
}

/** The first and the last date say where a chart begins and ends. */
function datesOf(count: number): readonly number[] {
  return count === 0 ? [] : count === 1 ? [0] : [0, count - 1]
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
