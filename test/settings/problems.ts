import { InputError } from '../../src/errors.ts'
import { parseChecks } from '../../src/settings/parse.ts'
import { parseConfig } from '../support/parse-config.ts'

/** The message that a text is refused with, frames and all. */
export function refusalOf(
  text: string,
  parse: typeof parseConfig | typeof parseChecks = parseConfig,
): string {
  const message = findRefusalOf(text, parse)
  if (message === undefined) throw new Error(`expected a refusal of:\n${text}`)
  return message
}

/** The same; undefined for a text that is valid. */
export function findRefusalOf(
  text: string,
  parse: typeof parseConfig | typeof parseChecks = parseConfig,
): string | undefined {
  try {
    parse({ text, file: 'rollback.yml' })
    return undefined
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
}

/** Only its sentences, each with line and column. */
export function problemsOf(text: string): readonly string[] {
  return sentencesOf(refusalOf(text))
}

/** The sentences on a list of checks. */
export function checkProblemsOf(text: string): readonly string[] {
  return sentencesOf(refusalOf(text, parseChecks))
}

function sentencesOf(message: string): readonly string[] {
  return message
    .split('\n')
    .filter((line) => line.startsWith('rollback.yml:'))
    .map((line) => line.slice('rollback.yml:'.length))
}
