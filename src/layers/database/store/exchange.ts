import { createHash } from 'node:crypto'
import { AwsV4Signer } from 'aws4fetch'
import pRetry from 'p-retry'
import { RefusedError, UnavailableError } from '../../../errors.ts'
import type { BucketAddress } from './address.ts'

export interface BucketRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** absent for the bucket itself */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** what to say when there is no such object */
  readonly missing?: string
}

/** How long a server may take to begin its answer, ms: a part of 8 MB has to be through a slow line by then. */
const patienceMs = 120_000

/**
 * Sends signed requests to a bucket. The body's own digest is signed, so that what arrives is what was sent. All of them do
 * the same when they are done twice, so that one without an answer is sent again.
 * @returns a function that throws RefusedError with the server's own words, UnavailableError when it gives no answer
 */
export function openExchange(
  address: BucketAddress,
  { fetch, signal }: { readonly fetch: typeof globalThis.fetch; readonly signal?: AbortSignal | undefined },
): (request: BucketRequest) => Promise<Response> {
  const where = `bucket ${address.bucket} on ${address.url.host}`

  async function sendOnce(request: BucketRequest): Promise<Response> {
    const { method, key = '', query = {}, body, missing } = request
    const url = new URL(key, address.url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const { accessKeyId, secretAccessKey, sessionToken, region } = address
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      headers: {
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
      },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      region,
      service: 's3',
    })
    const signed = await signer.sign()
    signal?.throwIfAborted()
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), patienceMs)
    let answer: Response
    try {
      answer = await fetch(signed.url, {
        method: signed.method,
        headers: signed.headers,
        body: body === undefined ? null : new Uint8Array(body),
        redirect: 'manual',
        signal: signal === undefined ? patience.signal : AbortSignal.any([signal, patience.signal]),
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw new UnavailableError(`${where} does not answer: ${reasonOf(error)}`)
    } finally {
      clearTimeout(timer)
    }
    if (answer.ok) return answer
    throw explain(answer.status, await answer.text().catch(() => ''), missing)
  }

  function explain(status: number, xml: string, missing: string | undefined): Error {
    const [, code = ''] = /<Code>([^<]*)<\/Code>/.exec(xml) ?? []
    const [, message = ''] = /<Message>([^<]*)<\/Message>/.exec(xml) ?? []
    const said = [status, code, message].filter((each) => each !== '').join(' ')
    if (status === 404 && code !== 'NoSuchBucket' && missing !== undefined) return new RefusedError(missing)
    if (status === 429 || status >= 500) return new UnavailableError(`${where} answers ${said}`)
    if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed')
      return new RefusedError(
        `${where} is not in the region ${address.region}: set AWS_REGION to its own (${said})`,
      )
    return new RefusedError(`${where} refused: ${said}`)
  }

  return (request) =>
    pRetry(() => sendOnce(request), {
      retries: 4,
      minTimeout: 200,
      maxTimeout: 5000,
      randomize: true,
      ...(signal !== undefined && { signal }),
      shouldRetry: ({ error }) => error instanceof UnavailableError,
    })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}
