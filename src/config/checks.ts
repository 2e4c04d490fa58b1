import { z } from 'zod'
import { duration, explainRatio, headers, httpUrl, limit, section } from './fields.ts'
import { describeMetrics, httpMetrics, type Metric, metricDefaults, metrics, severities } from './metrics.ts'

/** What every type of check has. */
const shared = {
  name: z
    .string({
      error: ({ input }) =>
        input === undefined ? 'is missing; name the check, such as `homepage`' : undefined,
    })
    .regex(
      /^[a-z0-9][a-z0-9-]*$/,
      'must be of small letters, digits and dashes; write a name such as `error-rate-eu`',
    )
    .max(60, 'is too long; write at most 60 characters')
    .describe('Name of the check in reports and the history; unique among the checks.'),
  severity: z
    .enum(severities)
    .optional()
    .describe('How bad a breach is. Default: the severity of the metric; needed without a metric.'),
  max: limit()
    .optional()
    .describe(
      'Breached when the value is above. Default: the limit of the metric, if none of max, min and equals is given.',
    ),
  min: limit().optional().describe('Breached when the value is below. No default.'),
  equals: limit().optional().describe('Breached when the value is another. Stands alone. No default.'),
  headers: headers()
    .prefault({})
    .describe('Headers of the request: a text, or { env: NAME } for a secret. Default: none.'),
}

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

const httpCheck = section(
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
    headers: shared.headers,
  },
  { query: 'only a check of `type: prometheus` has it' },
)
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ for: forMs, metric, severity, max, min, equals, ...rest }) => ({
    ...rest,
    metric,
    severity: severity ?? metricDefaults[metric].severity,
    limit: limitOf({ metric, max, min, equals }),
    ...(forMs === undefined ? {} : { forMs }),
  }))

const prometheusCheck = section(
  {
    name: shared.name,
    type: z.literal('prometheus').describe('Asks a Prometheus server, or one that speaks its query API.'),
    url: httpUrl({ example: 'http://prometheus:9090' }).describe('Address of the server, without /api/v1.'),
    query: z
      .string({
        error: ({ input }) =>
          input === undefined ? 'is missing; write the PromQL that gives one value' : undefined,
      })
      .regex(/\S/, 'is empty; write the PromQL that gives one value')
      .describe('PromQL that gives exactly one value.'),
    metric: z
      .enum(metrics)
      .optional()
      .describe(
        `What the query measures, with its own limit and severity. ${describeMetrics(metrics)}. Default: none, so that a limit and a severity are needed.`,
      ),
    severity: shared.severity,
    max: shared.max,
    min: shared.min,
    equals: shared.equals,
    for: duration()
      .prefault('0s')
      .describe('How long the limit must be breached before it counts. Default: the first breach counts.'),
    headers: shared.headers,
  },
  { expect: 'only a check of `type: http` has it' },
)
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .transform(({ for: forMs, metric, severity, max, min, equals, ...rest }) => ({
    ...rest,
    ...(metric === undefined ? {} : { metric }),
    // there is one of both: needLimitAndSeverity saw to it
    severity: severity ?? (metric === undefined ? 'high' : metricDefaults[metric].severity),
    limit: limitOf({ metric, max, min, equals }),
    forMs,
  }))

/** The list of checks; `for` of an http check is still open where the file does not say. */
export const checksSchema = z
  .array(z.discriminatedUnion('type', [httpCheck, prometheusCheck]))
  .superRefine(refuseSharedNames, { when: ({ value }) => Array.isArray(value) })

/** A limit; a value beyond any of the numbers breaches it. */
export interface Limit {
  readonly max?: number
  readonly min?: number
  readonly equals?: number
}

interface Limits {
  readonly metric?: Metric | undefined
  readonly max?: number | undefined
  readonly min?: number | undefined
  readonly equals?: number | undefined
}

function limitOf({ metric, max, min, equals }: Limits): Limit {
  if (max === undefined && min === undefined && equals === undefined) {
    return metric === undefined ? {} : metricDefaults[metric].limit
  }
  return {
    ...(max === undefined ? {} : { max }),
    ...(min === undefined ? {} : { min }),
    ...(equals === undefined ? {} : { equals }),
  }
}

function explainHttpMetric(input: unknown): string | undefined {
  const other = metrics.find((metric) => metric === input)
  if (other === undefined) return undefined
  return `can't be \`${other}\`, which no probe can see; ask for it with \`type: prometheus\``
}

/**
 * The rules below also look at what is wrong elsewhere, so that all problems are told at once; nothing is taken for
 * granted about the types of what they look at.
 */
function refuseBadLimits(check: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const tell = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  const { max, min, equals } = { max: check['max'], min: check['min'], equals: check['equals'] }
  if (equals !== undefined && (max !== undefined || min !== undefined)) {
    tell('equals', 'stands alone; remove it, or remove `max` and `min`')
  }
  if (typeof max === 'number' && typeof min === 'number' && min > max) {
    tell('min', 'is above `max`, so that no value is good; swap them')
  }
  const metric = metrics.find((each) => each === check['metric'])
  if (metric === undefined) return
  for (const [key, value] of Object.entries({ max, min, equals })) {
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    const message = metricDefaults[metric].unit === 'ratio' ? explainRatio(value) : explainTime(value)
    if (message !== undefined) tell(key, message)
  }
}

function explainTime(value: number): string | undefined {
  return value < 0 ? 'must be a time in milliseconds; write for example `5000`' : undefined
}

function needLimitAndSeverity(
  check: Readonly<Record<string, unknown>>,
  context: z.core.$RefinementCtx,
): void {
  if (check['metric'] !== undefined) return
  if (['max', 'min', 'equals'].every((key) => check[key] === undefined)) {
    context.addIssue({
      code: 'custom',
      path: [],
      message: 'has no limit; write `max`, `min` or `equals`, or a `metric` that brings one',
    })
  }
  if (check['severity'] === undefined) {
    context.addIssue({
      code: 'custom',
      path: [],
      message: `has no severity; write \`severity\` as ${severities.join(', ')}, or a \`metric\` that brings one`,
    })
  }
}

function refuseSharedNames(checks: readonly unknown[], context: z.core.$RefinementCtx): void {
  const seen = new Set<string>()
  for (const [index, check] of checks.entries()) {
    if (typeof check !== 'object' || check === null || !('name' in check)) continue
    if (typeof check.name !== 'string') continue
    if (seen.has(check.name)) {
      const message = 'is taken by a check above; give each its own name'
      context.addIssue({ code: 'custom', path: [index, 'name'], message })
    }
    seen.add(check.name)
  }
}

function isMapping({ value }: { readonly value: unknown }): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
