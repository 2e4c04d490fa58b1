import { Readable, Transform } from 'node:stream'
import { RefusedError, UnavailableError } from '../../../errors.ts'
import type { BucketAddress } from './address.ts'
import { openExchange } from './exchange.ts'
import type { Store } from './store.ts'

/** What S3 takes as a part at least, but for the last one: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const smallestPart = 8 << 20

/** S3 takes 10,000 parts at most, so that those of something huge have to grow: with this, 440 GB fit. */
function partSize(index: number): number {
  return smallestPart * (1 + Math.floor(index / 1000))
}

/**
 * Backups in a bucket of S3, or of a server that speaks its language. What is too big for one request goes in parts, which
 * are an object only once all of them are there: a job that is killed leaves none.
 */
export function openBucketStore(
  address: BucketAddress,
  { fetch, signal }: { readonly fetch: typeof globalThis.fetch; readonly signal?: AbortSignal | undefined },
): Store {
  const { bucket, prefix } = address
  const send = openExchange(address, { fetch, signal })
  const place = `s3://${bucket}/${prefix}`.replace(/\/$/, '')
  const keyOf = (path: string) => `${prefix}${path}`

  return {
    place,

    async list() {
      const paths: string[] = []
      for (let after = ''; ; ) {
        const query = {
          'list-type': '2',
          'encoding-type': 'url',
          prefix,
          ...(after !== '' && { 'start-after': after }),
        }
        const answer = await send({ method: 'GET', query })
        const xml = await answer.text()
        const keys = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => readKey(key))
        paths.push(...keys.map((key) => key.slice(prefix.length)))
        after = keys.at(-1) ?? ''
        if (!/<IsTruncated>true<\/IsTruncated>/.test(xml) || after === '') break
      }
      return paths.filter((path) => path !== '' && !path.endsWith('/')).sort()
    },

    async read(path) {
      const answer = await send({ method: 'GET', key: keyOf(path), missing: `${path} is not in ${place}` })
      if (answer.body === null) return Readable.from([])
      return named(Readable.fromWeb(answer.body), `${path} of ${place} broke off`)
    },

    async write(path, content) {
      const key = keyOf(path)
      const chunks = chunked(content)
      const first = await chunks.next()
      const second = await chunks.next()
      if (second.done === true) {
        await send({ method: 'PUT', key, body: first.value ?? Buffer.alloc(0) })
        return
      }
      const upload = await begin(key)
      try {
        const parts: string[] = []
        const put = async (body: Buffer) => {
          const query = { partNumber: String(parts.length + 1), uploadId: upload }
          const { headers } = await send({ method: 'PUT', key, query, body })
          parts.push(headers.get('etag') ?? '')
        }
        if (first.value !== undefined) await put(first.value)
        await put(second.value)
        for await (const chunk of chunks) await put(chunk)
        await complete(key, upload, parts)
      } catch (error) {
        await send({ method: 'DELETE', key, query: { uploadId: upload } }).catch(() => {})
        throw error
      }
    },

    async remove(path) {
      await send({ method: 'DELETE', key: keyOf(path) })
    },
  }

  async function begin(key: string): Promise<string> {
    const answer = await send({ method: 'POST', key, query: { uploads: '' } })
    const [, upload] = /<UploadId>([^<]+)<\/UploadId>/.exec(await answer.text()) ?? []
    if (upload === undefined) throw new UnavailableError(`${place} gave an upload no name`)
    return unescapeXml(upload)
  }

  /** It may fail after a status of 200: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
  async function complete(key: string, upload: string, etags: readonly string[]): Promise<void> {
    const parts = etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    )
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
    const answer = await send({ method: 'POST', key, query: { uploadId: upload }, body })
    const xml = await answer.text()
    if (/<Error>/.test(xml))
      throw new RefusedError(`${place} did not put the parts of ${key} together: ${xml.slice(0, 300)}`)
  }
}

/** A stream as parts, each as big as it has to be, one in memory at a time. */
async function* chunked(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  let waiting: Buffer[] = []
  let [length, index] = [0, 0]
  for await (const data of content) {
    const chunk = Buffer.from(data)
    waiting.push(chunk)
    length += chunk.length
    if (length < partSize(index)) continue
    yield Buffer.concat(waiting)
    waiting = []
    length = 0
    index += 1
  }
  if (length > 0) yield Buffer.concat(waiting)
  return undefined
}

/** A connection that is lost says which file it was about. */
function named(from: Readable, what: string): Readable {
  const to = new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) })
  from.once('error', (error) => to.destroy(new UnavailableError(`${what}: ${error.message}`)))
  to.once('close', () => from.destroy())
  return from.pipe(to)
}

/** As asked for, keys come encoded as in an address; some servers encode but a part of it. */
function readKey(text: string): string {
  const key = unescapeXml(text)
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return key
  }
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}
