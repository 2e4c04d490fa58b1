import type { Config } from './schema.ts'

/** Secrets that the libraries and tools of the layers read under names of their own. */
const usualSecrets = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'EXPO_TOKEN']

/** All that they read so. */
const usual = [
  ...usualSecrets,
  'AWS_ACCESS_KEY_ID',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
]

/** The secrets among what they read so, to keep them out of every text. */
export function secretsOfTools(env: NodeJS.ProcessEnv): readonly string[] {
  return usualSecrets.flatMap((name) => env[name] || [])
}

/**
 * The environment variables that the settings name, wherever they do: `{ env: NAME }`, and lists under `env`.
 * @returns each name once, sorted
 */
export function namedVariables(config: Config): readonly string[] {
  return [...new Set(namesIn(config))].sort()
}

/** Those, and what the layers' tools read by themselves: all that the actions may take from the secrets that they are given. */
export function readableVariables(config: Config): ReadonlySet<string> {
  return new Set([...namesIn(config), ...usual])
}

/** The names of the variables that a part of the settings names: `{ env: NAME }`, and lists under `env`. */
export function namesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    if (key !== 'env') return namesIn(each)
    return [each].flat().filter((name) => typeof name === 'string')
  })
}
