import { z } from 'zod'
import { RefusedError } from '../errors.ts'

/** What the system says of a write that it refuses does not always name the place; another error as it is. */
export function explainWrite(error: unknown, place: string): unknown {
  const refusal = refusalSchema.safeParse(error)
  return refusal.success ? new RefusedError(`${place} cannot be written to: ${refusal.data.message}`) : error
}

const refusalSchema = z.object({
  code: z.enum([
    'ENOSPC',
    'EDQUOT',
    'EFBIG',
    'EROFS',
    'EACCES',
    'EPERM',
    'ENOTDIR',
    'ENOENT',
    'EINVAL',
    'EBUSY',
    'EIO',
    'EISDIR',
    'ELOOP',
    'ENAMETOOLONG',
    'EMFILE',
    'ENFILE',
    'ESTALE',
    'EXDEV',
  ]),
  message: z.string(),
})

/** The code of an error of the system, such as ENOENT; undefined for any other error. */
export function codeOf(error: unknown): string | undefined {
  const coded = codedSchema.safeParse(error)
  return coded.success ? coded.data.code : undefined
}

const codedSchema = z.object({ code: z.string() })
