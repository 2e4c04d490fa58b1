import type { Check } from '../config/schema.ts'
import { InputError } from '../errors.ts'
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
  /** the secret values, to keep them out of every text */
  readonly secrets: readonly string[]
}

/**
 * Resolves a check's address and headers before the first round, so that a mistake in them is never taken for an outage.
 * @param env the secrets by name
 * @throws InputError for an address that cannot be asked, a secret that is not set, a header that cannot be sent; the
 *   message holds no secret
 */
export function resolveTarget(
  check: Pick<Check, 'name' | 'url' | 'headers'>,
  env: Readonly<Record<string, string | undefined>>,
): Target {
  const url = parseUrl(check.name, check.url)
  const headers: Record<string, string> = {}
  const secretHeaders = new Set<string>()
  const secrets: string[] = []
  for (const [name, source] of Object.entries(check.headers)) {
    const key = name.toLowerCase()
    const value =
      typeof source === 'string'
        ? source
        : secretNamed({ check: check.name, header: name, name: source.env, env })
    if (typeof source !== 'string') {
      secretHeaders.add(key)
      // a server may quote the credential without its scheme
      secrets.push(value, ...value.split(/\s+/).slice(1))
    }
    requireSendable(check.name, name, value)
    headers[key] = value
  }
  return { url, shownUrl: `${url.origin}${url.pathname}`, headers, secretHeaders, secrets }
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

function secretNamed(input: {
  readonly check: string
  readonly header: string
  readonly name: string
  readonly env: Readonly<Record<string, string | undefined>>
}): string {
  const value = Object.hasOwn(input.env, input.name) ? input.env[input.name]?.trim() : undefined
  if (value === undefined || value === '') {
    throw new InputError(
      `check "${input.check}": the header ${input.header} is read from ${input.name}, which is not set or empty; set it in the env of the step`,
    )
  }
  return value
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
