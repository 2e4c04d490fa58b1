import { lineCounterOf, locate, readSource } from './source.ts'

/** The text of a configuration file, and how messages call it. */
export interface SettingsText {
  readonly text: string
  readonly file: string
}

/**
 * Where a file has a setting.
 * @param path its keys, such as `code.max-commits`
 * @returns e.g. `.github/rollback.yml:12:5`; undefined when the file does not have it
 */
export function locateSetting({ text: raw, file }: SettingsText, path: string): string | undefined {
  const text = raw.replace(/^\ufeff/, '')
  const { document } = readSource(text)
  const keys = path.split('.')
  if (document === undefined || !document.hasIn(keys)) return undefined
  const { line, col } = lineCounterOf(text).linePos(locate({ document, path: keys, at: 'key' }).start)
  return `${file}:${line}:${col}`
}
