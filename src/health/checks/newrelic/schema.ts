import { z } from 'zod'
import { httpUrl, isMapping, section } from '../../../settings/fields.ts'
import { finishNumber } from '../finish.ts'
import { needLimitAndSeverity, refuseBadLimits } from '../refuse-limits.ts'
import { common, counting, text, token } from '../schema-parts.ts'

export const newRelicCheck = section({
  ...common,
  ...counting,
  type: z
    .literal('newrelic')
    .describe('Queries New Relic with NRQL for one number, or for counts named `bad` and `total`.'),
  url: httpUrl({ example: 'https://api.eu.newrelic.com/graphql' })
    .default('https://api.newrelic.com/graphql')
    .describe('Address of NerdGraph; the EU has another.'),
  account: z.int().min(1).describe('Id of the account.'),
  nrql: text()
    .refine((nrql) => !/\b(?:since|until|timeseries)\b/i.test(nrql), {
      error: 'holds SINCE, UNTIL or TIMESERIES, which the gate adds itself; remove them',
    })
    .describe('NRQL that gives one row, of one number or of `bad` and `total`, without SINCE and UNTIL.'),
  'api-key': token('The user key.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .transform(({ 'api-key': apiKey, alpha, ...check }) => ({
    ...finishNumber(check),
    ...(alpha === undefined ? {} : { alpha }),
    headers: { 'api-key': apiKey },
  }))
