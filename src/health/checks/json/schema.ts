import { z } from 'zod'
import { httpUrl, isMapping, jsonPath, section } from '../../../settings/fields.ts'
import { finishNumber } from '../finish.ts'
import { needOne, sourceOf } from '../one-source.ts'
import { needLimitAndSeverity, refuseBadLimits } from '../refuse-limits.ts'
import { common, counting, shared } from '../schema-parts.ts'

export const jsonCheck = section({
  ...common,
  ...counting,
  type: z
    .literal('json')
    .describe('Requests JSON from an address, and reads one number or two counters from it.'),
  url: httpUrl({ example: 'https://example.com/stats' }).describe('Address to request with GET.'),
  value: jsonPath()
    .optional()
    .describe('JSONPath of the number. Default: none; then `bad` and `total` are required.'),
  bad: jsonPath()
    .optional()
    .describe('JSONPath of the counter of what went wrong. Default: none; then `value` is required.'),
  total: jsonPath()
    .optional()
    .describe('JSONPath of the counter of all. Default: none; then `value` is required.'),
  headers: shared.headers,
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .superRefine((check, context) => needOne({ check, single: 'value', context }), { when: isMapping })
  .transform(({ value, bad, total, method, alpha, ...check }) => ({
    ...finishNumber(check),
    ...sourceOf({ single: value, bad, total, method, alpha }),
  }))
