import { lineCounterOf, locate, readSource } from './source.ts'

/** The text of a configuration file, and how messages call it. */
export interface SettingsText {
  readonly text: string
  readonly file: string
}

/**
 * Where a file has a setting of an environment: under its own name in `environments`, else in the shared part.
 * @param path its keys, such as `code.max-commits` or `config.files[1]`
 * @param environment left out for the shared part alone
 * @returns e.g. `.github/rollback.yml:12:5`; undefined when the file does not have it
 */
export function locateSetting(
  { text: raw, file }: SettingsText,
  path: string,
  environment?: string,
): string | undefined {
  const text = raw.replace(/^\ufeff/, '')
  const { document } = readSource(text)
  const keys = path
    .split(/[.[\]]+/)
    .filter((key) => key !== '')
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key))
  const own = environment === undefined ? [] : [['environments', environment, ...keys]]
  const found = [...own, keys].find((each) => document?.hasIn(each))
  if (document === undefined || found === undefined) return undefined
  const { line, col } = lineCounterOf(text).linePos(locate({ document, path: found, at: 'key' }).start)
  return `${file}:${line}:${col}`
}
