import { drawSeries } from '../text/xychart.ts'
import type { CheckReport, GateReport } from './report.ts'

/** What a check saw, beside its limit, as a chart in Mermaid. Undefined where there are fewer than two values. */
export function drawChart(
  { name, unit, limit, samples }: CheckReport,
  { endedAt }: Pick<GateReport, 'endedAt'>,
): string | undefined {
  const points = samples.map(({ at, value }) => ({ at: Date.parse(at), value }))
  return drawSeries({ name, unit, limit, points, endedAt: Date.parse(endedAt) })
}
