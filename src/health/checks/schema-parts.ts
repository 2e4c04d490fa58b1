import { z } from 'zod'
import { duration, headers, limit, section } from '../../settings/fields.ts'
import { describeMetrics, metrics, severities } from '../../settings/metrics.ts'

/** What every type of check has. */
export const shared = {
  name: z
    .string({
      error: ({ input }) =>
        input === undefined ? 'is missing; name the check, such as `homepage`' : undefined,
    })
    .regex(
      /^[a-z0-9][a-z0-9-]*$/,
      'must consist of lowercase letters, digits and dashes; write a name such as `error-rate-eu`',
    )
    .max(60, 'is too long; write at most 60 characters')
    .describe('Name of the check in reports and the history; unique among the checks.'),
  severity: z
    .enum(severities)
    .optional()
    .describe('Severity of a breach. Default: the severity of the metric; required without a metric.'),
  max: limit()
    .optional()
    .describe(
      'The limit is breached by a higher value. Default: the limit of the metric, if none of `max`, `min` and `equals` is set.',
    ),
  min: limit().optional().describe('The limit is breached by a lower value. No default.'),
  equals: limit()
    .optional()
    .describe('The limit is breached by any other value. Not with `max` or `min`. No default.'),
  'initial-delay': duration()
    .optional()
    .describe(
      'Time for the new version to warm up. Probes start immediately and are shown, but results from this time are not judged. Default: none.',
    ),
  'on-no-data': z
    .enum(['inconclusive', 'fail', 'pass'])
    .default('inconclusive')
    .describe(
      'How a round without data counts: as a gap (`inconclusive`), as beyond the limit (`fail`), or as within it (`pass`).',
    ),
  'on-error': z
    .enum(['error', 'fail', 'ignore'])
    .default('error')
    .describe(
      'How a round that failed to measure counts: as an `error`, as beyond the limit (`fail`), or as no data (`ignore`).',
    ),
  'failure-limit': count()
    .optional()
    .describe(
      'How many rounds of all may be beyond the limit, consecutive or not; one more is an issue. Replaces `for`. Default: `for` decides.',
    ),
  'consecutive-error-limit': count()
    .optional()
    .describe(
      'How many consecutive errors are tolerated; with one more, the verdict is `error`. Default: 2.',
    ),
  'inconclusive-limit': count()
    .optional()
    .describe(
      'How many rounds of all may have no data; with one more, the check is inconclusive. Default: half of them.',
    ),
  headers: headers()
    .prefault({})
    .describe('Headers of the request: a text, or { env: NAME } for a secret. Default: none.'),
}

/** The keys of `finish`, in the order of the schema. */
export const rulesOfGaps = {
  'initial-delay': shared['initial-delay'],
  'on-no-data': shared['on-no-data'],
  'on-error': shared['on-error'],
  'failure-limit': shared['failure-limit'],
  'consecutive-error-limit': shared['consecutive-error-limit'],
  'inconclusive-limit': shared['inconclusive-limit'],
}

/** What a number means, when it is bad, and what its gaps are. */
export const measured = {
  metric: z
    .enum(metrics)
    .optional()
    .describe(
      `What is measured, with its own limit and severity. ${describeMetrics(metrics)}. Default: none; then a limit and a severity are required.`,
    ),
  severity: shared.severity,
  max: shared.max,
  min: shared.min,
  equals: shared.equals,
  for: duration()
    .prefault('0s')
    .describe('How long the limit must be breached before it counts. Default: the first breach counts.'),
  ...rulesOfGaps,
}

/** What every check of a number has beside its own source. */
export const common = { name: shared.name, ...measured }

/** What a check has that sees nothing but success and failure. */
export const passOrFail = {
  ...common,
  metric: z
    .literal('error-rate', { error: 'can only be `error-rate` for this type; remove it' })
    .default('error-rate')
    .describe(`What is measured: the share of the rounds that failed. ${describeMetrics(['error-rate'])}.`),
}

/** A secret that a variable of the step holds. */
export const token = (what: string) =>
  section({
    env: z
      .string({
        error: ({ input }) => (input === undefined ? 'is missing; write `{ env: NAME }`' : undefined),
      })
      .regex(
        /^[A-Za-z_][A-Za-z0-9_]*$/,
        'is not the name of an environment variable; write one such as `HEALTH_TOKEN`',
      )
      .describe('Name of the environment variable of the step that holds it.'),
  }).describe(what)

/** A name without spaces. */
export const name = (what: string) => z.string().regex(/^\S+$/, `is not ${what}; write it without spaces`)
/** Any text but an empty one. */
export const text = () => z.string().regex(/\S/, 'is empty; write a text')

/** What counting checks have beside that. */
export const counting = {
  method: z
    .enum(['sequential', 'threshold'])
    .default('sequential')
    .describe(
      'How counts are judged: `sequential` uses a sequential test with a bounded probability of a false alarm; `threshold` compares their share since the last round with the limit.',
    ),
  alpha: z
    .number()
    .gt(0, 'must be above 0; write for example `0.005`')
    .max(0.5, 'must be at most 0.5; write for example `0.005`')
    .optional()
    .describe(
      'Probability of a false alarm by this check, as a part of that of the whole gate. Default: an equal part of what the other checks leave.',
    ),
}

function count() {
  return z.int('must be a whole number; write one such as `3`').min(0, 'must not be below 0')
}
