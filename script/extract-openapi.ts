/**
 * Writes test/support/github/github.openapi.json: what GitHub's own OpenAPI description says of the routes that the
 * emulator knows. The whole of it is 13 MB, one host's share of a package of 385 MB, so no install carries it.
 * Run by hand when a route or the description's version is added: `node script/extract-openapi.ts`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { operations } from '../test/support/github/operations.ts'

const source = '@octokit/openapi@23.0.2'
const target = new URL('../test/support/github/github.openapi.json', import.meta.url)
const methods = ['get', 'put', 'post', 'patch', 'delete'] as const

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type JsonObject = { readonly [key: string]: Json }

const description = download()
const paths = pickOperations(description)
const components = pickComponents(description, paths)
const extract = { openapi: description['openapi'] ?? '', source, paths, components }
writeFileSync(target, `${JSON.stringify(extract)}\n`)

function download(): JsonObject {
  const directory = mkdtempSync(join(tmpdir(), 'openapi-'))
  try {
    const file = execFileSync('npm', ['pack', '--silent', source], {
      cwd: directory,
      encoding: 'utf8',
    }).trim()
    const member = 'package/generated/api.github.com.json'
    execFileSync('tar', ['-xzf', file, member], { cwd: directory })
    return object(JSON.parse(readFileSync(join(directory, member), 'utf8')))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function pickOperations(from: JsonObject): JsonObject {
  const wanted = new Set<string>(operations)
  const picked = Object.entries(object(from['paths'])).flatMap(([path, item]) => {
    const kept = Object.entries(object(item)).filter(([method, operation]) => {
      return (
        methods.some((each) => each === method) && wanted.delete(String(object(operation)['operationId']))
      )
    })
    return kept.length === 0 ? [] : [[path, strip(Object.fromEntries(kept))] as const]
  })
  if (wanted.size > 0) throw new Error(`${source} has no operation ${[...wanted].join(', ')}`)
  return Object.fromEntries(picked)
}

/** The components that the operations refer to, and those that these refer to in turn. */
function pickComponents(from: JsonObject, paths: JsonObject): JsonObject {
  const picked: Record<string, Record<string, Json>> = {}
  const follow = (value: Json): void => {
    for (const [, kind = '', name = ''] of JSON.stringify(value).matchAll(
      /"#\/components\/([^/"]+)\/([^"]+)"/g,
    )) {
      const group = picked[kind] ?? {}
      picked[kind] = group
      if (name in group) continue
      const component = strip(object(object(from['components'])[kind])[name] ?? null)
      group[name] = component
      follow(component)
    }
  }
  follow(paths)
  return picked
}

/** Leaves out what is for people, and says `nullable` in the way of JSON Schema. */
function strip(value: Json): Json {
  if (Array.isArray(value)) return value.map(strip)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([key, each]) => !isForPeople(key, each))
  const { nullable, ...kept } = Object.fromEntries(entries.map(([key, each]) => [key, strip(each)]))
  return nullable === true ? { anyOf: [kept, { type: 'null' }] } : kept
}

/** A property may be called `description` too: then its value is a schema, and stays. */
function isForPeople(key: string, value: Json): boolean {
  if (['examples', 'example', 'externalDocs', 'tags', 'summary', 'x-github', 'x-octokit'].includes(key))
    return typeof value !== 'object' || value === null || !('type' in value)
  return (key === 'description' || key === 'title') && typeof value === 'string'
}

function object(value: Json | undefined): JsonObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new TypeError('the description is not of the expected shape')
  return value as JsonObject
}
