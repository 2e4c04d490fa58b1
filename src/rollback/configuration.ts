import { InputError, listLines, message, setting } from '../errors.ts'
import { configLayerSchema } from '../layers/config/settings.ts'
import type { Config } from '../settings/schema.ts'

/** What a step says of the configuration, beside the settings; '' and empty lists for what is left to these. */
export interface ConfigWish {
  readonly files: readonly string[]
  readonly folder: string
  readonly storage: string
  readonly variables: readonly string[]
  readonly target: string
  readonly keys: readonly string[]
  readonly schema: string
  readonly required: readonly string[]
  readonly allowRemoval: boolean
  /** name of the environment variable that holds a token for the variables */
  readonly variablesToken: string
}

/**
 * The settings, in which the inputs of a step replace the settings of the same name.
 * @throws InputError for what does not go together
 */
export function withConfiguration(config: Config, wish: ConfigWish): Config {
  const own = config.config
  const files = wish.files.length > 0 ? wish.files : (own?.files ?? [])
  const variables = wish.variables.length > 0 ? wish.variables : (own?.variables ?? [])
  if (files.length === 0 && variables.length === 0)
    throw new InputError(
      message`${setting('config.files')} and ${setting('config.variables')} are empty; write files, such as config/app.yml, or variables, or describe them under \`config\` in .github/rollback.yml`,
    )
  const text = (given: string, usual: string | undefined) => given || usual
  const isInRepository = text(wish.folder, own?.folder) === undefined && variables.length === 0
  const token = wish.variablesToken || own?.variablesToken?.env
  const given = {
    files,
    folder: text(wish.folder, own?.folder),
    variables,
    // an input of the step is never ignored silently
    'variables-token':
      token === undefined || (variables.length === 0 && wish.variablesToken === '')
        ? undefined
        : { env: token },
    'organization-variables': variables.includes('organization') ? own?.organizationVariables : undefined,
    storage: isInRepository ? wish.storage || undefined : text(wish.storage, own?.storage),
    target: isInRepository ? undefined : text(wish.target, own?.target),
    keys: wish.keys.length > 0 ? wish.keys : own?.keys,
    schema: text(wish.schema, own?.schema),
    required: wish.required.length > 0 ? wish.required : own?.required,
    'allow-removal': wish.allowRemoval || own?.allowRemoval,
  }
  const parsed = configLayerSchema().safeParse(given)
  if (parsed.success) return { ...config, config: parsed.data }
  throw new InputError(
    listLines(
      parsed.error.issues.map(({ path, message: said }) => message`${setting(nameOfItem(path))} ${said}`),
    ),
  )
}

/** As `config.files[1]` for an item of a list. */
function nameOfItem([key, index]: readonly PropertyKey[]): string {
  return `config.${String(key)}${typeof index === 'number' ? `[${index}]` : ''}`
}
