import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { type OperationId, operations } from './operations.ts'

type Json = null | boolean | number | string | readonly Json[] | JsonObject
interface JsonObject {
  readonly [key: string]: Json
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: JsonObject
  readonly 'x-multi-segment'?: boolean
}

/** One operation of GitHub's API, as GitHub describes it. */
export interface Operation {
  readonly id: OperationId
  /** of two operations that match, the one with more fixed text in its path is meant */
  readonly literalLength: number
  /** The parameters in a path that belongs to this operation; undefined for another path. */
  readonly match: (method: string, path: string) => Readonly<Record<string, string>> | undefined
  /** What GitHub would not understand of a request; empty when all is well. */
  readonly checkRequest: (request: {
    readonly params: Readonly<Record<string, string>>
    readonly query: URLSearchParams
    readonly body: unknown
  }) => readonly string[]
  /** What GitHub would not answer so; empty when it would. */
  readonly checkResponse: (response: { readonly status: number; readonly body: unknown }) => readonly string[]
}

/** Answers that any operation can give though its description does not list them; 422 to a name or an id that is none. */
const alwaysPossible = new Set([400, 401, 403, 404, 422, 429, 500, 502, 503])

/** Answers that GitHub gives though the description of the operation does not list them. */
const undescribed: { readonly [O in OperationId]?: readonly number[] } = {
  // a variable of that name is there
  'actions/create-repo-variable': [409],
}

/** What GitHub sends though its description lacks it: a deployment that waits for reviewers, https://github.com/octokit/webhooks.net/pull/52 */
const statesOfDeployments = '"enum":["error","failure","inactive","pending","success","queued","in_progress"]'

const addressOfSchemas = 'https://api.github.com/schemas/'

let loaded: readonly Operation[] | undefined

/** GitHub's description; read once for all the emulators of a process. */
export function loadOperations(): readonly Operation[] {
  loaded ??= readOperations()
  return loaded
}

function readOperations(): readonly Operation[] {
  const text = readFileSync(new URL('./github.openapi.json', import.meta.url), 'utf8')
  // where GitHub writes `oneOf` it means one form or another: many of its errors fit two forms at once
  const completed = text
    .replaceAll('"oneOf":', '"anyOf":')
    .replace(statesOfDeployments, statesOfDeployments.replace(']', ',"waiting"]'))
  const description = JSON.parse(completed) as JsonObject
  // every test file compiles its own, for a few uses, which has to be quick: a test holds the schemas against the schema of
  // schemas, one that is referred to is compiled once instead of into each that refers to it, and nothing is optimized
  const ajv = new Ajv({
    ...{ strict: false, allErrors: true, coerceTypes: false },
    ...{ meta: false, validateSchema: false, inlineRefs: false, code: { optimize: false } },
  })
  addFormats.default(ajv)
  // GitHub's own: owner and name of a repository
  ajv.addFormat('repo.nwo', /^[^/]+\/[^/]+$/)
  // each under an address of its own: ajv compiles it once then, and not once for each operation that refers to it
  for (const [name, schema] of Object.entries(at(at(description, 'components'), 'schemas')))
    ajv.addSchema(inDescription(schema as JsonObject), `${addressOfSchemas}${name}`)
  const known = new Set<string>(operations)
  return Object.entries(at(description, 'paths')).flatMap(([template, item]) =>
    Object.entries(item as JsonObject).map(([method, operation]) => {
      const id = String(at(operation, 'operationId'))
      if (!known.has(id)) throw new Error(`${id} is not in operations.ts: run script/extract-openapi.ts`)
      return describe({
        ajv,
        description,
        template,
        method,
        operation: operation as JsonObject,
        id: id as OperationId,
      })
    }),
  )
}

function describe({
  ajv,
  description,
  template,
  method,
  operation,
  id,
}: {
  ajv: Ajv
  description: JsonObject
  template: string
  method: string
  operation: JsonObject
  id: OperationId
}): Operation {
  const resolve = (value: Json): JsonObject => {
    const reference = (value as JsonObject)['$ref']
    if (typeof reference !== 'string') return value as JsonObject
    return reference
      .slice(2)
      .split('/')
      .reduce<Json>((node, key) => (node as JsonObject)[key] ?? null, description) as JsonObject
  }
  const parameters = ((operation['parameters'] ?? []) as readonly Json[]).map(
    resolve,
  ) as unknown as Parameter[]
  const pattern = pathPattern(template, parameters)
  const bodySchema = jsonSchemaOf(operation['requestBody'])
  const compiled = new Map<string, ValidateFunction>()
  const compile = (key: string, schema: JsonObject): ValidateFunction => {
    const found = compiled.get(key) ?? ajv.compile(inDescription(schema))
    compiled.set(key, found)
    return found
  }
  const violations = (key: string, schema: JsonObject, value: unknown): readonly string[] => {
    const validate = compile(key, schema)
    return validate(value) ? [] : (validate.errors ?? []).map(explain)
  }

  return {
    id,
    literalLength: template.replace(/\{[^}]+\}/g, '').length,
    match(requestMethod, path) {
      if (requestMethod.toLowerCase() !== method) return undefined
      const groups = pattern.exec(path)?.groups
      return groups && Object.fromEntries(Object.entries(groups).map(([k, v]) => [k, decodeURIComponent(v)]))
    },
    checkRequest({ params, query, body }) {
      const check = (where: 'path' | 'query', [name, value]: readonly [string, string]) => {
        const known = parameters.find((each) => each.in === where && each.name === name)
        if (known === undefined) return [`${where}: ${name} is not known`]
        const key = `${where} ${name}`
        return violations(key, known.schema, coerce(value, known.schema)).map((each) => `${key}: ${each}`)
      }
      const problems = [
        ...Object.entries(params).flatMap((each) => check('path', each)),
        ...[...query].flatMap((each) => check('query', each)),
      ]
      if (bodySchema === undefined)
        return body === undefined ? problems : [...problems, 'body: this operation takes none']
      if (body === undefined) {
        const required = (operation['requestBody'] as JsonObject)['required'] === true
        return required ? [...problems, 'body: is required'] : problems
      }
      return [...problems, ...violations('body', closed(bodySchema), body).map((each) => `body: ${each}`)]
    },
    checkResponse({ status, body }) {
      const described = at(operation, 'responses')[String(status)]
      if (described === undefined) {
        if (alwaysPossible.has(status) || undescribed[id]?.includes(status)) return []
        return [`status ${status} is not one that ${id} answers with`]
      }
      const schema = jsonSchemaOf(resolve(described))
      if (schema === undefined)
        return body === undefined || status >= 400 ? [] : [`status ${status} of ${id} has no body`]
      return violations(`response ${status}`, schema, body).map((each) => `response ${status}: ${each}`)
    },
  }
}

/** `{name}` is a segment of the path; parameters marked multi-segment may hold slashes. */
function pathPattern(template: string, parameters: readonly Parameter[]): RegExp {
  const multi = new Set(parameters.filter((each) => each['x-multi-segment']).map(({ name }) => name))
  const source = template
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{([^}]+)\}/g, (_, name: string) => `(?<${name}>${multi.has(name) ? '.+' : '[^/]+?'})`)
  return new RegExp(`^${source}$`)
}

function jsonSchemaOf(body: Json | undefined): JsonObject | undefined {
  const content = (body as JsonObject | undefined)?.['content'] as JsonObject | undefined
  return (content?.['application/json'] as JsonObject | undefined)?.['schema'] as JsonObject | undefined
}

/**
 * A request's schema in which every object has only the fields it names. GitHub passes unknown fields over in silence,
 * so a misspelt one does nothing there and is an error here.
 */
function closed(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).map(([key, value]): [string, Json] => [key, closeJson(value)])
  const isOpen = 'properties' in schema && !('additionalProperties' in schema)
  return Object.fromEntries([
    ...entries,
    ...(isOpen ? [['additionalProperties', false] as [string, Json]] : []),
  ])
}

function closeJson(value: Json): Json {
  if (Array.isArray(value)) return value.map(closeJson)
  return value !== null && typeof value === 'object' ? closed(value as JsonObject) : value
}

function inDescription(schema: JsonObject): JsonObject {
  return JSON.parse(
    JSON.stringify(schema).replaceAll('"#/components/schemas/', `"${addressOfSchemas}`),
  ) as JsonObject
}

/** Query parameters are text: a number or a truth value is read as one where the description asks for it. */
function coerce(value: string, schema: JsonObject): unknown {
  if (schema['type'] === 'integer' && /^-?\d+$/.test(value)) return Number(value)
  if (schema['type'] === 'boolean' && /^(true|false)$/.test(value)) return value === 'true'
  return value
}

function explain({ instancePath, message, params }: ErrorObject): string {
  const extra: unknown = params['additionalProperty'] ?? params['allowedValues']
  return `${instancePath || '/'} ${message ?? ''}${extra === undefined ? '' : ` (${JSON.stringify(extra)})`}`
}

function at(value: Json, key: string): JsonObject {
  return (value as JsonObject)[key] as JsonObject
}
