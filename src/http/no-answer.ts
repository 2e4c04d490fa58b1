/** Why a request brought no answer. */
export interface NoAnswer {
  readonly kind: 'no-answer'
  /**
   * True when the service itself must be at fault. False when it may as well be a wrong address or our own network, which
   * no rollback mends.
   */
  readonly isOutage: boolean
  /** nothing listens, or a firewall lets nobody through who asks from here */
  readonly isRefused?: boolean
  /** words for people, without anything of the request */
  readonly detail: string
}

/** An error of the network in words. */
interface Explanation {
  /** as Node, libuv, OpenSSL and undici name them */
  readonly codes: RegExp
  readonly isOutage: boolean
  readonly words: string
}

const explanations: readonly Explanation[] = [
  { codes: /^ECONNREFUSED$/, isOutage: true, words: 'the connection was refused' },
  {
    codes: /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_CLOSED)$/,
    isOutage: true,
    words: 'the connection was dropped',
  },
  { codes: /^(ETIMEDOUT|UND_ERR_\w*TIMEOUT)$/, isOutage: true, words: 'the connection timed out' },
  { codes: /^EHOSTUNREACH$/, isOutage: true, words: 'the host is unreachable' },
  {
    codes: /^(HTTPParserError|HPE_\w+|Z_\w+|UND_ERR_(HEADERS_OVERFLOW|RES\w*))$/,
    isOutage: true,
    words: 'the answer is not valid HTTP',
  },
  { codes: /^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/, isOutage: false, words: 'the host name was not found' },
  {
    codes: /^NO_IPV4_ADDRESS$/,
    isOutage: false,
    words: 'the host has no IPv4 address (A record), and `ip` is 4; add the record, or remove `ip`',
  },
  {
    codes: /^NO_IPV6_ADDRESS$/,
    isOutage: false,
    words: 'the host has no IPv6 address (AAAA record), and `ip` is 6; add the record, or remove `ip`',
  },
  { codes: /^BAD_PORT$/, isOutage: false, words: 'web clients refuse to ask this port' },
  {
    codes: /CERT|SIGNATURE|^ERR_(TLS|SSL)|^EPROTO$|^HOSTNAME_MISMATCH$/,
    isOutage: false,
    words: 'the TLS connection failed',
  },
]

/**
 * Explains what `fetch` threw: `the connection was refused (ECONNREFUSED)`. The words are ours, because an error's own
 * message may quote a header or an address that holds a secret. Of several addresses of a host, one that proves an outage
 * counts more than one that cannot be reached from here, as IPv6 often cannot.
 */
export function explainNoAnswer(error: unknown): NoAnswer {
  const found = codesOf(error).map((code) => ({ ...explain(code), code }))
  const best = found.find(({ isOutage }) => isOutage) ?? found[0]
  if (best === undefined) return { kind: 'no-answer', isOutage: false, detail: 'the request failed' }
  const isRefused = /^(ECONNREFUSED|EHOSTUNREACH)$/.test(best.code)
  const detail = `${best.words} (${best.code})`
  return { kind: 'no-answer', isOutage: best.isOutage, ...(isRefused && { isRefused }), detail }
}

function explain(code: string): Omit<Explanation, 'codes'> {
  const known = explanations.find(({ codes }) => codes.test(code))
  return known ?? { isOutage: false, words: 'the request failed' }
}

/** `fetch` wraps the reason in causes, and in an AggregateError when a host has several addresses. */
function codesOf(error: unknown, depth = 0): readonly string[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const attempts: readonly unknown[] = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  const inner = 'cause' in error ? [...attempts, error.cause] : attempts
  return [...codeOf(error), ...inner.flatMap((each) => codesOf(each, depth + 1))]
}

function codeOf(error: object): readonly string[] {
  if ('code' in error && typeof error.code === 'string')
    return [error.code].filter((code) => /^\w+$/.test(code))
  // undici gives these two no code
  if ('name' in error && error.name === 'HTTPParserError') return ['HTTPParserError']
  if ('message' in error && error.message === 'bad port') return ['BAD_PORT']
  return []
}
