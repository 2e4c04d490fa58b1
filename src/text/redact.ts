/** What stands where a secret stood: the same mark that the runner's own log masking uses. */
export const redacted = '***'

/**
 * Shapes of well-known credentials, for secrets nobody told us of (a server that echoes a token in its error body).
 * From the providers' own documentation of their token prefixes; GitHub's installation tokens have no fixed length
 * since 2026, so none is assumed.
 */
const credentialShapes: readonly RegExp[] = [
  /\b(?:gh[oprsu]|github_pat)_[A-Za-z0-9_.-]{16,}/g,
  /\bglpat-[A-Za-z0-9_-]{16,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bsk_(?:live|test)_[A-Za-z0-9]{16,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/g,
  // addresses of webhooks: who has one may post
  /\bhooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/-]{8,}/g,
  /\bdiscord(?:app)?\.com\/api\/webhooks\/\d+\/[\w-]{8,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
]

/** Keeps what names the credential (scheme, key, user) and drops its value. */
const credentialContexts: readonly [RegExp, string][] = [
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${redacted}`],
  [/([?&]sig=)[\w%.~-]{8,}/gi, `$1${redacted}`],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${redacted}@`],
  [
    /\b([\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&<>]{4,}/gi,
    `$1${redacted}`,
  ],
]

/**
 * Takes secrets out of a text that people or machines will read: the known values in every encoding that the runner
 * itself masks (plain, base64, URI, JSON), then anything shaped like a credential.
 * @param known secret values; those of one to three characters are left alone, as masking them would eat the text
 */
export function redact(text: string, known: Iterable<string> = []): string {
  let result = text
  for (const value of encodingsOf(known)) result = result.replaceAll(value, redacted)
  for (const shape of credentialShapes) result = result.replace(shape, redacted)
  for (const [context, kept] of credentialContexts) result = result.replace(context, kept)
  return result
}

/** The same value with every text in it redacted; keys stay as they are. */
export function redactDeep(value: unknown, redactText: (text: string) => string): unknown {
  if (typeof value === 'string') return redactText(value)
  if (Array.isArray(value)) return value.map((each) => redactDeep(each, redactText))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redactDeep(each, redactText)]))
}

/** Longest first, so that a secret that contains another leaves no rest behind. */
function encodingsOf(known: Iterable<string>): readonly string[] {
  const encodings = new Set<string>()
  for (const value of known) {
    for (const line of [value, ...value.split(/\r?\n/)]) {
      const plain = line.trim()
      if (plain.length < 4) continue
      encodings.add(plain)
      // half of a surrogate pair has no encoding
      encodings.add(encodeURIComponent(plain.toWellFormed()))
      encodings.add(JSON.stringify(plain).slice(1, -1))
      for (const base64 of base64Cores(plain)) encodings.add(base64)
    }
  }
  return [...encodings].sort((a, b) => b.length - a.length)
}

/** base64 of the value at each of the three byte offsets it can have inside a longer text (`user:value`), less the edges. */
function base64Cores(value: string): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
    const encoded = bytes.toString('base64').replace(/=+$/, '')
    const core = encoded.slice(offset === 0 ? 0 : offset + 1, Math.floor((bytes.length * 8) / 6))
    return core.length >= 6 ? [core] : []
  })
}
