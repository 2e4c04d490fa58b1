import { z } from 'zod'
import { isMapping, section } from '../../../settings/fields.ts'
import { finishNumber } from '../finish.ts'
import { refuseBadLimits } from '../refuse-limits.ts'
import { passOrFail, text } from '../schema-parts.ts'

export const gitHubCheck = section({
  ...passOrFail,
  type: z
    .literal('github')
    .describe(
      'Reads the state of the revision on GitHub: its required checks, and its deployment to the environment.',
    ),
  checks: z
    .union([z.literal('required'), z.array(text()).min(1, 'is empty; write the names of checks')], {
      error: 'must be `required`, or a list of names of check runs and commit statuses',
    })
    .default('required')
    .describe('Checks that must not fail: those that the rules of the branch require, or these names.'),
  deployment: z
    .boolean()
    .default(true)
    .describe('Whether the newest deployment of the revision to the environment must not fail.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .transform(({ max = 0, ...check }) => ({
    ...finishNumber({ ...check, max }),
    headers: {},
  }))
