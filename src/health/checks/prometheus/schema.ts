import { z } from 'zod'
import { explainRatio, httpUrl, isMapping, section } from '../../../settings/fields.ts'
import { finish } from '../finish.ts'
import { needLimitAndSeverity, refuseBadLimits, refuseUnreachable } from '../refuse-limits.ts'
import { counting, measured, shared } from '../schema-parts.ts'

export const prometheusCheck = section(
  {
    name: shared.name,
    type: z
      .literal('prometheus')
      .describe('Queries a Prometheus server, or one with a compatible query API.'),
    url: httpUrl({ example: 'http://prometheus:9090' }).describe('Address of the server, without /api/v1.'),
    query: promql('write the PromQL that gives one value').describe(
      'PromQL that gives exactly one value. Default: none; then `bad` and `total` are required.',
    ),
    bad: promql('write the selector of a counter').describe(
      'Selector of the counters of what went wrong, such as `http_requests_total{code=~"5.."}`; no `rate`, no `sum`. Default: none; then `query` is required.',
    ),
    total: promql('write the selector of a counter').describe(
      'Selector of the counters of all that `bad` is a part of, such as `http_requests_total`. Default: none; then `query` is required.',
    ),
    ...counting,
    'max-times-before': z
      .number()
      .min(1, 'must be at least 1; write for example `1.25`')
      .optional()
      .describe(
        'The limit as a multiple of the share of the hour before the deployment, for `bad` and `total`. `max` applies if that share is not known. Default: none; `max` applies.',
      ),
    control: section({
      bad: promql('write the selector of a counter').describe(
        'As `bad`, of what runs beside it. Has no default.',
      ),
      total: promql('write the selector of a counter').describe(
        'As `total`, of what runs beside it. Has no default.',
      ),
      'max-times': z
        .number()
        .min(1, 'must be at least 1; write for example `1.25`')
        .default(1.25)
        .describe('Allowed multiple of the share of the control.'),
    })
      .optional()
      .describe(
        'What runs at the same time and is known to be good, such as the previous version in a canary release. Default: none.',
      ),
    traffic: promql('write the selector of a counter').describe(
      'Selector of the counters of all requests: the check fails if they stop coming. Default: none.',
    ),
    'min-times-before': z
      .number()
      .gt(0, 'must be above 0; write for example `0.5`')
      .max(1, 'must be at most 1; write for example `0.5`')
      .default(0.5)
      .describe('For `traffic`: the minimum share of the requests of the hour before.'),
    ...measured,
    headers: shared.headers,
  },
  { expect: 'only a check of `type: http` has it' },
)
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .superRefine(needOneQuestion, { when: isMapping })
  .transform(
    ({
      for: forMs,
      query,
      bad,
      total,
      method,
      alpha: share,
      'max-times-before': timesBefore,
      control,
      traffic,
      'min-times-before': minTimesBefore,
      ...check
    }) => {
      const alpha = share === undefined ? {} : { alpha: share }
      const number = { ...finish(check), forMs }
      // there is one of them: needOneQuestion saw to it
      if (traffic !== undefined) {
        return { ...number, traffic, minTimesBefore, method: 'sequential' as const, ...alpha }
      }
      if (bad === undefined || total === undefined) return { ...number, query: query ?? '' }
      return {
        ...number,
        counters: { bad, total },
        method,
        ...alpha,
        ...(timesBefore === undefined ? {} : { timesBefore }),
        ...(control === undefined ? {} : { control: controlOf(control) }),
      }
    },
  )

/** Both selectors are there: needOneQuestion saw to it. */
function controlOf(control: {
  readonly bad?: string | undefined
  readonly total?: string | undefined
  readonly 'max-times': number
}) {
  return {
    counters: { bad: control.bad ?? '', total: control.total ?? '' },
    times: control['max-times'],
  }
}

function promql(what: string) {
  return z.string().regex(/\S/, `is empty; ${what}`).optional()
}

/** A sum of counters hides which of them was reset, and the first error of a new one. What is in quotes is a label's value. */
function isAggregated(promql: string): boolean {
  const unquoted = promql.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '')
  const operators = 'sum|avg|min|max|count|group|stddev|stdvar|topk|bottomk|quantile|count_values|limitk'
  return new RegExp(`\\b(?:${operators})\\b\\s*(?:(?:by|without)\\s*\\([^)]*\\)\\s*)?\\(`, 'i').test(unquoted)
}

function needOneQuestion(check: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const tell = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  const { query, bad, total } = { query: check['query'], bad: check['bad'], total: check['total'] }
  if (check['traffic'] !== undefined) {
    for (const [key, value] of Object.entries({ query, bad, total })) {
      if (value !== undefined) tell(key, 'cannot be combined with `traffic`; write another check for it')
    }
    return
  }
  const control = check['control']
  if (typeof control === 'object' && control !== null) {
    if (!('bad' in control && 'total' in control)) tell('control', 'needs both `bad` and `total`')
    if (query !== undefined) tell('control', 'needs the counters `bad` and `total`')
  }
  if (query === undefined && bad === undefined && total === undefined) {
    tell('query', 'is missing; write the PromQL that gives one value, or the counters `bad` and `total`')
    return
  }
  if (query !== undefined) {
    if (check['max-times-before'] !== undefined)
      tell('max-times-before', 'needs the counters `bad` and `total`')
    for (const [key, value] of Object.entries({ bad, total })) {
      if (value !== undefined) tell(key, 'cannot be combined with `query`; remove one of them')
    }
    return
  }
  if (bad === undefined) tell('bad', 'is missing; `total` needs it')
  if (total === undefined) tell('total', 'is missing; `bad` needs it')
  for (const [key, value] of Object.entries({ bad, total })) {
    if (typeof value === 'string' && /\b(?:rate|irate|increase|delta)\s*\(/.test(value)) {
      tell(key, 'must be the counter itself; remove the function, the gate calculates the increase')
    } else if (typeof value === 'string' && isAggregated(value)) {
      tell(key, 'must be the selector of the counters; remove the aggregation, the gate adds them up')
    }
  }
  const { max, min, equals } = { max: check['max'], min: check['min'], equals: check['equals'] }
  if (min !== undefined || equals !== undefined) {
    tell(
      min === undefined ? 'equals' : 'min',
      "can't be the limit of counts; write `max`, the share of bad ones",
    )
  }
  if (typeof max === 'number') {
    const message = explainRatio(max)
    if (message !== undefined && check['metric'] === undefined) tell('max', message)
    if (check['metric'] === undefined) refuseUnreachable({ max }, tell)
  }
}
