import { InputError } from '../errors.ts'
import type { Check, HeaderValue } from '../settings/schema.ts'
import { redact } from '../text/redact.ts'

/** Where a check looks, and with which credentials. */
export interface Target {
  readonly url: URL
  /** the address without its query, which may hold a secret */
  readonly shownUrl: string
  /** names in lower case */
  readonly headers: Readonly<Record<string, string>>
  /** the names of those headers whose value is a secret */
  readonly secretHeaders: ReadonlySet<string>
}

/** How a probed service recognises us in its log. */
export const identity = { 'user-agent': 'rollback-health-check' } as const

/** Environment variables, which secrets are read from by name. */
export type Env = Readonly<Record<string, string | undefined>>

/** The secrets that the checks read from the environment, to keep them out of every text. Those not set are left out. */
export function secretsOf(checks: readonly Pick<Check, 'headers'>[], env: Env): readonly string[] {
  return (
    checks
      .flatMap(({ headers }) => Object.values(headers))
      .flatMap((source) => (typeof source === 'string' ? [] : (readVariable(env, source.env) ?? [])))
      // a server may quote the credential without its scheme
      .flatMap((value) => [value, ...value.split(/\s+/).slice(1)])
  )
}

/**
 * Resolves a check's address and headers before the first round, so that a mistake in them is never taken for an outage.
 * @throws InputError for an address that cannot be asked, a secret that is not set, a header that cannot be sent; the
 *   message holds no secret
 */
export function resolveTarget(
  check: Pick<Check, 'name' | 'headers'> & { readonly url: string },
  env: Env,
): Target {
  const url = parseUrl(check.name, check.url)
  const headers: Record<string, string> = {}
  const secretHeaders = new Set<string>()
  for (const [name, source] of Object.entries(check.headers)) {
    const isSecret = typeof source !== 'string'
    const value = isSecret ? readSecret({ check: check.name, header: name, source, env }) : source
    requireSendable(check.name, name, value)
    headers[name.toLowerCase()] = value
    if (isSecret) secretHeaders.add(name.toLowerCase())
  }
  return { url, shownUrl: `${url.origin}${url.pathname}`, headers, secretHeaders }
}

function parseUrl(check: string, text: string): URL {
  if (!URL.canParse(text)) {
    throw new InputError(
      `check "${check}": "${redact(text)}" is not a url; write it in full, as in https://example.com/healthz`,
    )
  }
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InputError(
      `check "${check}": a url that starts with ${url.protocol} cannot be asked; use http: or https:`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new InputError(
      `check "${check}": the url holds a user name or password; send it in a header that is read from a secret`,
    )
  }
  return url
}

function readSecret({
  source,
  ...where
}: {
  readonly check: string
  readonly header: string
  readonly source: Exclude<HeaderValue, string>
  readonly env: Env
}): string {
  const value = requireVariable({ ...where, variable: source.env })
  return 'scheme' in source ? `${source.scheme} ${value}` : value
}

function requireVariable({
  check,
  header,
  variable,
  env,
}: {
  readonly check: string
  readonly header: string
  readonly variable: string
  readonly env: Env
}): string {
  const value = readVariable(env, variable)
  if (value !== undefined) return value
  throw new InputError(
    `check "${check}": the header ${header} is read from ${variable}, which is not set or empty; set it in the env of the step`,
  )
}

/** Without the line break that a secret is often pasted with. */
function readVariable(env: Env, name: string): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name]?.trim() : undefined
  return value === '' ? undefined : value
}

/** Asks the platform, whose own error message would quote the value. */
function requireSendable(check: string, name: string, value: string): void {
  try {
    new Headers([[name, value]])
  } catch {
    throw new InputError(
      `check "${check}": the header ${name} cannot be sent; its name or value has a line break or another character that HTTP does not allow`,
    )
  }
}
