import { z } from 'zod'
import { InputError, message, setting } from '../errors.ts'
import type { Secrets } from '../runner/secrets.ts'
import type { Config } from '../settings/schema.ts'
import { readableVariables } from '../settings/variables.ts'

const given = z.record(z.string(), z.string())

/**
 * Takes from the secrets of the workflow, all of which a called workflow hands over, those that the settings name, and puts
 * them into the environment. A variable that the step has by itself stays as it is, and no other secret is touched.
 * @param text JSON, from `${{ toJSON(secrets) }}`; '' for none
 * @throws InputError for what is no such text, without a word of it
 */
export function provideSecrets(
  text: string,
  { config, env, secrets }: { config: Config; env: NodeJS.ProcessEnv; secrets: Secrets },
): void {
  if (text === '') return
  const all = given.safeParse(parseJson(text))
  if (!all.success)
    throw new InputError(
      message`${setting('secrets')} is not a JSON object of strings; write \${{ toJSON(secrets) }}`,
    )
  const readable = readableVariables(config)
  for (const [name, value] of Object.entries(all.data)) {
    if (value === '' || !readable.has(name) || env[name]) continue
    secrets.add(value)
    env[name] = value
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
