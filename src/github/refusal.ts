import { RequestError } from '@octokit/request-error'
import { ConflictError, InputError, isUserFacing, RefusedError, UnavailableError } from '../errors.ts'

/** Why GitHub said no. Told apart by its text as well as its status: a ruleset and a race are both a 422. */
export type RefusalKind =
  | 'not-fast-forward'
  | 'ruleset'
  | 'protected-branch'
  | 'workflow-permission'
  | 'permission'
  | 'archived'
  | 'bad-credentials'
  | 'rate-limit'
  | 'not-found'
  | 'already-exists'
  | 'conflict'
  | 'invalid'
  | 'unavailable'

export interface Refusal {
  readonly kind: RefusalKind
  readonly status: number
  /** GitHub's own words, first line first; not redacted */
  readonly message: string
}

/** Texts as GitHub sends them (2022-11-28 API), most telling first. */
const texts: readonly [RegExp, RefusalKind][] = [
  [/secondary rate limit|API rate limit exceeded/i, 'rate-limit'],
  [/update is not a fast.?forward|expected branch to point to|stale info|fetch first/i, 'not-fast-forward'],
  [/without `?workflows?`? permission/i, 'workflow-permission'],
  [/repository rule violations|GH013/i, 'ruleset'],
  [
    /protected branch|GH006|reference update failed|reference cannot be updated|changes must be made through/i,
    'protected-branch',
  ],
  [/archived so is read-only/i, 'archived'],
  [/already exists/i, 'already-exists'],
  [/not accessible by|must have (?:admin|push|write)|permission to .* denied/i, 'permission'],
  [/bad credentials|requires authentication/i, 'bad-credentials'],
]

/** Tells what a failed request means; undefined for an error that is not an answer of GitHub. */
export function readRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof RequestError)) return undefined
  const { status, message } = error
  const byText = texts.find(([text]) => text.test(message))?.[1]
  return { kind: byText ?? kindOfStatus(status), status, message }
}

function kindOfStatus(status: number): RefusalKind {
  if (status === 401) return 'bad-credentials'
  if (status === 403) return 'permission'
  if (status === 404) return 'not-found'
  if (status === 409) return 'conflict'
  if (status === 429) return 'rate-limit'
  if (status >= 500) return 'unavailable'
  return 'invalid'
}

/** True when the failed request is refused in this way. */
export function isRefused(error: unknown, kind: RefusalKind): boolean {
  return readRefusal(error)?.kind === kind
}

/** True when it cannot be known whether the request was carried out: a 5xx, a lost or cut-off answer, a time-out. */
export function isAmbiguous(error: unknown): boolean {
  return (
    isRefused(error, 'unavailable') ||
    (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
  )
}

/** What a request needs: said to the user when it is refused for want of it. */
export interface Need {
  /** what was being done, e.g. `move refs/heads/main` */
  readonly doing: string
  /** the permission of the job's token that it takes, e.g. `contents: write` */
  readonly permission: string
}

/** Runs a request, and turns a refusal into the error that tells the user the way out. */
export async function explained<T>(need: Need, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    throw explain(error, need)
  }
}

/** The user's error for a refusal; an error that already is one, or is not an answer of GitHub, is returned as it is. */
export function explain(error: unknown, { doing, permission }: Need): unknown {
  if (isUserFacing(error)) return error
  const refusal = readRefusal(error)
  if (refusal === undefined) {
    if (isAmbiguous(error))
      return new UnavailableError(`could not ${doing}: GitHub did not answer in time`, { cause: error })
    return error
  }
  const said = `GitHub answered ${refusal.status} "${firstLines(refusal.message)}"`
  const options = { cause: error }
  switch (refusal.kind) {
    case 'bad-credentials':
      return new InputError(`could not ${doing}: ${said}; input "token" is wrong or has expired`, options)
    case 'permission':
      return new RefusedError(
        `could not ${doing}: the token may not (${said}); give the job \`permissions: ${permission}\``,
        options,
      )
    case 'workflow-permission':
      return new RefusedError(
        `could not ${doing}: it changes files under .github/workflows, which the workflow's own token may never do (${said}); use a GitHub App token with \`workflows: write\``,
        options,
      )
    case 'ruleset':
    case 'protected-branch':
      return new RefusedError(
        `could not ${doing}: a rule of the branch forbids it (${said}); let the token's app or user bypass the rule, or roll back through a pull request`,
        options,
      )
    case 'archived':
      return new RefusedError(`could not ${doing}: the repository is archived; unarchive it first`, options)
    case 'not-fast-forward':
      return new ConflictError(
        `could not ${doing}: somebody else moved it in between; run again to plan on the new state`,
        options,
      )
    case 'rate-limit':
      return new UnavailableError(`could not ${doing}: ${said}; run again when the limit is over`, options)
    case 'unavailable':
      return new UnavailableError(`could not ${doing}: ${said}, after several tries`, options)
    case 'not-found':
      return new RefusedError(
        `could not ${doing}: ${said}; it is not there, or the token may not see it (\`permissions: ${permission}\`)`,
        options,
      )
    default:
      return new RefusedError(`could not ${doing}: ${said}`, options)
  }
}

function firstLines(message: string): string {
  const text = message
    .replace(/ - https:\/\/docs\.github\.com\S*$/, '')
    .replace(/\s+/g, ' ')
    .trim()
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
