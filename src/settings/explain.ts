import type { z } from 'zod'
import type { Path } from './source.ts'
import { listChoices, quote, suggestOrList } from './suggest.ts'

/** What the schema refused, in words. */
export interface Finding {
  readonly path: Path
  /** a wrong value is shown where it stands, an unknown key where its name stands */
  readonly at: 'key' | 'value'
  readonly message: string
}

type Issue = z.core.$ZodIssue

/** Turns one issue of the schema into sentences: subject from the path, the rest from the schema's message. */
export function explainIssue(issue: Issue, parent: Path = []): readonly Finding[] {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
  const tell = (message: string): readonly Finding[] => [
    { path, at: 'value', message: `${subjectOf(path)} ${message}` },
  ]
  if (issue.code === 'unrecognized_keys') {
    const lines = issue.message.split('\n')
    return issue.keys.map((key, index) => {
      return { path: [...path, key], at: 'key', message: lines[index] ?? `unknown key ${quote(key)}` }
    })
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.slice(0, 1).map((inner) => {
      return { path, at: 'key', message: `${subjectOf(path)} ${inner.message}` }
    })
  }
  if (issue.input === null) return tell('has no value; write one, or remove the line')
  if (issue.code === 'invalid_union') {
    if (issue.discriminator !== undefined) return tell(explainDiscriminator(issue))
    const branch = meantBranch(issue.errors)
    if (branch !== undefined) return branch.flatMap((inner) => explainIssue(inner, path))
  }
  return tell(issue.message)
}

/** What to say of an issue that the schema has no words of its own for. */
export function explainPlainly(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_type') return explainType({ expected: issue.expected, input: issue.input })
  if (issue.code === 'invalid_value')
    return explainChoice({ known: issue.values.map(String), input: issue.input })
  return 'is not understood here; remove it, or see the documentation of the key'
}

function explainType({ expected, input }: { readonly expected: string; readonly input: unknown }): string {
  if (input === undefined) return 'is missing; write it'
  return mustBe[expected] ?? explainText(input)
}

const mustBe: Readonly<Record<string, string>> = {
  array: 'must be a list; write its items in brackets, `[…]`, or each on its own line with `- `',
  object: 'must be a mapping; write keys and values, such as `key: value`',
  record: 'must be a mapping; write keys and values, such as `key: value`',
  boolean: 'must be a switch; write `true` or `false`',
  int: 'must be a whole number; write it without a fraction',
  number: 'must be a number; write it without quotes',
}

function explainText(input: unknown): string {
  const plain = typeof input === 'number' || typeof input === 'boolean'
  return plain ? `must be a text; write it in quotes: \`'${input}'\`` : 'must be a text; write one'
}

interface Choice {
  readonly known: readonly string[]
  readonly input: unknown
}

function explainChoice({ known, input }: Choice): string {
  if (typeof input === 'string') return `can't be ${quote(input)}; ${suggestOrList(input, known)}`
  return `${input === undefined ? 'is missing' : 'must be a word'}; ${listChoices(known)}`
}

function explainDiscriminator(issue: z.core.$ZodIssueInvalidUnion): string {
  const known = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
  const key = issue.discriminator ?? ''
  const input: unknown = typeof issue.input === 'object' ? Reflect.get(issue.input ?? {}, key) : undefined
  return input === null ? 'has no value; write one' : explainChoice({ known, input })
}

/** The only branch of a union that has the right type: its problems say more than those of the union. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const near = branches.filter((issues) => {
    return !issues.some(({ code, path, input }) => {
      const isWord = code === 'invalid_value' && typeof input === 'object'
      return path.length === 0 && (code === 'invalid_type' || isWord)
    })
  })
  return near.length === 1 ? near[0] : undefined
}

/** `checks[1]` for an item of a list, the key for all else. */
function subjectOf(path: Path): string {
  const lastKey = path.findLastIndex((part) => typeof part === 'string')
  const key = path[lastKey]
  const indexes = path.slice(lastKey + 1).map((index) => `[${index}]`)
  if (key === undefined) return indexes.length === 0 ? 'the whole text' : `item ${Number(path[0]) + 1}`
  return quote(`${key}${indexes.join('')}`)
}
