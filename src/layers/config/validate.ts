import { runInNewContext } from 'node:vm'
import { type Schema, Validator } from '@cfworker/json-schema'
import { InputError, message, setting } from '../../errors.ts'
import { codeOf } from '../../text/system-error.ts'
import { findPath, type Value } from './value.ts'

/** A JSON Schema; its text is a user's, and its patterns are, too. */
export interface SchemaFile {
  readonly path: string
  readonly text: string
}

/** How long the validation of one file may take, ms: a pattern such as `^(a+)+$` can take for ever. */
const deadlineMs = 5_000

/**
 * What is wrong with a document: fields that are required and not there, and what its JSON Schema does not allow. Runs no code
 * of the schema's.
 * @param required dotted names
 * @returns one line each, with the place in the document; empty when it is valid
 * @throws InputError when the schema itself is wrong, or takes too long
 */
export function validateDocument(
  value: Value,
  { required, schema }: { readonly required: readonly string[]; readonly schema: SchemaFile | undefined },
): readonly string[] {
  const missing = required.flatMap((name) =>
    findPath(value, name) === undefined ? [`${name} is required and is not there`] : [],
  )
  return [...missing, ...(schema === undefined ? [] : validateBy(schema, value))]
}

function validateBy(file: SchemaFile, value: Value): readonly string[] {
  const validator = new Validator(readSchema(file), '2020-12', false)
  try {
    // interrupts a pattern that backtracks for ever, which no timer can
    const result = runInNewContext(
      'validate()',
      { validate: () => validator.validate(plainOf(value)) },
      { timeout: deadlineMs },
    )
    const errors: readonly {
      readonly keyword: string
      readonly instanceLocation: string
      readonly error: string
    }[] = result.valid ? [] : result.errors
    // a parent's error says only that a child has one
    const leaves = errors.filter(({ keyword }) => !applicators.has(keyword))
    return (leaves.length > 0 ? leaves : errors).map(
      ({ instanceLocation, error }) => `${instanceLocation.slice(1) || '/'}: ${error}`,
    )
  } catch (error) {
    const isLate = codeOf(error) === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    throw new InputError(
      isLate
        ? message`${setting('config.schema')} (${file.path}) takes more than ${deadlineMs / 1000} s, most likely in a pattern; write a simpler pattern`
        : message`${setting('config.schema')} (${file.path}) cannot be used: ${error}`,
    )
  }
}

const applicators: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'items',
  'prefixItems',
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  '$ref',
  'dependentSchemas',
])

/** Names of the fields that a schema marks `writeOnly`, as paths with `[]` for list items. */
export function writeOnlyPaths(file: SchemaFile): ReadonlySet<string> {
  const found = new Set<string>()
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    if ('writeOnly' in schema && schema.writeOnly === true) found.add(path)
    if ('properties' in schema && typeof schema.properties === 'object' && schema.properties !== null)
      for (const [key, each] of Object.entries(schema.properties))
        walk(each, path === '' ? key : `${path}.${key}`)
    if ('items' in schema) walk(schema.items, `${path}[]`)
  }
  walk(readSchema(file), '')
  return found
}

function readSchema({ path, text }: SchemaFile): Schema {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  } catch {
    // told below
  }
  throw new InputError(message`${setting('config.schema')} (${path}) is not a JSON Schema; write one in JSON`)
}

/** The document as JSON has it. Numbers that JSON cannot hold exactly are what they are nearest to. */
function plainOf(value: Value): unknown {
  if (value.kind === 'map')
    return Object.fromEntries([...value.entries].map(([key, each]) => [key, plainOf(each)]))
  if (value.kind === 'list') return value.items.map(plainOf)
  const { type, text } = value
  if (type === 'number') return Number(text.replaceAll('_', ''))
  if (type === 'boolean') return text.toLowerCase() === 'true'
  return type === 'null' ? null : text
}
