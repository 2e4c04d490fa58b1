import type { FlagdFile } from './flagd-definitions.ts'
import { readFlagdJson } from './flagd-json.ts'
import { readFlagdYaml } from './flagd-yaml.ts'

/**
 * Reads a file of flagd: YAML where its name ends so, else JSON, as flagd itself decides.
 * @param text a byte order mark may stand before it
 * @throws InputError that names the place of what is malformed, or set twice: parsers keep the last of two silently
 */
export function readFlagdFile(file: string, text: string): FlagdFile {
  return isYaml(file) ? readFlagdYaml(file, text) : readFlagdJson(file, text)
}

function isYaml(file: string): boolean {
  return /\.ya?ml$/i.test(file)
}
