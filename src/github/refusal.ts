import { RequestError } from '@octokit/request-error'
import { z } from 'zod'
import {
  ConflictError,
  InputError,
  isUserFacing,
  message,
  RefusedError,
  setting,
  UnavailableError,
} from '../errors.ts'

/** Why GitHub said no. Told apart by its text as well as its status: a ruleset and a race are both a 422. */
export type RefusalKind =
  | 'not-fast-forward'
  | 'ruleset'
  | 'protected-branch'
  | 'workflow-permission'
  | 'pulls-off'
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
  /** false when no answer came, or not all of it: the status is then Octokit's invention */
  readonly answered: boolean
  /** how long GitHub asks to wait */
  readonly retryAfterSeconds: number | undefined
}

/** Texts as GitHub sends them (2022-11-28 API), the most specific first. */
const texts: readonly [RegExp, RefusalKind][] = [
  [/secondary rate limit|API rate limit exceeded/i, 'rate-limit'],
  [/update is not a fast.?forward|expected branch to point to|stale info|fetch first/i, 'not-fast-forward'],
  [/not permitted to create or approve pull requests/i, 'pulls-off'],
  [/without `?workflows?`? (?:permission|scope)/i, 'workflow-permission'],
  [/repository rule violations|GH013/i, 'ruleset'],
  [
    /protected branch|GH006|reference update failed|reference cannot be updated|changes must be made through/i,
    'protected-branch',
  ],
  [
    /approving reviews? (?:is|are) required|required status checks?|must have verified signatures|cannot force-push|not authorized to push to this branch/i,
    'protected-branch',
  ],
  [/your request timed out/i, 'unavailable'],
  [/archived so is read-only/i, 'archived'],
  [/already exists/i, 'already-exists'],
  [/reference does not exist/i, 'not-found'],
  [/not accessible by|must have (?:admin|push|write)|permission to .* denied/i, 'permission'],
  [/bad credentials|requires authentication/i, 'bad-credentials'],
]

/** Tells what a failed request means; undefined for an error that is not an answer of GitHub. */
export function readRefusal(error: unknown): Refusal | undefined {
  const answer = readGraphqlErrors(error)
  if (answer !== undefined) return answer
  if (!(error instanceof RequestError)) return undefined
  const { status, message, response } = error
  const byText = kindOfText(message)
  return {
    kind: byText ?? kindOfStatus(status),
    status,
    message,
    answered: response !== undefined,
    retryAfterSeconds: retryAfter(response?.headers ?? {}),
  }
}

/** GraphQL answers 200, with what went wrong in the body: its first error counts. */
function readGraphqlErrors(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || error.name !== 'GraphqlResponseError' || !('errors' in error))
    return undefined
  const [first] = z.array(graphqlErrorSchema).safeParse(error.errors).data ?? []
  const message = first?.message ?? error.message
  const kind = kindOfText(message) ?? graphqlKinds[first?.type ?? ''] ?? 'invalid'
  return { kind, status: 200, message, answered: true, retryAfterSeconds: undefined }
}

const graphqlErrorSchema = z.object({ message: z.string(), type: z.string().optional() })

const graphqlKinds: Readonly<Record<string, RefusalKind | undefined>> = {
  FORBIDDEN: 'permission',
  NOT_FOUND: 'not-found',
  RATE_LIMITED: 'rate-limit',
  STALE_DATA: 'not-fast-forward',
}

function kindOfText(message: string): RefusalKind | undefined {
  return texts.find(([text]) => text.test(message))?.[1]
}

/** https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately */
function retryAfter(headers: Readonly<Record<string, string | number | undefined>>): number | undefined {
  if (headers['retry-after'] !== undefined) return Number(headers['retry-after'])
  if (String(headers['x-ratelimit-remaining']) !== '0') return undefined
  return Math.max(0, Number(headers['x-ratelimit-reset']) - Math.floor(Date.now() / 1000))
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

/** True when a rule of the branch stands against it, whoever else may do it; the error may be explained already. */
export function isRuleRefusal(error: unknown): boolean {
  const refusal = readRefusal(error instanceof RefusedError ? error.cause : error)
  return refusal?.kind === 'ruleset' || refusal?.kind === 'protected-branch'
}

/** True when GitHub does not have what was asked for; the error may be explained already. */
export function isNotThere(error: unknown): boolean {
  return isRefused(error instanceof RefusedError ? error.cause : error, 'not-found')
}

/** True when the failed request is refused in this way. */
export function isRefused(error: unknown, kind: RefusalKind): boolean {
  return readRefusal(error)?.kind === kind
}

/** True when it cannot be known whether the request was carried out: a 5xx, a lost or cut-off answer, a time-out, a cancelled job. */
export function isAmbiguous(error: unknown): boolean {
  return isRefused(error, 'unavailable') || isCancelled(error)
}

function isCancelled(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** What a request needs: said to the user when it is refused for want of it. */
export interface Need {
  /** what was being done, e.g. `move refs/heads/main` */
  readonly doing: string
  /** the permission of the job's token that it takes, e.g. `contents: write` */
  readonly permission: string
  /** what to do when a rule of the branch forbids it and nobody may pass it by */
  readonly detour?: string
}

/** Runs a request, and turns a refusal into an error that names the way out. */
export async function explained<T>(need: Need, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    throw explain(error, need)
  }
}

/** The user's error for a refusal; an error that already is one, or is not an answer of GitHub, is returned as it is. */
export function explain(
  error: unknown,
  { doing, permission, detour = 'roll back through a pull request' }: Need,
): unknown {
  if (isUserFacing(error)) return error
  const options = { cause: error }
  if (isCancelled(error))
    return new UnavailableError(`could not ${doing}: the job was cancelled before GitHub answered`, options)
  const refusal = readRefusal(error)
  if (refusal === undefined) return error
  const words = `"${firstLines(refusal.message)}"`
  const said = refusal.answered
    ? `GitHub answered ${refusal.status} ${words}`
    : `GitHub did not send a complete answer (${words})`
  switch (refusal.kind) {
    case 'bad-credentials':
      return new InputError(
        message`could not ${doing}: ${said}; ${setting('token')} is wrong or has expired`,
        options,
      )
    case 'permission':
      return new RefusedError(
        `could not ${doing}: the token lacks a permission (${said}); give the job \`permissions: ${permission}\``,
        options,
      )
    case 'workflow-permission':
      return new RefusedError(
        `could not ${doing}: it changes files under .github/workflows, and GITHUB_TOKEN cannot change these (${said}); use a GitHub App token with \`workflows: write\``,
        options,
      )
    case 'pulls-off':
      return new RefusedError(
        `could not ${doing}: ${said}. No permission of the job allows this: turn "Allow GitHub Actions to create and approve pull requests" on in the settings of the repository, under Actions, General (if it is greyed out, in those of the organization or the enterprise), or use the token of a GitHub App`,
        options,
      )
    case 'ruleset':
    case 'protected-branch':
      return new RefusedError(
        `could not ${doing}: a rule of the branch forbids it (${said}); let the token's app or user bypass the rule, or ${detour}`,
        options,
      )
    case 'archived':
      return new RefusedError(`could not ${doing}: the repository is archived; unarchive it first`, options)
    case 'not-fast-forward':
      return new ConflictError(
        `could not ${doing}: somebody else moved it in between; run again to plan on the new state`,
        options,
      )
    case 'rate-limit': {
      const seconds = refusal.retryAfterSeconds
      const pause = seconds === undefined ? '' : `, and asks for a pause of ${seconds} s`
      return new UnavailableError(
        `could not ${doing}: ${said}${pause}; run again when the limit is over`,
        options,
      )
    }
    case 'unavailable':
      return new UnavailableError(`could not ${doing}: ${said}, after several tries`, options)
    case 'not-found':
      return new RefusedError(
        `could not ${doing}: ${said}; it does not exist, or the token may not see it (\`permissions: ${permission}\`)`,
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
