import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { explainWrite } from '../../text/system-error.ts'

/**
 * Writes a new file that only its owner may read, to the disk itself when `durable`.
 * @throws RefusedError that names the file when the system takes it not, e.g. because the disk is full
 */
export async function writeFileFrom(
  content: AsyncIterable<Buffer>,
  file: string,
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<void> {
  const options = { flags: 'wx', mode: 0o600, flush: durable } as const
  await pipeline(content, createWriteStream(file, options)).catch((error: unknown) => {
    throw explainWrite(error, file)
  })
}
