import { z } from 'zod'
import { finish, isMapping, refuseBadLimits, rulesOfGaps, shared } from './check-parts.ts'
import { duration, httpUrl, section } from './fields.ts'
import { describeMetrics, httpMetrics, metrics } from './metrics.ts'

const expectation = section({
  status: z
    .array(
      z
        .int('must be a status such as `200`')
        .min(100, 'must be a status from 100 to 599')
        .max(599, 'must be a status from 100 to 599'),
      {
        error: ({ input }) => (Number.isInteger(input) ? `must be a list; write \`[${input}]\`` : undefined),
      },
    )
    .min(1, 'is empty; write the statuses, such as `[200]`, or remove the key')
    .optional()
    .describe('Statuses that are good. Default: any from 200 to 299.'),
  body: z
    .string()
    .min(1, 'is empty; write a text, or remove the key')
    .optional()
    .describe('Text that the body of the answer must contain. Default: none.'),
  'max-latency': duration({ min: 1 })
    .optional()
    .describe('A slower answer is a failed probe. Default: none but `timeout`.'),
}).transform(({ status, body, 'max-latency': maxLatencyMs }) => ({
  ...(status === undefined ? {} : { status }),
  ...(body === undefined ? {} : { body }),
  ...(maxLatencyMs === undefined ? {} : { maxLatencyMs }),
}))

export const httpCheck = section(
  {
    name: shared.name,
    type: z
      .literal('http')
      .describe('Probes an address: an answer that is not as expected, or none, is a failure.'),
    url: httpUrl({ example: 'https://example.com/healthz' }).describe('Address to probe with GET.'),
    metric: z
      .enum(httpMetrics, { error: ({ input }) => explainHttpMetric(input) })
      .default('error-rate')
      .describe(`What is measured, with its own limit and severity. ${describeMetrics(httpMetrics)}.`),
    severity: shared.severity,
    max: shared.max,
    min: shared.min,
    equals: shared.equals,
    for: duration()
      .optional()
      .describe(
        'How long the limit must be breached before it counts. Default: two intervals, at most the window.',
      ),
    expect: expectation.prefault({}).describe('What a good answer is. Default: any status from 200 to 299.'),
    ...rulesOfGaps,
    headers: shared.headers,
  },
  { query: 'only a check of `type: prometheus` has it' },
)
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ for: forMs, ...check }) => ({
    ...finish(check),
    metric: check.metric,
    ...(forMs === undefined ? {} : { forMs }),
  }))

function explainHttpMetric(input: unknown): string | undefined {
  const other = metrics.find((metric) => metric === input)
  if (other === undefined) return undefined
  return `can't be \`${other}\`, which no probe can see; ask for it with \`type: prometheus\``
}
