import { InputError } from '../errors.ts'
import type { Check } from '../settings/schema.ts'

/** What a watch is about: `{revision}` and `{environment}` in a check stand for it. */
export interface Subject {
  readonly environment: string
  /** full commit ids that may be served now, the first in the place of `{revision}`; empty where nobody knows */
  readonly revisions: readonly string[]
  /** the one that must no longer be served, after a rollback */
  readonly failed?: string | undefined
}

/**
 * What has to be served once a rollback is done.
 * @param restored what the code went back to: the rollback commit and the good revision; empty where the code stayed
 */
export function subjectAfterRollback(
  environment: string,
  { failed, restored }: { readonly failed: string; readonly restored: readonly string[] },
): Subject {
  return { environment, revisions: restored, failed: restored.length > 0 ? failed : undefined }
}

/** These need no quotes or escapes in an address, a query or a body. */
const harmless = /^[\w .-]+$/

/**
 * Puts the revision and the environment into the texts of a check, wherever they stand.
 * @throws InputError for an environment whose name could mean something else there
 */
export function aboutSubject<T extends Check>(check: T, subject: Subject | undefined): T {
  const [revision] = subject?.revisions ?? []
  if (subject === undefined || !/\{(?:revision|environment)\}/.test(JSON.stringify(check))) return check
  const { environment } = subject
  if (!harmless.test(environment) && JSON.stringify(check).includes('{environment}')) {
    throw new InputError(
      `check "${check.name}": the name of the environment has characters that cannot replace {environment}; write the text itself`,
    )
  }
  const fill = (text: string, isUrl: boolean) =>
    text
      .replaceAll('{revision}', revision ?? '{revision}')
      .replaceAll('{environment}', isUrl ? encodeURIComponent(environment) : environment)
  return mapTexts(check, fill)
}

/** Every text in a value, with whether it is an address; keys stay as they are. */
function mapTexts<T>(value: T, map: (text: string, isUrl: boolean) => string): T
function mapTexts(value: unknown, map: (text: string, isUrl: boolean) => string): unknown {
  const visit = (each: unknown, key: string): unknown => {
    if (typeof each === 'string') return map(each, key === 'url')
    if (Array.isArray(each)) return each.map((item) => visit(item, key))
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([name, item]) => [name, visit(item, name)]))
  }
  return visit(value, '')
}
