import { expect, test } from '@jest/globals'
import { drawChart } from '../../src/health/chart.ts'
import type { CheckReport } from '../../src/health/report.ts'

const check: CheckReport = {
  name: 'errors',
  type: 'prometheus',
  severity: 'high',
  looksAt: 'somewhere',
  state: 'breached',
  issue: true,
  preExisting: false,
  thresholdOnly: true,
  unit: 'ratio',
  limit: { max: 0.05, text: 'at most 5 %' },
  forMs: 0,
  failures: { bad: 1, of: 3 },
  roundsWithoutValue: 1,
  trend: '',
  evidence: '',
  samples: [
    { at: '2026-11-24T12:00:00.000Z', state: 'ok', value: 0.01 },
    { at: '2026-11-24T12:00:15.000Z', state: 'no-data' },
    { at: '2026-11-24T12:00:30.000Z', state: 'breached', value: 0.2 },
  ],
}
const report = { endedAt: '2026-11-24T12:00:30.000Z' }

test('a chart has the values and the limit', () => {
  expect(drawChart(check, report)).toMatchInlineSnapshot(`
"%%{init: {"xyChart":{"height":280,"plotReservedSpacePercent":60},"themeVariables":{"xyChart":{"plotColorPalette":"#cf222e, #8c959f"}}}}%%
xychart-beta
  title "errors (red), limit (grey), 12:00:00 UTC to 12:00:30 UTC"
  x-axis "seconds" 0 --> 30
  y-axis "%" 0 --> 22
  line [1, 1, 20]
  line [5, 5, 5]"
`)
})

test('there is none of a single value', () => {
  expect(drawChart({ ...check, samples: check.samples.slice(0, 2) }, report)).toBeUndefined()
})
