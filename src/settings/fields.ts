import { query as readPath } from 'jsonpath-rfc9535'
import { z } from 'zod'
import {
  type DurationUnit,
  durationPattern,
  explainDuration,
  formatDuration,
  parseDuration,
} from '../text/duration.ts'
import { redact } from '../text/redact.ts'
import { explainBranchName } from './branch-name.ts'
import { quote, suggestOrList } from './suggest.ts'

/**
 * The building blocks of the schema. Every message in it is the second half of a sentence that starts with the name
 * of the key (`is missing; write …`), except those of unknown keys, which are whole.
 */

/**
 * A mapping that refuses keys it does not know, each with the nearest one that it does.
 * @param elsewhere keys that people put here but belong to another place, and what to do with them
 * @param instead what to say of a text or another plain value in its place; undefined for the usual words
 */
export function section<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  elsewhere: Readonly<Record<string, string>> = {},
  instead?: string,
) {
  const known = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'invalid_type' && isPlain(issue.input)) return instead
      if (issue.code !== 'unrecognized_keys') return undefined
      // one line per key, in the order of `issue.keys`
      return issue.keys.map((key) => explainUnknownKey({ key, known, elsewhere })).join('\n')
    },
  })
}

function isPlain(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'object'
}

function explainUnknownKey({
  key,
  known,
  elsewhere,
}: {
  readonly key: string
  readonly known: readonly string[]
  readonly elsewhere: Readonly<Record<string, string>>
}): string {
  const place = Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined
  return `unknown key ${quote(key)}; ${place ?? suggestOrList(key, known)}`
}

/** Settings as they are read: nothing changes them. */
export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

/** `15s` in the file, milliseconds in the result. */
export function duration({
  min = 0,
  max,
  unit,
}: {
  readonly min?: number
  readonly max?: number
  /** what a number without a unit most likely means; by default seconds */
  readonly unit?: DurationUnit
} = {}) {
  return z
    .string({ error: ({ input }) => (input === undefined ? undefined : explainDuration(input, unit)) })
    .regex(durationPattern, { error: ({ input }) => explainDuration(input, unit) })
    .superRefine((text, context) => {
      if (!durationPattern.test(text)) return
      const message = explainRange({ text, min, max })
      if (message !== undefined) context.addIssue(message)
    })
    .transform((text) => parseDuration(text))
}

function explainRange({
  text,
  min,
  max,
}: {
  readonly text: string
  readonly min: number
  readonly max: number | undefined
}): string | undefined {
  const value = parseOrExplain(text)
  if (typeof value === 'string') return value
  if (value < min) return `is too short; write at least \`${formatDuration(min)}\``
  if (max !== undefined && value > max) return `is too long; write at most \`${formatDuration(max)}\``
  return undefined
}

function parseOrExplain(text: string): number | string {
  try {
    return parseDuration(text)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export function branchName() {
  return z.string().superRefine((name, context) => {
    const message = explainBranchName(name)
    if (message !== undefined) context.addIssue(message)
  })
}

/** A file or folder of the repository, from its top; `./` in front and `/` behind are left out. */
export function plainPath() {
  return z
    .string()
    .regex(/\S/, 'is empty; write a folder such as `apps/web`')
    .refine(isOneLine, { error: 'holds a line break or control character; write one line' })
    .transform((path) => path.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, ''))
    .superRefine((path, context) => {
      const message = explainPath(path)
      if (message !== undefined) context.addIssue(message)
    })
}

function explainPath(path: string): string | undefined {
  if (path === '' || path === '.') return 'is the whole repository; leave the key out instead'
  if (path.startsWith('/')) return `starts with a slash; write \`${path.replace(/^\/+/, '')}\``
  if (/[*?[\]{}]/.test(path)) return 'is a pattern; write the folder alone, such as `apps/web`'
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return 'is not a plain path; write it from the top of the repository, such as `apps/web`'
  return undefined
}

/** An address to look at over HTTP. Credentials in it are refused with those of the rest of the file. */
export function httpUrl({ example }: { readonly example: string }) {
  return z
    .string({
      error: ({ input }) =>
        input === undefined ? `is missing; write an address, such as \`${example}\`` : undefined,
    })
    .regex(
      /^https?:\/\/\S+$/i,
      `is not an address with http or https; write it in full, such as \`${example}\``,
    )
    .refine((url) => !/^https?:\/\/\S+$/i.test(url) || URL.canParse(url), {
      error: `can't be read as an address; write it as \`${example}\``,
    })
}

/** A path into JSON that evaluates no script. */
export function jsonPath() {
  return z.string().superRefine((path, context) => {
    try {
      readPath({}, path)
    } catch {
      context.addIssue({
        code: 'custom',
        message: 'is not a JSONPath of RFC 9535; write one such as `$.errors`',
      })
    }
  })
}

/** Names of HTTP headers (RFC 9110, section 5.6.2) with a text, or the environment variable that holds it. */
export function headers() {
  return z
    .record(
      z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not the name of a header; write one such as `accept`'),
      headerValue,
    )
    .superRefine((all, context) => {
      const seen = new Set<string>()
      for (const name of Object.keys(all)) {
        if (seen.has(name.toLowerCase())) {
          context.addIssue({
            code: 'custom',
            path: [name],
            message: 'is there twice; upper and lower case are the same',
          })
        }
        seen.add(name.toLowerCase())
      }
    })
}

/** The name of a variable of the step that holds a secret: none is written into the file. */
export function environmentVariable(example: string) {
  return z
    .string({
      error: ({ input }) => (input === undefined ? 'is missing; write `{ env: NAME }`' : undefined),
    })
    .regex(
      /^[A-Za-z_][A-Za-z0-9_]*$/,
      `is not the name of an environment variable; write one such as \`${example}\``,
    )
    .refine(
      (name) => redact(name) === name,
      'is itself a secret; write the name of the variable that holds it',
    )
    .describe(`name of the environment variable of the step, such as \`${example}\``)
}

/**
 * A secret, by the name of the variable that holds it: `{ env: NAME }`. Whoever writes the secret itself reads which name to write.
 * @param example the usual name
 */
export function secretVariable(example: string) {
  return section(
    { env: environmentVariable(example) },
    {},
    `must not be written here; put it in a secret and write \`{ env: ${example} }\``,
  )
}

const headerValue = z.union(
  [
    z
      .string()
      .refine(isOneLine, { error: 'holds a line break or control character; write one line' })
      .describe('the text itself; never a secret'),
    section({
      env: environmentVariable('HEALTH_TOKEN').describe(
        'name of the environment variable of the step that holds the whole value, such as `Bearer …`',
      ),
    }),
  ],
  { error: 'must be a text or `{ env: NAME }`; write a text in quotes' },
)

/** False for a text with control characters, which in a header would start another one. */
export function isOneLine(text: string): boolean {
  return !/\p{Cc}/u.test(text)
}

/** A threshold; says how to write one where people write `5%` or `5s`. */
export function limit() {
  return z.number({ error: ({ input }) => (input === undefined ? undefined : explainNumber(input)) })
}

function explainNumber(input: unknown): string {
  if (typeof input !== 'string') return 'must be a number; write one such as `0.05`'
  const percent = /^(\d{1,6}(?:\.\d{1,6})?)\s*%$/.exec(input)?.[1]
  if (percent !== undefined)
    return `must be a number without a sign; write \`${toRatio(Number(percent))}\` for ${percent} %`
  if (durationPattern.test(input))
    return `must be a number; write \`${parseDuration(input)}\`, in milliseconds`
  if (/^-?\d{1,15}(?:\.\d{1,15})?$/.test(input)) return `must be a number; write \`${input}\` without quotes`
  return 'must be a number; write one such as `0.05`'
}

/** What is wrong with a limit of something that runs from 0 to 1. */
export function explainRatio(value: number): string | undefined {
  if (value < 0) return 'must be a ratio from 0 to 1; write for example `0.05` for 5 %'
  if (value <= 1) return undefined
  const meant = value <= 100 ? value : 5
  return `must be a ratio from 0 to 1; write \`${toRatio(meant)}\` for ${meant} %`
}

/** What is wrong with a limit that nothing from 0 to 1 is beyond. */
export function explainUnreachable({
  max = 1,
  min = 0,
}: {
  readonly max?: number
  readonly min?: number
}): string | undefined {
  if (max !== 1 || min !== 0) return undefined
  return 'lets every value pass, so the check can never fail; write for example `0.05` for 5 %'
}

function toRatio(percent: number): number {
  return Number((percent / 100).toPrecision(12))
}

/** A text of one line that is not empty. */
export function line() {
  return z
    .string()
    .regex(/\S/, 'is empty; leave the key out instead')
    .refine(isOneLine, { error: 'holds a line break or control character; write one line' })
}

/** Whether a rule can look at the keys: for `when` of a refinement. */
export function isMapping({ value }: { readonly value: unknown }): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
