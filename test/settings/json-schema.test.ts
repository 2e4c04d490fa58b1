import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { example } from './example.ts'

const committed = readFileSync(new URL('../../schema/rollback.schema.json', import.meta.url), 'utf8')

describe('the JSON Schema', () => {
  const validate = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(committed))

  test.each([
    ['a file with every key', example],
    ['an empty mapping', '{}'],
    ['code that something else deploys', 'code: { redeploy: external }'],
    [
      'an environment with another timeout of the same workflow',
      'code: { redeploy: { workflow: a.yml } }\nenvironments: { docs: { code: { redeploy: { timeout: 5m } } } }',
    ],
    [
      'an environment that something else deploys',
      'environments: { docs: { code: { redeploy: external } } }',
    ],
    [
      'an environment that takes settings away',
      'environments: { docs: { database: null, health: { window: null } } }',
    ],
  ])('takes %s', (_, text) => {
    expect(validate(parse(text)) || validate.errors).toBe(true)
  })

  test.each([
    ['an unknown key', 'foo: 1'],
    ['a deployment by an unknown word', 'code: { redeploy: externl }'],
    ['a deployment by no workflow', 'code: { redeploy: { timeout: 5m } }'],
    ['a duration without unit', 'health: { window: 300 }'],
    ['a check of an unknown type', 'health: { checks: [{ name: a, type: x, url: "http://a" }] }'],
    ['a check without address', 'health: { checks: [{ name: a, type: http }] }'],
    ['a misspelt severity', 'health: { checks: [{ name: a, type: http, url: "http://a", severity: hih }] }'],
  ])('refuses %s', (_, text) => {
    expect(validate(parse(text))).toBe(false)
  })

  test('describes every key, and says the default of every key that need not be there', () => {
    for (const { path, schema, required } of keysOf(JSON.parse(committed))) {
      expect([path, schema['description']]).toEqual([path, expect.stringMatching(/\S.*[^\s]/)])
      const saysDefault = 'default' in schema || /default/i.test(String(schema['description']))
      expect([path, required || saysDefault]).toEqual([path, true])
    }
  })
})

type JsonObject = Readonly<Record<string, unknown>>

interface Key {
  readonly path: string
  readonly schema: JsonObject
  readonly required: boolean
}

function keysOf(schema: unknown, path = ''): readonly Key[] {
  if (Array.isArray(schema)) return schema.flatMap((each) => keysOf(each, path))
  if (!isObject(schema)) return []
  const needed = Array.isArray(schema['required']) ? schema['required'] : []
  const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : []
  const own = properties.flatMap(([key, value]) => {
    const here = `${path}.${key}`
    return isObject(value)
      ? [{ path: here, schema: value, required: needed.includes(key) }, ...keysOf(value, here)]
      : []
  })
  const inner = ['items', 'oneOf', 'anyOf', 'additionalProperties'].flatMap((key) =>
    keysOf(schema[key], path),
  )
  return [...own, ...inner]
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
