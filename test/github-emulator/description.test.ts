/** What the emulator holds requests and answers against is GitHub's own description of exactly the routes it has. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Octokit } from '@octokit/rest'
import { Ajv } from 'ajv'
import { loadOperations, type Operation } from '../support/github/openapi.ts'
import { operations as known, type OperationId } from '../support/github/operations.ts'
import { routes } from '../support/github/routes/table.ts'

interface Described {
  readonly operationId: string
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
}

const extract: unknown = JSON.parse(
  readFileSync(new URL('../support/github/github.openapi.json', import.meta.url), 'utf8'),
)
const { paths, components } = extract as {
  paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  components: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}
const described = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)
const operations = loadOperations()

function operation(id: OperationId): Operation {
  const found = operations.find((each) => each.id === id)
  if (found === undefined) throw new Error(`${id} is not described`)
  return found
}

describe('the extract of the description', () => {
  test('has every operation of operations.ts, and no other', () => {
    expect(described.map(({ operation: { operationId } }) => operationId).sort()).toEqual([...known].sort())
  })

  test('has a route for every operation, and no other', () => {
    expect(Object.keys(routes).sort()).toEqual([...known].sort())
  })

  test('has methods and paths as Octokit knows them, which is made from the same description', () => {
    const { rest } = new Octokit()
    const scopes: object = rest
    const ofOctokit = known.flatMap((id) => {
      const [scope = '', name = ''] = id.split('/')
      const method = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      const functions = Reflect.get(scopes, scope) as typeof rest.repos
      // newer than Octokit, which is asked for by their path: its types of the description have them
      if (id.includes('concurrency-group')) return []
      const { DEFAULTS } = functions[method as 'get'].endpoint
      return `${id}: ${DEFAULTS.method} ${DEFAULTS.url}`
    })
    const ofExtract = described.flatMap(({ path, method, operation: { operationId } }) => {
      if (operationId.includes('concurrency-group')) return []
      return `${operationId}: ${method.toUpperCase()} ${path}`
    })
    expect(ofExtract.sort()).toEqual(ofOctokit.sort())
  })

  // the emulator does not look again each time that it compiles one
  test('has schemas that keep to the schema of schemas', () => {
    const ajv = new Ajv({ strict: false })
    const schemas = [...Object.values(components['schemas'] ?? {}), ...schemasIn(extract)] as object[]
    expect(schemas.length).toBeGreaterThan(100)
    for (const schema of schemas) {
      ajv.validateSchema(schema)
      expect({ schema, errors: ajv.errors ?? null }).toEqual({ schema, errors: null })
    }
    ajv.validateSchema({ type: 'object', required: true })
    expect(ajv.errors).toMatchObject([{ instancePath: '/required', keyword: 'type' }])
  })

  test('has each component that is referred to, and none that is not', () => {
    const referred = new Set(
      [...JSON.stringify(extract).matchAll(/"#\/components\/([^"]+)"/g)].map(([, name]) => name),
    )
    const held = Object.entries(components).flatMap(([kind, group]) =>
      Object.keys(group).map((name) => `${kind}/${name}`),
    )
    expect(held.sort()).toEqual([...referred].sort())
  })
})

describe('a request', () => {
  const withBody = described.filter(({ operation: { requestBody } }) => requestBody !== undefined)
  test.each(withBody.map(({ operation: { operationId } }) => operationId as OperationId))(
    'of %s is refused when its body has a field that GitHub does not know',
    (id) => {
      const problems = operation(id).checkRequest({
        params: {},
        query: new URLSearchParams(),
        body: { misspelt: 1 },
      })
      expect(problems.join('\n')).toContain('misspelt')
    },
  )

  const nothing = { params: {}, query: new URLSearchParams(), body: undefined }
  const sha = 'a'.repeat(40)
  test.each<[string, OperationId, Partial<typeof nothing> | { body: unknown }, string]>([
    [
      'a misspelt field inside a list',
      'git/create-tree',
      { body: { tree: [{ paht: 'x' }] } },
      'body: /tree/0 must NOT have additional properties ("paht")',
    ],
    [
      'a field of the wrong type',
      'git/update-ref',
      { body: { sha, force: 'yes' } },
      'body: /force must be boolean',
    ],
    [
      'a value that is none of those GitHub knows',
      'repos/create-deployment-status',
      { body: { state: 'done' } },
      'body: /state must be equal to one of the allowed values (["error","failure","inactive","in_progress","queued","pending","success"])',
    ],
    ['no body where one is needed', 'git/update-ref', {}, 'body: is required'],
    [
      'a needed field left out',
      'git/update-ref',
      { body: { force: true } },
      "body: / must have required property 'sha'",
    ],
    ['a body where none is taken', 'git/get-ref', { body: {} }, 'body: this operation takes none'],
    [
      'a query parameter that GitHub does not know',
      'issues/list-for-repo',
      { query: new URLSearchParams({ label: 'x' }) },
      'query: label is not known',
    ],
    [
      'a query parameter of the wrong type',
      'issues/list-for-repo',
      { query: new URLSearchParams({ per_page: 'all' }) },
      'query per_page: / must be integer',
    ],
    [
      'a number in the path that is none',
      'issues/get',
      { params: { issue_number: 'last' } },
      'path issue_number: / must be integer',
    ],
    [
      'a time that is none',
      'issues/list-for-repo',
      { query: new URLSearchParams({ since: 'yesterday' }) },
      'query since: / must match format "date-time"',
    ],
  ])('is refused: %s', (_, id, request, problem) => {
    expect(operation(id).checkRequest({ ...nothing, ...request })).toContain(problem)
  })

  test('that fits has no problems', () => {
    const request = {
      params: { owner: 'octo-org', repo: 'shop', ref: 'heads/main' },
      query: new URLSearchParams(),
      body: { sha, force: false },
    }
    expect(operation('git/update-ref').checkRequest(request)).toEqual([])
  })
})

describe('an answer', () => {
  const ref = {
    ref: 'refs/heads/main',
    node_id: 'x',
    url: 'https://api.github.com/repos/octo-org/shop/git/refs/heads/main',
    object: { type: 'commit', sha: 'a'.repeat(40), url: 'https://api.github.com/x' },
  }

  test('that GitHub gives has no problems', () => {
    expect(operation('git/get-ref').checkResponse({ status: 200, body: ref })).toEqual([])
  })

  test('that lacks a field is not GitHub’s', () => {
    const { object: _, ...rest } = ref
    expect(operation('git/get-ref').checkResponse({ status: 200, body: rest })).toEqual([
      "response 200: / must have required property 'object'",
    ])
  })

  test('with a field of the wrong type is not GitHub’s', () => {
    const body = { ...ref, object: { ...ref.object, sha: 7 } }
    expect(operation('git/get-ref').checkResponse({ status: 200, body })).toEqual([
      'response 200: /object/sha must be string',
    ])
  })

  test('with a status that the operation does not know is not GitHub’s', () => {
    expect(operation('git/get-ref').checkResponse({ status: 201, body: ref })).toEqual([
      'status 201 is not one that git/get-ref answers with',
    ])
    expect(operation('git/list-matching-refs').checkResponse({ status: 410, body: {} })).toEqual([
      'status 410 is not one that git/list-matching-refs answers with',
    ])
  })

  test('with a body where there is none is not GitHub’s', () => {
    expect(operation('git/delete-ref').checkResponse({ status: 204, body: {} })).toEqual([
      'status 204 of git/delete-ref has no body',
    ])
  })

  test('that says no is held against the description too', () => {
    expect(operation('git/get-ref').checkResponse({ status: 404, body: { message: 404 } })).toEqual([
      'response 404: /message must be string',
    ])
    expect(operation('git/get-ref').checkResponse({ status: 429, body: { message: 'later' } })).toEqual([])
  })
})

/** What stands under `schema`, of parameters, bodies and answers, at any depth; `x-…` are notes, with patches of schemas. */
function schemasIn(value: unknown): readonly unknown[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, each]) => {
    if (key.startsWith('x-')) return []
    return key === 'schema' ? [each] : schemasIn(each)
  })
}
