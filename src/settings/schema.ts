import { z } from 'zod'
import { checksSchema } from '../health/checks/schema.ts'
import { incidentSchema } from '../incident/settings.ts'
import { configLayerSchema } from '../layers/config/settings.ts'
import { flagsSchema } from '../layers/flags/settings.ts'
import { otaSchema } from '../layers/ota/settings.ts'
import { notifySchema } from '../notify/settings.ts'
import { formatDuration, parseDuration } from '../text/duration.ts'
import { branchesCollide } from './branch-name.ts'
import {
  branchName,
  type DeepReadonly,
  duration,
  environmentVariable,
  isOneLine,
  plainPath,
  section,
} from './fields.ts'
import { codeSchema, databaseSchema, rollbackSchema } from './rollback.ts'
import { suggestOrList } from './suggest.ts'

export type { CheckRules, Limit } from '../health/checks/schema.ts'
export { type Metric, metricDefaults, metrics, type Severity, severities } from './metrics.ts'

/** `.github/rollback.yml`: its types, its validation and the JSON Schema that editors complete from are all this. */
export const configSchema = section(
  {
    environment: environmentName()
      .default('production')
      .describe(
        'Environment that this file describes; with `environments`, the one that is meant where nothing names one.',
      ),
    environments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'Several environments, each with what is different from the rest of the file: a key here takes the place of the same key above, and `null` removes it. Default: one environment.',
      ),
    branch: branchName()
      .optional()
      .describe(
        'Branch that the environment is deployed from. Default: the default branch of the repository.',
      ),
    paths: z
      .array(plainPath())
      .min(1, 'is empty; write a folder such as `apps/web`, or leave the key out')
      .optional()
      .describe(
        'Folders and files that the environment is deployed from, for a repository with several apps: only these are rolled back. Default: the whole branch.',
      ),
    history: section({
      branch: branchName()
        .default('rollback-history')
        .describe('Branch that holds what happened, as events.'),
    })
      .prefault({})
      .describe('Where the record of incidents is kept.'),
    health: healthSchema().prefault({}).describe('How the actions see whether production is well.'),
    env: z
      .array(environmentVariable('MY_TOKEN'))
      .default([])
      .describe(
        'More secrets that called workflows hand over as environment variables, by their names, such as those of a command. Those that these settings name elsewhere, and `AWS_*` for backups in a bucket, are handed over without being listed.',
      ),
    rollback: rollbackSchema(),
    code: codeSchema(),
    database: databaseSchema(),
    ota: otaSchema(),
    config: configLayerSchema(),
    flags: flagsSchema(),
    incident: incidentSchema(),
    notify: notifySchema(),
    postmortem: section({
      labels: z
        .array(
          z
            .string()
            .regex(/\S/, 'is empty; write the name of a label')
            .max(50, 'is too long; GitHub takes 50 characters'),
        )
        .default(['postmortem', 'incident'])
        .describe('Labels of the issue.'),
      assignees: z
        .array(
          z
            .string()
            .regex(
              /^[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?$/,
              'is not a login; write it without @, such as `octocat`',
            ),
        )
        .max(10, 'has too many; GitHub takes 10')
        .default([])
        .describe('Logins of those who get the issue.'),
      template: plainPath()
        .optional()
        .describe(
          'Markdown file of the repository that the people’s part of a new issue is made of; `{{ environment }}` and the other variables that the README of postmortem-issue lists are filled in. By default it asks for impact, causes, lessons, action items, prevention, process, follow-ups and sign-off.',
        ),
      folder: plainPath()
        .default('docs/postmortems')
        .describe(
          'Folder for post-mortems that the operation `file` adds to the repository. Default: `docs/postmortems`.',
        ),
      routes: z
        .record(
          z
            .string()
            .regex(
              /^\/(?:[^\s?#*{}]*[^\s?#*{}/])?$/,
              'is not a route; write the path of an address, such as `/checkout`, without a slash at its end',
            ),
          z.array(plainPath()).min(1, 'is empty; write the folders that serve the route'),
        )
        .default({})
        .describe(
          'Folders and files that serve a route, such as `/checkout: [src/checkout]`. If a failing check names an address below the route, commits that change these are the first suspects.',
        ),
      'review-within': duration({ min: 86_400_000 })
        .optional()
        .describe(
          'In what time after the incident the post-mortem is to be reviewed, such as `5d`. A new issue then has a task with that date, and the operation `remind` comments while it is overdue. By default no date is set.',
        ),
    })
      .transform(({ 'review-within': reviewWithinMs, ...rest }) => ({ ...rest, reviewWithinMs }))
      .prefault({})
      .describe('The issue that is written after a rollback.'),
  },
  Object.fromEntries(
    ['window', 'interval', 'timeout', 'cooldown', 'checks'].map((key) => [key, 'it belongs under `health`']),
  ),
)
  .superRefine(keepHistoryApart, { when: isMapping })
  .superRefine(demandChannels, { when: isMapping })
  .transform(({ environments: _, paths = [], ...config }) => ({ ...config, paths }))

/** A name as GitHub has it for an environment. */
export function environmentName() {
  return z
    .string()
    .regex(/\S/, 'is empty; write a name such as `production`')
    .refine(isOneLine, { error: 'holds a line break or control character; write one line' })
    .max(255, 'is too long; write at most 255 characters')
}

const defaultIntervalMs = parseDuration('15s')
const defaultTimeoutMs = parseDuration('10s')

function healthSchema() {
  return section({
    window: duration({ max: parseDuration('6h') })
      .prefault('5m')
      .describe('How long the gate looks at production before it calls it healthy. At most 6h.'),
    interval: duration({ min: 100 })
      .optional()
      .describe(
        'Time from one round of checks to the next. From 100ms to the window; by default 15s, or the window if that is shorter.',
      ),
    timeout: duration({ min: 1 })
      .optional()
      .describe(
        'Longest time that one probe or query may take. At most the window; by default 10s, or the window if that is shorter.',
      ),
    alpha: z
      .number()
      .gt(0, 'must be above 0; write for example `0.01`')
      .max(0.5, 'must be at most 0.5; write for example `0.01`')
      .default(0.01)
      .describe(
        'Chance that the gate calls a healthy deployment bad from its counts, however often it looks; split over the checks that count.',
      ),
    'healthy-early': z
      .boolean()
      .default(false)
      .describe(
        'Whether the gate ends as soon as all checks count and all are seen to be well, so that what starts later goes unseen.',
      ),
    cooldown: duration()
      .prefault('30m')
      .describe('Least time between two automatic rollbacks of the environment.'),
    jitter: duration()
      .prefault('0s')
      .describe(
        'Each look begins up to so much later, by chance, so that many gates do not ask at the same moment. At most the interval.',
      ),
    concurrency: z
      .int('must be a whole number; write for example `10`')
      .min(1, 'must be at least 1')
      .default(10)
      .describe('How many checks look at the same time, at most.'),
    checks: checksSchema.prefault([]).describe('What is looked at. Each check has a limit and a severity.'),
    impact: checksSchema
      .prefault([])
      .describe(
        'What tells whether users are harmed, such as active users, crashes, feedback and engagement: measured before and after, and never rolled back for.',
      ),
  })
    .superRefine(keepWithinWindow, { when: isMapping })
    .transform((health) => {
      const { window: windowMs, interval, timeout, cooldown: cooldownMs, checks, impact, alpha } = health
      const intervalMs = interval ?? Math.min(defaultIntervalMs, windowMs)
      const timeoutMs = timeout ?? Math.min(defaultTimeoutMs, windowMs)
      return {
        windowMs,
        intervalMs,
        timeoutMs,
        cooldownMs,
        alpha,
        healthyEarly: health['healthy-early'],
        jitterMs: Math.min(health.jitter, intervalMs),
        concurrency: health.concurrency,
        checks: checks.map((check) => fillFor(check, { intervalMs, windowMs })),
        impact: impact.map((check) => fillFor(check, { intervalMs, windowMs })),
      }
    })
}

/** The list of checks alone, for an interval and window that are known from elsewhere (milliseconds). */
export function checksSchemaFor(rounds: Rounds) {
  return checksSchema
    .superRefine(
      (checks, context) => refuseLateFor({ checks, path: [], windowMs: rounds.windowMs, context }),
      {
        when: ({ value }) => Array.isArray(value),
      },
    )
    .transform((checks) => checks.map((check) => fillFor(check, rounds)))
}

/** What the file may say. */
export type ConfigInput = z.input<typeof configSchema>

/** What the file says, with every default filled in; durations in milliseconds, ratios from 0 to 1. */
export type Config = DeepReadonly<z.output<typeof configSchema>>

/** One probe or query with a limit and a severity. A new type of check is one more member of the schema's union. */
export type Check = Config['health']['checks'][number]
export type HttpCheck = Extract<Check, { type: 'http' }>
export type PrometheusCheck = Extract<Check, { type: 'prometheus' }>
/** The check of one type. */
export type CheckOf<T extends Check['type']> = Extract<Check, { type: T }>
/** A header as it is sent, or the environment variable that holds it. */
export type HeaderValue = HttpCheck['headers'][string] | { readonly env: string; readonly scheme: string }

/** What holds where there is no file, or an empty one. */
export function defaultConfig(): Config {
  return configSchema.parse({})
}

interface Rounds {
  readonly intervalMs: number
  readonly windowMs: number
}

/** One failed probe may be the network's fault; two in a row are not. Never longer than the window. */
function fillFor(check: z.output<typeof checksSchema>[number], { intervalMs, windowMs }: Rounds) {
  return check.type === 'http'
    ? { ...check, forMs: check.forMs ?? Math.min(2 * intervalMs, windowMs) }
    : check
}

function keepWithinWindow(health: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const bad = new Set(context.issues.map((issue) => issue.path?.[0]))
  const windowMs = health['window']
  if (bad.has('window') || typeof windowMs !== 'number') return
  for (const key of ['interval', 'timeout']) {
    if (bad.has(key)) continue
    refuseLonger({ value: health[key], path: [key], windowMs, context })
  }
  refuseLateFor({ checks: health['checks'], path: ['checks'], windowMs, context })
}

/** A breach that must last longer than anyone looks would never count. */
function refuseLateFor({
  checks,
  path,
  windowMs,
  context,
}: {
  readonly checks: unknown
  readonly path: readonly string[]
  readonly windowMs: number
  readonly context: z.core.$RefinementCtx
}): void {
  if (!Array.isArray(checks)) return
  for (const [index, check] of checks.entries()) {
    refuseLonger({ value: check?.forMs, path: [...path, index, 'for'], windowMs, context })
    refuseLonger({ value: check?.initialDelayMs, path: [...path, index, 'initial-delay'], windowMs, context })
  }
}

function refuseLonger({
  value,
  path,
  windowMs,
  context,
}: {
  readonly value: unknown
  readonly path: (string | number)[]
  readonly windowMs: number
  readonly context: z.core.$RefinementCtx
}): void {
  if (typeof value !== 'number' || value <= windowMs) return
  const message = `is longer than the window; write at most \`${formatDuration(windowMs)}\`, or a longer \`window\``
  context.addIssue({ code: 'custom', path, message })
}

function keepHistoryApart(config: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const { branch, history } = { branch: config['branch'], history: config['history'] }
  if (typeof branch !== 'string' || typeof history !== 'object' || history === null) return
  if (!('branch' in history) || typeof history.branch !== 'string') return
  if (!branchesCollide(branch, history.branch)) return
  context.addIssue({
    code: 'custom',
    path: ['history', 'branch'],
    message: `can't be kept beside the \`branch\` that is deployed; write another, such as \`rollback-history\``,
  })
}

/** A level whose channel is not there would notify nobody, and neither would mentions of a level that is not there. */
function demandChannels(config: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const bad = new Set(context.issues.map((issue) => issue.path?.[0]))
  if (bad.has('incident') || bad.has('notify')) return
  const read = readChannels.safeParse(config)
  if (!read.success) return
  const { levels } = read.data.incident
  const known = Object.keys(read.data.notify.channels)
  for (const [name, { mentions }] of Object.entries(read.data.notify.channels)) {
    for (const level of Object.keys(mentions).filter((each) => Number(each) > levels.length)) {
      const path = ['notify', 'channels', name, 'mentions', level]
      const message = `is no level: \`incident.levels\` has ${levels.length}; write a level there, or leave the key out`
      context.addIssue({ code: 'custom', path, message })
    }
  }
  for (const [index, { channels }] of levels.entries()) {
    for (const [at, name] of channels.entries()) {
      if (known.includes(name)) continue
      const path = ['incident', 'levels', index, 'channels', at]
      const message = `is not among \`notify.channels\`; ${known.length === 0 ? 'describe it there' : suggestOrList(name, known)}`
      context.addIssue({ code: 'custom', path, message })
    }
  }
}

const readChannels = z.object({
  incident: z.object({ levels: z.array(z.object({ channels: z.array(z.string()) })) }),
  notify: z.object({
    channels: z.record(z.string(), z.object({ mentions: z.record(z.string(), z.unknown()).default({}) })),
  }),
})

function isMapping({ value }: { readonly value: unknown }): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
