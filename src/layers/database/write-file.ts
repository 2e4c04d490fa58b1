import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { RefusedError } from '../../errors.ts'

/**
 * Writes a new file that only its owner may read, to the disk itself when `durable`.
 * @throws RefusedError that names the file when the system takes it not, e.g. because the disk is full
 */
export async function writeFileFrom(
  content: Readable,
  file: string,
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<void> {
  const options = { flags: 'wx', mode: 0o600, flush: durable } as const
  await pipeline(content, createWriteStream(file, options)).catch((error: unknown) => {
    throw explainWrite(error, file)
  })
}

/** What the system says of a write that it refuses does not always name the place; another error as it is. */
export function explainWrite(error: unknown, place: string): unknown {
  const refusal = refusalSchema.safeParse(error)
  return refusal.success ? new RefusedError(`${place} cannot be written to: ${refusal.data.message}`) : error
}

const refusalSchema = z.object({
  code: z.enum(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'ENOENT', 'EINVAL']),
  message: z.string(),
})
