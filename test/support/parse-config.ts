import { settingsOf, usualEnvironment } from '../../src/settings/environments.ts'
import { parseSettings } from '../../src/settings/parse.ts'
import type { Config } from '../../src/settings/schema.ts'

/** The settings of the environment that is meant where nothing names one. @throws InputError as `parseSettings` does */
export function parseConfig(source: { readonly text: string; readonly file: string }): Config {
  const settings = parseSettings(source)
  return settingsOf(settings, usualEnvironment(settings))
}
