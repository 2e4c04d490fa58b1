import { query as readPath } from 'jsonpath-rfc9535'
import type { Answer } from '../../../http/request.ts'
import type { HttpCheck } from '../../../settings/schema.ts'
import type { Subject } from '../../subject.ts'
import { findInBody } from './pattern.ts'

/** Where an answer names the revision that gave it. */
export type RevisionSource = NonNullable<HttpCheck['expect']['revision']>

/** What an answer says of the revision that gave it. */
export type Served =
  | { readonly kind: 'expected' }
  | { readonly kind: 'other'; readonly revision: string }
  /** it names none */
  | { readonly kind: 'unknown' }

/** an id may be cut, to so many characters at least */
const shortest = 7

/**
 * Holds the revision that an answer names against the one that was deployed. Either of the two may be cut.
 * @param subject without revisions: any is right but the one that failed
 */
export function findServed(answer: Answer, source: RevisionSource, subject: Subject): Served {
  const found = readRevision(answer, source)?.trim().toLowerCase()
  if (found === undefined || !/^[0-9a-f]+$/.test(found) || found.length < shortest) return { kind: 'unknown' }
  const isOf = (revision: string) => revision.startsWith(found) || found.startsWith(revision)
  const isExpected =
    subject.revisions.length > 0
      ? subject.revisions.some(isOf)
      : subject.failed === undefined || !isOf(subject.failed)
  return isExpected ? { kind: 'expected' } : { kind: 'other', revision: found.slice(0, shortest) }
}

function readRevision({ headers, body }: Answer, source: RevisionSource): string | undefined {
  if ('header' in source) return headers.get(source.header) ?? undefined
  if ('matches' in source) return findInBody(source.matches, body)?.at(1)
  try {
    const [found] = readPath(JSON.parse(body), source.json)
    return typeof found === 'string' ? found : undefined
  } catch {
    return undefined
  }
}

/** How a cache marks what it answers from its own store; undefined for an answer of the service itself. */
export function describeCache({ headers }: Pick<Answer, 'headers'>): string | undefined {
  const age = Number(headers.get('age') ?? 0)
  if (age > 0) return `an answer came from a cache, ${age} s old`
  const marks = ['x-cache', 'cf-cache-status', 'x-vercel-cache', 'x-nextjs-cache']
  return marks.some((name) => /\bhit\b/i.test(headers.get(name) ?? ''))
    ? 'an answer came from a cache'
    : undefined
}
