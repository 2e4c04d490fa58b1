/**
 * Headers as OpenTelemetry's own variable has them: `api-key=abc,authorization=Bearer%20xyz`.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
 * @returns undefined for what is no such list
 */
export function readHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const headers: Record<string, string> = {}
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=(.*)$/s.exec(part) ?? []
    const decoded = decode(value.trim())
    if (name === '' || decoded === undefined || /[^\t\x20-\x7e\x80-\xff]/.test(decoded)) return undefined
    headers[name] = decoded
  }
  return headers
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
