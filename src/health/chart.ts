import type { CheckReport, GateReport } from './report.ts'
import { formatTime, type Unit } from './value.ts'

const drawnPoints = 60
/**
 * What was seen, and its limit, in colours that stand out on a white and on a dark page: Mermaid's own first one is hardly
 * to be seen on white. And not half a page high.
 */
const style = {
  xyChart: { height: 280, plotReservedSpacePercent: 60 },
  themeVariables: { xyChart: { plotColorPalette: '#cf222e, #8c959f' } },
}
/** In the chart's axis; a ratio is drawn in percent. */
const unitNames: Readonly<Record<Unit, string>> = { ratio: '%', ms: 'ms', number: 'value' }

/**
 * What a check saw, beside its limit, as a chart in Mermaid, which GitHub draws. Undefined where there are fewer than two
 * values. A round without a value is drawn as the one before it. All text is ours, but the name, which is of letters,
 * digits and dashes.
 * @see https://mermaid.js.org/syntax/xyChart.html
 */
export function drawChart(check: CheckReport, { endedAt }: Pick<GateReport, 'endedAt'>): string | undefined {
  const samples = check.samples.slice(-drawnPoints)
  const known = samples.filter(({ value }) => value !== undefined)
  const [first] = samples
  if (first === undefined || known.length < 2) return undefined
  const factor = check.unit === 'ratio' ? 100 : 1
  let last = 0
  const values = samples.map(({ value }) => {
    last = value ?? last
    return round(last * factor)
  })
  const limit = check.limit.max ?? check.limit.min ?? check.limit.equals
  const bound = limit === undefined ? undefined : round(limit * factor)
  const all = [...values, ...(bound === undefined ? [] : [bound])]
  const [low, high] = [Math.min(0, ...all), Math.max(...all)]
  const startedAt = Date.parse(first.at)
  const seconds = Math.round((Date.parse(samples.at(-1)?.at ?? first.at) - startedAt) / 1000)
  const [unit, length] = seconds >= 300 ? ['minutes', seconds / 60] : ['seconds', seconds]
  const colours = bound === undefined ? '' : ' (red), limit (grey)'
  return [
    `%%{init: ${JSON.stringify(style)}}%%`,
    'xychart-beta',
    `  title "${check.name}${colours}, ${formatTime(startedAt)} to ${formatTime(Date.parse(endedAt))}"`,
    `  x-axis "${unit}" 0 --> ${Math.max(1, Math.round(length))}`,
    `  y-axis "${unitNames[check.unit]}" ${low} --> ${round(high === low ? low + 1 : high * 1.1)}`,
    `  line [${values.join(', ')}]`,
    ...(bound === undefined ? [] : [`  line [${values.map(() => bound).join(', ')}]`]),
  ].join('\n')
}

function round(value: number): number {
  return Number(value.toPrecision(5))
}
