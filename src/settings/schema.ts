import { z } from 'zod'
import { incidentSchema } from '../incident/settings.ts'
import { configLayerSchema } from '../layers/config/settings.ts'
import { flagsSchema } from '../layers/flags/settings.ts'
import { otaSchema } from '../layers/ota/settings.ts'
import { notifySchema } from '../notify/settings.ts'
import { branchesCollide } from './branch-name.ts'
import {
  branchName,
  type DeepReadonly,
  environmentVariable,
  isMapping,
  isOneLine,
  plainPath,
  section,
} from './fields.ts'
import { healthSchema } from './health.ts'
import { postmortemSchema } from './postmortem.ts'
import { codeSchema, databaseSchema, rollbackSchema } from './rollback.ts'
import { suggestOrList } from './suggest.ts'

export type { CheckRules, Limit } from '../health/checks/schema.ts'
export { type Metric, metricDefaults, metrics, type Severity, severities } from './metrics.ts'

/** `.github/rollback.yml`: its types, its validation and the JSON Schema that editors complete from are all this. */
export const configSchema = section(
  {
    environment: environmentName()
      .default('production')
      .describe('Environment that this file describes. With `environments`: the default one.'),
    environments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'Several environments, each with the settings that differ from the rest of the file. A key here replaces the same key above, and `null` removes it. Default: one environment.',
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
      branch: branchName().default('rollback-history').describe('Branch that holds the events.'),
    })
      .prefault({})
      .describe('Where the history of incidents is stored.'),
    health: healthSchema().prefault({}).describe('How the actions check that production is healthy.'),
    env: z
      .array(environmentVariable('MY_TOKEN'))
      .default([])
      .describe(
        'Names of more secrets that reusable workflows pass on as environment variables, such as those of a command. Secrets that these settings name elsewhere, and `AWS_*` for backups in a bucket, need not be listed.',
      ),
    rollback: rollbackSchema(),
    code: codeSchema(),
    database: databaseSchema(),
    ota: otaSchema(),
    config: configLayerSchema(),
    flags: flagsSchema(),
    incident: incidentSchema(),
    notify: notifySchema(),
    postmortem: postmortemSchema(),
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
      const message = `is not a level: \`incident.levels\` has ${levels.length}; write a level there, or leave the key out`
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
