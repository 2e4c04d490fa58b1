import { z } from 'zod'
import { httpUrl, isMapping, section } from '../../../settings/fields.ts'
import { finishNumber } from '../finish.ts'
import { refuseBadLimits } from '../refuse-limits.ts'
import { common, counting, text, token } from '../schema-parts.ts'

export const codePushCheck = section({
  ...common,
  ...counting,
  type: z
    .literal('codepush')
    .describe('Counts the failed installs of a CodePush label, and of the one before.'),
  url: httpUrl({ example: 'https://codepush.example.com' }).describe('Address of the CodePush server.'),
  app: text().describe('Name of the app.'),
  deployment: text().default('Production').describe('Name of the deployment.'),
  label: z
    .string()
    .regex(/^v\d+$/, 'is not a label; write one such as `v12`')
    .optional()
    .describe('The label that may be bad. Default: the newest release when the check starts.'),
  'label-before': z
    .string()
    .regex(/^v\d+$/, 'is not a label; write one such as `v11`')
    .optional()
    .describe(
      'The label to compare with: the new one may fail a quarter more often. Default: without `label`, the previous release for the same binaries, else none; then `max` applies.',
    ),
  token: token('An access key.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ token: { env }, alpha, metric, 'label-before': labelBefore, label, ...check }) => ({
    ...finishNumber({ metric: metric ?? ('crash-rate' as const), ...check }),
    ...(alpha === undefined ? {} : { alpha }),
    ...(label === undefined ? {} : { label }),
    ...(labelBefore === undefined ? {} : { labelBefore }),
    headers: { authorization: { env, scheme: 'Bearer' } },
  }))
