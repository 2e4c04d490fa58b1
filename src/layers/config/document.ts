import { basename } from 'node:path'
import { InputError } from '../../errors.ts'
import { readJson } from './formats/json.ts'
import { readEnvEntries, readPropertyEntries, valueOfEntries } from './formats/lines.ts'
import { readToml } from './formats/toml.ts'
import { readYaml } from './formats/yaml.ts'
import type { Value } from './value.ts'

const formats = ['json', 'jsonc', 'yaml', 'toml', 'env', 'properties'] as const
export type Format = (typeof formats)[number]

/** The format of a file, by its name; undefined for one that is only backed up and restored as it is. */
export function formatOf(file: string): Format | undefined {
  const name = basename(file)
  if (/^\.env(\..+)?$|\.env$/.test(name)) return 'env'
  const [, ending = ''] = /\.([^.]+)$/.exec(name) ?? []
  const known: Readonly<Record<string, Format>> = {
    json: 'json',
    jsonc: 'jsonc',
    yaml: 'yaml',
    yml: 'yaml',
    toml: 'toml',
    properties: 'properties',
  }
  return known[ending.toLowerCase()]
}

/** A file's text: UTF-8, less the byte order mark, which parsers do not take. @throws InputError for what is no UTF-8 */
export function textOf(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new InputError(`${file} is not UTF-8 text; it can be backed up and restored, but not compared`)
  }
}

/**
 * Reads what a file says.
 * @throws InputError with file, line and column for what is malformed, set twice, or too large
 */
export function readDocument(file: string, format: Format, bytes: Uint8Array): Value {
  const text = textOf(file, bytes)
  switch (format) {
    case 'json':
      return readJson(file, text, { comments: false })
    case 'jsonc':
      return readJson(file, text, { comments: true })
    case 'yaml':
      return readYaml(file, text)
    case 'toml':
      return readToml(file, text)
    case 'env':
      return valueOfEntries(file, text, readEnvEntries(file, text))
    case 'properties':
      return valueOfEntries(file, text, readPropertyEntries(file, text))
  }
}
