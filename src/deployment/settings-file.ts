import { InputError, message, setting } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { readFile } from '../github/contents.ts'
import type { Settings } from '../settings/environments.ts'
import { defaultConfig } from '../settings/schema.ts'

/** The settings of a repository, and the location of each in the file. */
export interface SettingsFile {
  readonly settings: Settings
  /** false if there is no file, and the defaults apply */
  readonly isConfigured: boolean
  /**
   * @param path such as `code.max-commits`
   * @param environment whose own settings come before the shared ones
   * @returns e.g. `.github/rollback.yml:12:5`; undefined for what the file does not have
   */
  readonly locate: (path: string, environment?: string) => string | undefined
}

/**
 * Reads the settings of a revision through the API, so that no checkout is needed.
 * @param path of the file
 * @param mayLack true for the path that nobody asked for: without a file the defaults hold, for one environment
 * @param environment the name of that one; '' for the usual one
 * @throws InputError for a faulty file, and for one that was asked for and is not there
 */
export async function readSettingsFile(
  repository: Repository,
  {
    path,
    ref,
    mayLack,
    environment,
    onFound,
  }: {
    readonly path: string
    readonly ref: string
    readonly mayLack: boolean
    readonly environment: string
    /** called before the file is checked, so that what is wrong with it is located, too */
    readonly onFound: (locate: SettingsFile['locate']) => void
  },
): Promise<SettingsFile> {
  const file = await readFile(repository, { path, ref })
  if (file === undefined) {
    if (!mayLack)
      throw new InputError(
        message`${setting('config')} is "${path}", and there is no such file at ${ref.slice(0, 7)}; name an existing file, or leave the setting out`,
      )
    return { settings: settingsWithout(environment), isConfigured: false, locate: () => undefined }
  }
  // the YAML parser is loaded only if there is a file
  const [{ locateSetting }, { parseSettings }] = await Promise.all([
    import('../settings/location.ts'),
    import('../settings/parse.ts'),
  ])
  const source = { text: file.text, file: path }
  const locate: SettingsFile['locate'] = (key, of) => locateSetting(source, key, of)
  onFound(locate)
  return { settings: parseSettings(source), isConfigured: true, locate }
}

/** Without a file, there is one environment with all defaults. */
function settingsWithout(environment: string): Settings {
  const config = defaultConfig()
  const usual = environment || config.environment
  return { file: undefined, usual, environments: new Map([[usual, { ...config, environment: usual }]]) }
}
