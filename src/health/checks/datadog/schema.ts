import { z } from 'zod'
import { httpUrl, isMapping, section } from '../../../settings/fields.ts'
import { finishNumber } from '../finish.ts'
import { needOne, sourceOf } from '../one-source.ts'
import { needLimitAndSeverity, refuseBadLimits } from '../refuse-limits.ts'
import { common, counting, text, token } from '../schema-parts.ts'

export const datadogCheck = section({
  ...common,
  ...counting,
  type: z.literal('datadog').describe('Queries Datadog for the latest point of a metric, or for two counts.'),
  site: z
    .enum([
      'datadoghq.com',
      'us3.datadoghq.com',
      'us5.datadoghq.com',
      'datadoghq.eu',
      'ap1.datadoghq.com',
      'ap2.datadoghq.com',
      'ddog-gov.com',
    ])
    .default('datadoghq.com')
    .describe('Site of the account.'),
  url: httpUrl({ example: 'https://api.datadoghq.com' })
    .optional()
    .describe('Address of the API, where a proxy stands before it. Default: that of the site.'),
  query: text()
    .optional()
    .describe('Query that gives one series. Default: none; then `bad` and `total` are required.'),
  bad: text()
    .optional()
    .describe(
      'Query of the count of what went wrong, with `.as_count()`. Default: none; then `query` is required.',
    ),
  total: text()
    .optional()
    .describe('Query of the count of all, with `.as_count()`. Default: none; then `query` is required.'),
  'api-key': token('The API key.'),
  'app-key': token('The application key; it needs the scope timeseries_query.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .superRefine((check, context) => needOne({ check, single: 'query', context }), { when: isMapping })
  .transform(
    ({ site, url, query, bad, total, method, alpha, 'api-key': apiKey, 'app-key': appKey, ...check }) => ({
      ...finishNumber(check),
      ...sourceOf({ single: query, bad, total, method, alpha }),
      url: url ?? `https://api.${site}`,
      headers: { 'dd-api-key': apiKey, 'dd-application-key': appKey },
    }),
  )
