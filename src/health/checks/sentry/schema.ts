import { z } from 'zod'
import { httpUrl, isMapping, section } from '../../../settings/fields.ts'
import { finishNumber } from '../finish.ts'
import { refuseBadLimits } from '../refuse-limits.ts'
import { common, counting, name, text, token } from '../schema-parts.ts'

export const sentryCheck = section({
  ...common,
  ...counting,
  type: z.literal('sentry').describe('Counts the crashed sessions or users of a release in Sentry.'),
  url: httpUrl({ example: 'https://sentry.example.com' })
    .default('https://sentry.io')
    .describe('Address of Sentry.'),
  organization: name('a slug').describe('Slug of the organization.'),
  project: z.int().min(1).describe('Number of the project.'),
  release: text().describe('The release as Sentry knows it, such as `shop@1.4.0`.'),
  environment: text().optional().describe('The environment as Sentry knows it. Default: all.'),
  of: z.enum(['sessions', 'users']).default('sessions').describe('What is counted.'),
  token: token('An auth token with the scope org:read.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ token: { env }, alpha, metric, ...check }) => ({
    ...finishNumber({ metric: metric ?? ('crash-rate' as const), ...check }),
    ...(alpha === undefined ? {} : { alpha }),
    headers: { authorization: { env, scheme: 'Bearer' } },
  }))
