import { z } from 'zod'
import {
  counting,
  finish,
  isMapping,
  needLimitAndSeverity,
  refuseBadLimits,
  rulesOfGaps,
  shared,
} from './check-parts.ts'
import { duration, headers, httpUrl, jsonPath, section } from './fields.ts'
import { describeMetrics, metrics } from './metrics.ts'

/** What every check of a number has beside its own source. */
const common = {
  name: shared.name,
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

const token = (what: string) =>
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

const name = (what: string) => z.string().regex(/^\S+$/, `is not ${what}; write it without spaces`)
const text = () => z.string().regex(/\S/, 'is empty; write a text')

/** Takes the keys of all checks, and turns the file's `for` into `forMs`. */
function finishNumber<T extends Parameters<typeof finish>[0] & { readonly for: number }>(check: T) {
  const { for: forMs, ...rest } = check
  return { ...finish(rest), forMs }
}

/** Opens a TCP connection: the severity is high, and a refusal is a failure. */
export const tcpCheck = section({
  ...common,
  type: z.literal('tcp').describe('Opens a TCP connection: one that is refused or times out is a failure.'),
  host: name('a host').describe('Name or address of the host.'),
  port: z.int().min(1).max(65535).describe('Port to connect to.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ metric: _, ...check }) => ({
    ...finishNumber({ metric: 'error-rate' as const, ...check }),
    headers: {},
  }))

export const commandCheck = section({
  ...common,
  type: z
    .literal('command')
    .describe(
      'Runs a program, without a shell. Its exit status has to be 0; the last line it prints is the value.',
    ),
  run: z
    .array(text(), {
      error: 'must be a list; write the program and its arguments, such as `[./check.sh, eu]`',
    })
    .min(1, 'is empty; write the program and its arguments')
    .refine(([program]) => program === undefined || /\S/.test(program), 'has no program; write one first')
    .describe('The program and its arguments.'),
  value: z
    .enum(['exit-status', 'output'])
    .default('exit-status')
    .describe(
      'What is held against the limit: the `exit-status`, or the number in the last line of the `output`.',
    ),
  env: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable'))
    .default([])
    .describe('Environment variables of the step that the program gets, beside PATH and HOME.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .transform(({ env: passes, ...check }) => ({ ...finishNumber(check), passes, headers: {} }))

export const jsonCheck = section({
  ...common,
  ...counting,
  type: z
    .literal('json')
    .describe('Asks an address for JSON, and takes one number out of it, or two counters.'),
  url: httpUrl({ example: 'https://example.com/stats' }).describe('Address to ask with GET.'),
  value: jsonPath()
    .optional()
    .describe('JSONPath of the number. Default: none, so that `bad` and `total` are needed.'),
  bad: jsonPath()
    .optional()
    .describe('JSONPath of the counter of what went wrong. Default: none, so that `value` is needed.'),
  total: jsonPath()
    .optional()
    .describe('JSONPath of the counter of all. Default: none, so that `value` is needed.'),
  headers: headers()
    .prefault({})
    .describe('Headers of the request: a text, or { env: NAME } for a secret. Default: none.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .superRefine((check, context) => needOne({ check, single: 'value', context }), { when: isMapping })
  .transform(({ value, bad, total, method, alpha, ...check }) => ({
    ...finishNumber(check),
    ...sourceOf({ single: value, bad, total, method, alpha }),
  }))

export const datadogCheck = section({
  ...common,
  ...counting,
  type: z.literal('datadog').describe('Asks Datadog for the latest point of a metric, or for two counts.'),
  site: z
    .enum([
      'datadoghq.com',
      'us3.datadoghq.com',
      'us5.datadoghq.com',
      'datadoghq.eu',
      'ap1.datadoghq.com',
      'ap2.datadoghq.com',
      'ddog-gov.com',
    ])
    .default('datadoghq.com')
    .describe('Site of the account.'),
  url: httpUrl({ example: 'https://api.datadoghq.com' })
    .optional()
    .describe('Address of the API, where a proxy stands before it. Default: that of the site.'),
  query: text()
    .optional()
    .describe('Query that gives one series. Default: none, so that `bad` and `total` are needed.'),
  bad: text()
    .optional()
    .describe(
      'Query of the count of what went wrong, with `.as_count()`. Default: none, so that `query` is needed.',
    ),
  total: text()
    .optional()
    .describe('Query of the count of all, with `.as_count()`. Default: none, so that `query` is needed.'),
  'api-key': token('The API key.'),
  'app-key': token('The application key; it needs the scope timeseries_query.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .superRefine((check, context) => needOne({ check, single: 'query', context }), { when: isMapping })
  .transform(
    ({ site, url, query, bad, total, method, alpha, 'api-key': apiKey, 'app-key': appKey, ...check }) => ({
      ...finishNumber(check),
      ...sourceOf({ single: query, bad, total, method, alpha }),
      url: url ?? `https://api.${site}`,
      headers: { 'dd-api-key': apiKey, 'dd-application-key': appKey },
    }),
  )

export const newRelicCheck = section({
  ...common,
  ...counting,
  type: z
    .literal('newrelic')
    .describe('Asks New Relic with NRQL for one number, or for counts named `bad` and `total`.'),
  url: httpUrl({ example: 'https://api.eu.newrelic.com/graphql' })
    .default('https://api.newrelic.com/graphql')
    .describe('Address of NerdGraph; the EU has another.'),
  account: z.int().min(1).describe('Id of the account.'),
  nrql: text()
    .refine((nrql) => !/\b(?:since|until|timeseries)\b/i.test(nrql), {
      error: 'holds SINCE, UNTIL or TIMESERIES, which the gate adds itself; remove them',
    })
    .describe('NRQL that gives one row, of one number or of `bad` and `total`, without SINCE and UNTIL.'),
  'api-key': token('The user key.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .transform(({ 'api-key': apiKey, alpha, ...check }) => ({
    ...finishNumber(check),
    ...(alpha === undefined ? {} : { alpha }),
    headers: { 'api-key': apiKey },
  }))

export const sentryCheck = section({
  ...common,
  ...counting,
  type: z.literal('sentry').describe('Counts the crashed sessions or users of a release in Sentry.'),
  url: httpUrl({ example: 'https://sentry.example.com' })
    .default('https://sentry.io')
    .describe('Address of Sentry.'),
  organization: name('a slug').describe('Slug of the organization.'),
  project: z.int().min(1).describe('Number of the project.'),
  release: text().describe('The release as Sentry knows it, such as `shop@1.4.0`.'),
  environment: text().optional().describe('The environment as Sentry knows it. Default: all.'),
  of: z.enum(['sessions', 'users']).default('sessions').describe('What is counted.'),
  token: token('An auth token with the scope org:read.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ token: { env }, alpha, metric, ...check }) => ({
    ...finishNumber({ metric: metric ?? ('crash-rate' as const), ...check }),
    ...(alpha === undefined ? {} : { alpha }),
    headers: { authorization: { env, scheme: 'Bearer' } },
  }))

export const codePushCheck = section({
  ...common,
  ...counting,
  type: z
    .literal('codepush')
    .describe('Counts the failed installs of a CodePush label, and of the one before.'),
  url: httpUrl({ example: 'https://codepush.example.com' }).describe('Address of the CodePush server.'),
  app: text().describe('Name of the app.'),
  deployment: text().default('Production').describe('Name of the deployment.'),
  label: z
    .string()
    .regex(/^v\d+$/, 'is not a label; write one such as `v12`')
    .optional()
    .describe('The label that may be bad. Default: the newest release when the check looks first.'),
  'label-before': z
    .string()
    .regex(/^v\d+$/, 'is not a label; write one such as `v11`')
    .optional()
    .describe(
      'The label to compare with: the new one may fail a quarter more often. Default: without `label` the release before for the same binaries, else none, so that `max` holds.',
    ),
  token: token('An access key.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ token: { env }, alpha, metric, 'label-before': labelBefore, label, ...check }) => ({
    ...finishNumber({ metric: metric ?? ('crash-rate' as const), ...check }),
    ...(alpha === undefined ? {} : { alpha }),
    ...(label === undefined ? {} : { label }),
    ...(labelBefore === undefined ? {} : { labelBefore }),
    headers: { authorization: { env, scheme: 'Bearer' } },
  }))

export const gitHubCheck = section({
  ...common,
  type: z
    .literal('github')
    .describe(
      'Asks GitHub how the revision stands: its required checks, and its deployment to the environment.',
    ),
  checks: z
    .union([z.literal('required'), z.array(text()).min(1, 'is empty; write the names of checks')], {
      error: 'must be `required`, or a list of names of check runs and commit statuses',
    })
    .default('required')
    .describe('Checks that must not fail: those that the rules of the branch require, or these names.'),
  deployment: z
    .boolean()
    .default(true)
    .describe('Whether the newest deployment of the revision to the environment must not fail.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ metric: _, max, ...check }) => ({
    ...finishNumber({ metric: 'error-rate' as const, ...check, max: max ?? 0 }),
    headers: {},
  }))

interface Source {
  readonly single: string | undefined
  readonly bad: string | undefined
  readonly total: string | undefined
  readonly method: 'sequential' | 'threshold'
  readonly alpha: number | undefined
}

/** There is one of both: needOne saw to it. */
function sourceOf({ single, bad, total, method, alpha }: Source) {
  return bad === undefined || total === undefined
    ? { source: single ?? '' }
    : { counters: { bad, total }, method, ...(alpha === undefined ? {} : { alpha }) }
}

function needOne(input: {
  readonly check: Readonly<Record<string, unknown>>
  readonly single: string
  readonly context: z.core.$RefinementCtx
}): void {
  const { check, single, context } = input
  const tell = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  const has = (key: string) => check[key] !== undefined
  if (!has(single) && !has('bad') && !has('total')) tell(single, 'is missing; write it, or `bad` and `total`')
  if (has(single) && (has('bad') || has('total'))) {
    tell(has('bad') ? 'bad' : 'total', `stands in the place of \`${single}\`; remove one of them`)
  }
  if (has('bad') !== has('total')) {
    tell(has('bad') ? 'total' : 'bad', 'is missing; `bad` and `total` need each other')
  }
}
