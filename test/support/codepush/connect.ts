import type { Connection } from '../../../src/codepush/exchange.ts'

/** What our client asks a test server with. */
export function connect({ url, accessKey }: { url: string; accessKey: string }): Connection {
  return { fetch, now: Date.now, signal: new AbortController().signal, url, accessKey }
}
