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
  'initial-delay': duration()
    .optional()
    .describe(
      'Time for the new version to warm up: probes begin at once and are shown, and what they find, or is counted, in this time is not judged. Default: none.',
    ),
  'on-no-data': z
    .enum(['inconclusive', 'fail', 'pass'])
    .default('inconclusive')
    .describe(
      'What a round without data is: a gap (`inconclusive`), beyond the limit (`fail`), or within it (`pass`).',
    ),
  'on-error': z
    .enum(['error', 'fail', 'ignore'])
    .default('error')
    .describe(
      'What a round that could not look is: an `error`, beyond the limit (`fail`), or no data (`ignore`).',
    ),
  'failure-limit': count()
    .optional()
    .describe(
      'Rounds beyond the limit that are tolerated, of all rounds, in a row or not; one more is an issue. Stands in the place of `for`. Default: `for` decides.',
    ),
  'consecutive-error-limit': count()
    .optional()
    .describe('Errors in a row that are tolerated; one more, and the verdict is `error`. Default: 2.'),
  'inconclusive-limit': count()
    .optional()
    .describe(
      'Rounds without data that are tolerated, of all rounds; one more, and the check is inconclusive. Default: half of them.',
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
      `What is measured, with its own limit and severity. ${describeMetrics(metrics)}. Default: none, so that a limit and a severity are needed.`,
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
    .describe(`What is measured: the share of the looks that failed. ${describeMetrics(['error-rate'])}.`),
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
      'How counts are judged: `sequential` weighs them, with a bounded chance of a false alarm; `threshold` holds their share since the last round against the limit.',
    ),
  alpha: z
    .number()
    .gt(0, 'must be above 0; write for example `0.005`')
    .max(0.5, 'must be at most 0.5; write for example `0.005`')
    .optional()
    .describe(
      'Chance of a false alarm by this check, of that of the whole gate. Default: an equal part of what the others leave.',
    ),
}

function count() {
  return z.int('must be a whole number; write one such as `3`').min(0, 'must not be below 0')
}
