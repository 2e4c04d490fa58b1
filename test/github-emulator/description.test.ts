/** What the emulator holds requests and answers against is GitHub's own description of exactly the routes it has. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Octokit } from '@octokit/rest'
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
    const ofOctokit = known.map((id) => {
      const [scope = '', name = ''] = id.split('/')
      const method = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      const functions = Reflect.get(scopes, scope) as typeof rest.repos
      const { DEFAULTS } = functions[method as 'get'].endpoint
      return `${id}: ${DEFAULTS.method} ${DEFAULTS.url}`
    })
    const ofExtract = described.map(({ path, method, operation: { operationId } }) => {
      return `${operationId}: ${method.toUpperCase()} ${path}`
    })
    expect(ofExtract.sort()).toEqual(ofOctokit.sort())
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
      expect(problems.join('\n')).toMatch(/body: .*misspelt|body: \/ must (match|be)/)
    },
  )
})
