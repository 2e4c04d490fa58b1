import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeLimit, isWithin } from '../../src/health/limit.ts'
import { chooseResponse } from '../../src/health/response.ts'
import { drawSparkline } from '../../src/health/sparkline.ts'
import { summarizeReport } from '../../src/health/summary.ts'
import { formatValue, quantile } from '../../src/health/value.ts'
import { renderMarkdown } from '../../src/text/markdown.ts'
import {
  type Behaviour,
  type MisbehavingService,
  startMisbehavingService,
} from '../support/misbehaving-service.ts'
import { bad, checksOf, good, virtualClock, watch } from './example.ts'

let shop: MisbehavingService
let metrics: MisbehavingService
beforeAll(async () => {
  shop = await startMisbehavingService()
  metrics = await startMisbehavingService()
})
afterAll(async () => {
  await shop.stop()
  await metrics.stop()
})

const says = (value: string): Behaviour => ({
  kind: 'raw',
  status: 200,
  body: JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: value === '' ? [] : [{ value: [0, value] }] },
  }),
})

/** Plays pairs of what the shop does and what its metrics say, and shows the log and the summary of the watch. */
async function show(
  rounds: readonly (readonly [Behaviour, Behaviour])[],
  windowMs = (rounds.length - 1) * 15_000,
) {
  let round = 0
  const play = () => {
    const [first, second] = rounds[round++] ?? []
    if (first !== undefined) shop.behave(first)
    if (second !== undefined) metrics.behave(second)
  }
  play()
  const checks = checksOf(
    { name: 'homepage', type: 'http', url: shop.url, severity: 'critical', expect: { body: '<h1>' } },
    { name: 'errors', type: 'prometheus', url: metrics.url, query: 'errors', metric: 'error-rate' },
    { name: 'queue', type: 'prometheus', url: metrics.url, query: 'queue', max: 100, severity: 'low' },
  )
  const { report, lines } = await watch({
    ...virtualClock({ onTick: play }),
    checks,
    windowMs,
    timeoutMs: 250,
  })
  const response = chooseResponse(report, undefined)
  const summary = renderMarkdown(summarizeReport(report, response, 'production'))
  const hidePorts = (text: string) => text.replace(/127\.0\.0\.1:\d+/g, 'prometheus')
  return { log: hidePorts(lines.join('\n')), summary: hidePorts(summary) }
}

const page: Behaviour = { kind: 'raw', status: 200, body: '<h1>Shop</h1>' }

describe('what people read', () => {
  test('of a healthy production', async () => {
    const { log, summary } = await show([
      [page, says('0')],
      [page, says('0.001')],
      [page, says('0.02')],
    ])
    expect(log).toMatchInlineSnapshot(`
"12:00:00 UTC | homepage ▁ 0 % ok | errors ▁ 0 % ok | queue ▁ 0 ok
12:00:15 UTC | homepage ▁▁ 0 % ok | errors ▁▁ 0.1 % ok | queue ▁▁ 0.001 ok
12:00:30 UTC | homepage ▁▁▁ 0 % ok | errors ▁▁▄ 2 % ok | queue ▁▁▁ 0.02 ok"
`)
    expect(summary).toMatchInlineSnapshot(`
"## Health gate: healthy

Decision for \`production\`: **keep**, because every check is within its limit: homepage (0 %, limit 5 %, 0 of 3 probes failed); errors (2 %, limit 5 %); queue (0.02, limit 100).

| check | severity | state | last rounds | observed |
| - | - | - | - | - |
| \`homepage\` | critical | ok | \`▁▁▁\` | 0 %, limit 5 %, 0 of 3 probes failed |
| \`errors\` | high | ok | \`▁▁▄\` | 2 %, limit 5 % |
| \`queue\` | low | ok | \`▁▁▁\` | 0.02, limit 100 |

3 rounds, one every 15 s, from 12:00:00 UTC to 12:00:30 UTC; the window was 30 s.
"
`)
  })

  test('of an unhealthy one', async () => {
    const { log, summary } = await show(
      [
        [page, says('0.001')],
        [page, says('0.001')],
        [bad, says('0.312')],
        [bad, says('0.9')],
        [good, says('1')],
      ],
      300_000,
    )
    expect(log).toMatchInlineSnapshot(`
"12:00:00 UTC | homepage ▁ 0 % ok | errors ▁ 0.1 % ok | queue ▁ 0.001 ok
12:00:15 UTC | homepage ▁▁ 0 % ok | errors ▁▁ 0.1 % ok | queue ▁▁ 0.001 ok
12:00:30 UTC | homepage ▁▁█ 50 %, above the limit of 5 %, 1 of 3 probes failed: 1 × status 500 | errors ▁▁█ 31.2 %, above the limit of 5 % | queue ▁▁▁ 0.312 ok
12:00:45 UTC | homepage ▁▁▅█ 100 %, above the limit of 5 %, 2 of 4 probes failed: 2 × status 500 | errors ▁▁▃█ 90 %, above the limit of 5 % | queue ▁▁▁▁ 0.9 ok
12:01:00 UTC | homepage ▁▁▅██ 100 %, above the limit of 5 %, 3 of 5 probes failed: 2 × status 500, 1 × the expected text was not there | errors ▁▁▃██ 100 %, above the limit of 5 % | queue ▁▁▁▁▁ 1 ok"
`)
    expect(summary).toMatchInlineSnapshot(`
"## Health gate: unhealthy

Decision for \`production\`: **roll-back**, because a critical check is beyond its limit: homepage (100 %, limit 5 %, for 30 s since 12:00:30 UTC, 3 of 5 probes failed: 2 × status 500, 1 × the expected text was not there).

| check | severity | state | last rounds | observed |
| - | - | - | - | - |
| \`homepage\` | critical | beyond its limit | \`▁▁▅██\` | 100 %, limit 5 %, for 30 s since 12:00:30 UTC, 3 of 5 probes failed: 2 × status 500, 1 × the expected text was not there |
| \`errors\` | high | beyond its limit | \`▁▁▃██\` | 100 %, limit 5 %, for 30 s since 12:00:30 UTC |
| \`queue\` | low | ok | \`▁▁▁▁▁\` | 1, limit 100 |

\`\`\`mermaid
%%{init: {"xyChart":{"height":280,"plotReservedSpacePercent":60},"themeVariables":{"xyChart":{"plotColorPalette":"#cf222e, #8c959f"}}}}%%
xychart-beta
  title "homepage (red), limit (grey), 12:00:00 UTC to 12:01:00 UTC"
  x-axis "seconds" 0 --> 60
  y-axis "%" 0 --> 110
  line [0, 0, 50, 100, 100]
  line [5, 5, 5, 5, 5]
\`\`\`

\`\`\`mermaid
%%{init: {"xyChart":{"height":280,"plotReservedSpacePercent":60},"themeVariables":{"xyChart":{"plotColorPalette":"#cf222e, #8c959f"}}}}%%
xychart-beta
  title "errors (red), limit (grey), 12:00:00 UTC to 12:01:00 UTC"
  x-axis "seconds" 0 --> 60
  y-axis "%" 0 --> 110
  line [0.1, 0.1, 31.2, 90, 100]
  line [5, 5, 5, 5, 5]
\`\`\`

5 rounds, one every 15 s, from 12:00:00 UTC to 12:01:00 UTC; the window was 5 min.
"
`)
  })

  test('of one that was seen too little of', async () => {
    const { log, summary } = await show([
      [page, says('NaN')],
      [page, says('')],
      [page, says('')],
      [page, says('')],
    ])
    expect(log).toMatchInlineSnapshot(`
"12:00:00 UTC | homepage ▁ 0 % ok | errors · no-data: the query gave NaN, as a division of nothing by nothing does | queue · no-data: the query gave NaN, as a division of nothing by nothing does
12:00:15 UTC | homepage ▁▁ 0 % ok | errors ·· no-data: the query found no series | queue ·· no-data: the query found no series
12:00:30 UTC | homepage ▁▁▁ 0 % ok | errors ··· no-data, as before | queue ··· no-data, as before
12:00:45 UTC | homepage ▁▁▁▁ 0 % ok | errors ···· no-data, as before | queue ···· no-data, as before"
`)
    expect(summary).toMatchInlineSnapshot(`
"## Health gate: inconclusive

Decision for \`production\`: **keep**, because there is too little data: errors (no value in 4 of 4 rounds: the query found no series); queue (no value in 4 of 4 rounds: the query found no series).

| check | severity | state | last rounds | observed |
| - | - | - | - | - |
| \`homepage\` | critical | ok | \`▁▁▁▁\` | 0 %, limit 5 %, 0 of 4 probes failed |
| \`errors\` | high | no data | \`····\` | no value in 4 of 4 rounds: the query found no series |
| \`queue\` | low | no data | \`····\` | no value in 4 of 4 rounds: the query found no series |

4 rounds, one every 15 s, from 12:00:00 UTC to 12:00:45 UTC; the window was 45 s.
"
`)
  })

  test('of one that could not be looked at', async () => {
    const { log, summary } = await show([
      [page, says('0.01')],
      [page, { kind: 'hang' }],
      [page, { kind: 'hang' }],
      [page, { kind: 'raw', status: 502, body: 'no' }],
    ])
    expect(log).toMatchInlineSnapshot(`
"12:00:00 UTC | homepage ▁ 0 % ok | errors ▂ 1 % ok | queue ▁ 0.01 ok
12:00:15 UTC | homepage ▁▁ 0 % ok | errors ▂· error: http://prometheus/ could not be queried: no complete answer within 250ms | queue ▁· error: http://prometheus/ could not be queried: no complete answer within 250ms
12:00:30 UTC | homepage ▁▁▁ 0 % ok | errors ▂·· error, as before | queue ▁·· error, as before
12:00:45 UTC | homepage ▁▁▁▁ 0 % ok | errors ▂··· error: http://prometheus/ answered with status 502 | queue ▁··· error: http://prometheus/ answered with status 502"
`)
    expect(summary).toMatchInlineSnapshot(`
"## Health gate: error

Decision for \`production\`: **keep**, because a check could not run: errors (no value in 3 of 4 rounds: http://prometheus/ answered with status 502); queue (no value in 3 of 4 rounds: http://prometheus/ answered with status 502).

| check | severity | state | last rounds | observed |
| - | - | - | - | - |
| \`homepage\` | critical | ok | \`▁▁▁▁\` | 0 %, limit 5 %, 0 of 4 probes failed |
| \`errors\` | high | check failed to run | \`▂···\` | no value in 3 of 4 rounds: http://prometheus/ answered with status 502 |
| \`queue\` | low | check failed to run | \`▁···\` | no value in 3 of 4 rounds: http://prometheus/ answered with status 502 |

4 rounds, one every 15 s, from 12:00:00 UTC to 12:00:45 UTC; the window was 45 s.
"
`)
  })
})

test.each([
  [0, 'ratio', '0 %'],
  [0.3124, 'ratio', '31.24 %'],
  [0.000012, 'ratio', '0.0012 %'],
  [120.04, 'ms', '120 ms'],
  [4900, 'ms', '4.9 s'],
  [17, 'number', '17'],
  [1e9, 'number', '1000000000'],
  [Number.POSITIVE_INFINITY, 'ms', '+Inf'],
  [Number.NEGATIVE_INFINITY, 'ratio', '-Inf'],
  [Number.NaN, 'number', 'no number'],
] as const)('%d as a %s is written %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text)
})

test.each([
  [{ max: 0.05 }, 'ratio', 'at most 5 %', [0.05, -1], [0.050001, Number.POSITIVE_INFINITY]],
  [{ min: 10 }, 'number', 'at least 10', [10, Number.POSITIVE_INFINITY], [9.99]],
  [{ equals: 1 }, 'number', 'exactly 1', [1], [0, 1.01]],
  [{ min: 1, max: 5000 }, 'ms', 'between 1 ms and 5 s', [1, 5000], [0, 5001]],
] as const)('%j of a %s is "%s"', (limit, unit, text, within, beyond) => {
  expect(describeLimit(limit, unit)).toBe(text)
  for (const value of within) expect(isWithin(value, limit)).toBe(true)
  for (const value of [...beyond, Number.NaN]) expect(isWithin(value, limit)).toBe(false)
})

test.each([
  [[0, 1, 2, 3, 4, 5, 6, 7], [], '▁▂▃▄▅▆▇█'],
  [[0, 0.01, undefined, 0.05], [0.05], '▁▂·█'],
  [[10, 10, 11], [100], '▁▁▁'],
  [[0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], [5], '▁█▁'],
  [[0, 0], [], '▁▁'],
  [[-2, 0, 2], [], '▁▅█'],
  [[undefined, undefined], [], '··'],
])('%j with the bounds %j is drawn %s', (values, bounds, drawn) => {
  expect(drawSparkline(values, bounds)).toBe(drawn)
})

test('the 95th percentile is one of the numbers: of few, the greatest', () => {
  expect(quantile([], 0.95)).toBeUndefined()
  expect(quantile([7], 0.95)).toBe(7)
  expect(quantile([3, 1, 2], 0.95)).toBe(3)
  expect(
    quantile(
      Array.from({ length: 100 }, (_, index) => 100 - index),
      0.95,
    ),
  ).toBe(95)
  expect(quantile([1, Number.POSITIVE_INFINITY], 0.95)).toBe(Number.POSITIVE_INFINITY)
})
