import { z } from 'zod'
import { isMapping, section } from '../../../settings/fields.ts'
import { finishNumber } from '../finish.ts'
import { refuseBadLimits } from '../refuse-limits.ts'
import { name, passOrFail } from '../schema-parts.ts'

/** Opens a TCP connection: the severity is high, and a refusal is a failure. */
export const tcpCheck = section({
  ...passOrFail,
  type: z.literal('tcp').describe('Opens a TCP connection: one that is refused or times out is a failure.'),
  host: name('a host').describe('Name or address of the host.'),
  port: z.int().min(1).max(65535).describe('Port to connect to.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform((check) => ({
    ...finishNumber(check),
    headers: {},
  }))
