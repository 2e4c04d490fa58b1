import { z } from 'zod'
import { configSchema } from './schema.ts'

/**
 * The JSON Schema of what the file may say, as text. Draft 7, as that is what the YAML language servers of editors
 * understand in full.
 */
export function renderJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' })
  const { environments, ...properties } = schema.properties ?? {}
  const each = describeOwn(Object.entries(properties).filter(([key]) => !shared.has(key)))
  const described = {
    $schema,
    title: 'Rollback configuration (.github/rollback.yml)',
    ...schema,
    properties: {
      ...properties,
      ...(typeof environments === 'object' && {
        environments: { ...environments, minProperties: 1, additionalProperties: each },
      }),
    },
  }
  return `${JSON.stringify(described, null, 2)}\n`
}

let known: ReadonlySet<string> | undefined

/** Every key that the file can have, at whatever place. */
export function keysOfSchema(): ReadonlySet<string> {
  known ??= findKeys()
  return known
}

function findKeys(): ReadonlySet<string> {
  const keys = new Set<string>()
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, each] of Object.entries(value)) {
      if (name === 'properties' && typeof each === 'object')
        for (const key of Object.keys(each ?? {})) keys.add(key)
      walk(each)
    }
  }
  walk(z.toJSONSchema(configSchema, { io: 'input' }))
  return keys
}

/** What an environment cannot have of its own. */
const shared: ReadonlySet<string> = new Set(['environment', 'history'])

type JsonSchema = z.core.JSONSchema._JSONSchema

/** What an environment says for itself: any key may be in the shared part instead, and a key without a value is taken away. */
function describeOwn(properties: readonly (readonly [string, JsonSchema])[]): JsonSchema {
  return {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: Object.fromEntries(properties.map(([key, schema]) => [key, orNull(withoutRequired(schema))])),
  }
}

function object(schema: JsonSchema): z.core.JSONSchema.BaseSchema {
  return typeof schema === 'boolean' ? {} : schema
}

function withoutRequired(schema: JsonSchema): JsonSchema {
  if (typeof schema !== 'boolean' && schema.anyOf !== undefined)
    return { ...schema, anyOf: schema.anyOf.map((each) => object(withoutRequired(each))) }
  if (typeof schema === 'boolean' || schema.properties === undefined) return schema
  const { required = [], properties, ...rest } = schema
  const own = Object.entries(properties ?? {}).map(([key, each]) => [
    key,
    required.includes(key)
      ? { ...object(each), description: `${object(each).description ?? ''} Default: that above.` }
      : orNull(withoutRequired(each)),
  ])
  return { ...rest, properties: Object.fromEntries(own) }
}

/** An environment takes a key of the shared part away by writing null. */
function orNull(schema: JsonSchema): JsonSchema {
  const { description, default: usual, ...rest } = object(schema)
  const said = {
    ...(description !== undefined && { description }),
    ...(usual !== undefined && { default: usual }),
  }
  if (typeof rest.type === 'string' && rest.enum === undefined && rest.const === undefined)
    return { ...said, ...rest, type: [rest.type, 'null'] } as unknown as JsonSchema
  return { ...said, anyOf: [rest, { type: 'null' }] }
}
