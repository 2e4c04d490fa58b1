import { formatTime } from './time.ts'

/** What was seen over time, and its limit. Times in ms since the epoch. */
export interface Series {
  readonly name: string
  /** a ratio is drawn in percent */
  readonly unit: 'ratio' | 'ms' | 'number'
  readonly limit: {
    readonly max?: number | undefined
    readonly min?: number | undefined
    readonly equals?: number | undefined
  }
  /** oldest first */
  readonly points: readonly { readonly at: number; readonly value?: number | undefined }[]
  readonly endedAt: number
}

const drawnPoints = 60
/**
 * What was seen, and its limit, in colours that stand out on a white and on a dark page: Mermaid's own first one is hardly
 * to be seen on white. And not half a page high.
 */
const style = {
  xyChart: { height: 280, plotReservedSpacePercent: 60 },
  themeVariables: { xyChart: { plotColorPalette: '#cf222e, #8c959f' } },
}
/** In the chart's axis. */
const unitNames = { ratio: '%', ms: 'ms', number: 'value' } as const

/**
 * A chart in Mermaid, which GitHub draws. Undefined where there are fewer than two values. A point without a value is drawn as
 * the one before it. Mermaid has no way to escape: of the name only letters, digits, spaces, dots and dashes are drawn.
 * @see https://mermaid.js.org/syntax/xyChart.html
 */
export function drawSeries({ name, unit, limit, points, endedAt }: Series): string | undefined {
  const drawn = points.slice(-drawnPoints)
  const known = drawn.filter(({ value }) => value !== undefined)
  const [first] = drawn
  if (first === undefined || known.length < 2) return undefined
  const factor = unit === 'ratio' ? 100 : 1
  let last = 0
  const values = drawn.map(({ value }) => {
    last = value ?? last
    return last * factor
  })
  const limitValue = limit.max ?? limit.min ?? limit.equals
  const bound = limitValue === undefined ? undefined : limitValue * factor
  const all = [...values, ...(bound === undefined ? [] : [bound])]
  const [low, high] = [Math.min(0, ...all), Math.max(...all)]
  const seconds = Math.round(((drawn.at(-1)?.at ?? first.at) - first.at) / 1000)
  const [timeUnit, length] = seconds >= 300 ? ['minutes', seconds / 60] : ['seconds', seconds]
  const colours = bound === undefined ? '' : ' (red), limit (grey)'
  return [
    `%%{init: ${JSON.stringify(style)}}%%`,
    'xychart-beta',
    `  title "${plain(name)}${colours}, ${formatTime(first.at)} to ${formatTime(endedAt)}"`,
    `  x-axis "${timeUnit}" 0 --> ${Math.max(1, Math.round(length))}`,
    `  y-axis "${unitNames[unit]}" ${write(low)} --> ${write(high === low ? low + 1 : high * 1.1)}`,
    `  line [${values.map(write).join(', ')}]`,
    ...(bound === undefined ? [] : [`  line [${values.map(() => write(bound)).join(', ')}]`]),
  ].join('\n')
}

function plain(name: string): string {
  return name.replace(/[^\p{L}\p{N} ._-]+/gu, '-').slice(0, 80)
}

/** As Mermaid reads numbers: without an exponent. */
function write(value: number): string {
  const rounded = Number(value.toPrecision(5))
  return /e/.test(String(rounded)) ? rounded.toFixed(rounded < 1 ? 12 : 0) : String(rounded)
}
