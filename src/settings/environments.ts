import { z } from 'zod'
import { InputError, type Message, message, setting } from '../errors.ts'
import { explainIssue, explainPlainly, type Finding } from './explain.ts'
import { type Config, configSchema, environmentName } from './schema.ts'
import type { Path } from './source.ts'
import { listChoices, suggest, suggestOrList } from './suggest.ts'

/** What a settings file says: the settings of each environment that it describes. */
export interface Settings {
  /** how messages call the file; undefined where there is none, and the defaults hold */
  readonly file: string | undefined
  readonly environments: ReadonlyMap<string, Config>
  /** the environment that is meant where nothing names one; undefined where several could be */
  readonly usual: string | undefined
}

/**
 * The settings of an environment.
 * @param said a clause that says what names the environment
 * @throws InputError that lists the environments there are
 */
export function settingsOf(
  { environments, file }: Settings,
  environment: string,
  said: Message = message`${setting('environment')} is ${JSON.stringify(environment)}`,
): Config {
  const found = environments.get(environment)
  if (found !== undefined) return found
  const names = [...environments.keys()]
  const nearest = suggest(environment, names)
  const advice = nearest === undefined ? `${listChoices(names)}, or` : `did you mean \`${nearest}\`? If not,`
  throw new InputError(
    message`${said}, and ${describes(file)} ${listNames(names)}; ${advice} describe it under \`environments\``,
  )
}

/** The name of the environment that is meant where nothing names one. @throws InputError where several could be */
export function usualEnvironment({ usual, environments, file }: Settings): string {
  if (usual !== undefined) return usual
  throw new InputError(
    message`${setting('environment')} is not given, and ${describes(file)} ${listNames([...environments.keys()])}; name one of them, or write \`environment: NAME\` in the file for the one that is meant by default`,
  )
}

function describes(file: string | undefined): string {
  return file === undefined ? 'the settings describe' : `${file} describes`
}

function listNames(names: readonly string[]): string {
  return `the ${names.length === 1 ? 'environment' : 'environments'} ${names.map((name) => JSON.stringify(name)).join(', ')}`
}

/** Reads the whole file: `environments` with the shared part above, or one environment. */
export function readSettings(value: unknown): {
  readonly settings: Omit<Settings, 'file'> | undefined
  readonly findings: readonly Finding[]
} {
  if (!isMapping(value) || !('environments' in value)) {
    const parsed = configSchema.safeParse(value, parseOptions)
    if (!parsed.success) return { settings: undefined, findings: findingsOf(parsed.error) }
    const { environment } = parsed.data
    return {
      settings: { environments: new Map([[environment, parsed.data]]), usual: environment },
      findings: [],
    }
  }
  const { environments: listed, environment: usual, ...shared } = value
  const head = headSchema.safeParse({ environments: listed, environment: usual }, parseOptions)
  if (!head.success) return { settings: undefined, findings: findingsOf(head.error) }
  const environments = new Map<string, Config>()
  const findings: Finding[] = []
  for (const [name, own] of Object.entries(head.data.environments)) {
    const parsed = configSchema.safeParse({ ...merge(shared, own), environment: name }, parseOptions)
    if (parsed.success) environments.set(name, parsed.data)
    else
      findings.push(
        ...findingsOf(parsed.error).map((each) => ({
          ...each,
          path: origin(each.path, { own, shared, name }),
        })),
      )
  }
  if (findings.length > 0) return { settings: undefined, findings }
  const names = [...environments.keys()]
  const only = names.length === 1 ? names[0] : names.find((name) => name === 'production')
  return { settings: { environments, usual: head.data.environment ?? only }, findings: [] }
}

const parseOptions = { reportInput: true, error: explainPlainly } as const

const headSchema = z
  .object({
    environment: environmentName().optional(),
    environments: z
      .record(
        environmentName(),
        z.preprocess((own) => own ?? {}, z.record(z.string(), z.unknown())),
      )
      .refine((all) => Object.keys(all).length > 0, {
        error: 'is empty; write the name of an environment and its settings, such as `production: {}`',
      }),
  })
  .superRefine(({ environment, environments }, context) => {
    const names = Object.keys(environments)
    for (const [name, own] of Object.entries(environments)) {
      for (const key of ['environment', 'environments', 'history'].filter((each) => each in own)) {
        const input = own[key]
        const error = `is the same for all environments; write it above \`environments\`, or remove it`
        context.addIssue({ code: 'custom', path: ['environments', name, key], message: error, input })
      }
    }
    if (environment !== undefined && !names.includes(environment)) {
      const error = `is not among \`environments\`; ${suggestOrList(environment, names)}`
      context.addIssue({ code: 'custom', path: ['environment'], message: error, input: environment })
    }
  })

function findingsOf(error: z.core.$ZodError): readonly Finding[] {
  return error.issues.flatMap((issue) => explainIssue(issue))
}

type Mapping = Readonly<Record<string, unknown>>

/** Mappings are merged key by key; anything else that an environment says takes the place of the shared part, and `null` takes it away. */
function merge(shared: Mapping, own: Mapping): Mapping {
  const merged: Record<string, unknown> = { ...shared }
  for (const [key, value] of Object.entries(own)) {
    const before = shared[key]
    if (value === null) delete merged[key]
    else merged[key] = isMapping(before) && isMapping(value) ? merge(before, value) : value
  }
  return merged
}

/** Where a merged value is written; for one that is missing, where it is missing from. */
function origin(path: Path, { own, shared, name }: { own: Mapping; shared: Mapping; name: string }): Path {
  const [depthOfOwn, depthOfShared] = [depthIn(own, path), depthIn(shared, path)]
  return depthOfOwn > 0 && depthOfOwn >= depthOfShared ? ['environments', name, ...path] : path
}

/** How many parts of a path lead somewhere; a list or a text ends it, as it is not merged. */
function depthIn(mapping: Mapping, path: Path): number {
  let value: unknown = mapping
  for (const [depth, part] of path.entries()) {
    if (!isMapping(value)) return path.length
    if (!Object.hasOwn(value, part)) return depth
    value = value[part]
  }
  return path.length
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
