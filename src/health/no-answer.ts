/** Why a request brought no answer, by kind. */
export type NoAnswerKind = 'timeout' | 'refused' | 'dns' | 'tls' | 'dropped' | 'redirect' | 'other'

/**
 * Codes as Node, libuv, OpenSSL and undici name them. The words are ours: an error's own message may quote a header or
 * an address that holds a secret.
 */
const kinds: readonly (readonly [RegExp, NoAnswerKind, string])[] = [
  [/^ECONNREFUSED$/, 'refused', 'the connection was refused'],
  [/^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/, 'dns', 'the host name was not found'],
  [
    /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_CLOSED)$/,
    'dropped',
    'the connection was dropped',
  ],
  [/^(ETIMEDOUT|UND_ERR_\w*TIMEOUT)$/, 'timeout', 'the connection timed out'],
  [/CERT|SIGNATURE|^ERR_(TLS|SSL)|^EPROTO$|^HOSTNAME_MISMATCH$/, 'tls', 'the TLS connection failed'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'other', 'the host is unreachable'],
  [/^(HPE_\w+|UND_ERR_(HEADERS_OVERFLOW|INVALID|RES\w*))$/, 'other', 'the answer is not valid HTTP'],
]

/** Explains what `fetch` threw, in words that hold nothing of the request: `the connection was refused (ECONNREFUSED)`. */
export function explainNoAnswer(error: unknown): { readonly kind: NoAnswerKind; readonly detail: string } {
  const code = codeOf(error)
  if (code === undefined) return { kind: 'other', detail: 'the request failed' }
  const found = kinds.find(([pattern]) => pattern.test(code))
  return { kind: found?.[1] ?? 'other', detail: `${found?.[2] ?? 'the request failed'} (${code})` }
}

/** `fetch` wraps the reason in causes, and in an AggregateError when a name has several addresses. */
function codeOf(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 5) return undefined
  if ('code' in error && typeof error.code === 'string' && /^[A-Z0-9_]+$/.test(error.code)) return error.code
  if (error instanceof AggregateError) return codeOf(error.errors[0], depth + 1)
  return codeOf(error.cause, depth + 1)
}
