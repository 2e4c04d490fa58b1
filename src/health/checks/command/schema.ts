import { z } from 'zod'
import { isMapping, section } from '../../../settings/fields.ts'
import { finishNumber } from '../finish.ts'
import { needLimitAndSeverity, refuseBadLimits } from '../refuse-limits.ts'
import { common, text } from '../schema-parts.ts'

export const commandCheck = section({
  ...common,
  type: z
    .literal('command')
    .describe(
      'Runs a program, without a shell. Its exit status must be 0; the last line that it prints is the value.',
    ),
  run: z
    .array(text(), {
      error: 'must be a list; write the program and its arguments, such as `[./check.sh, eu]`',
    })
    .min(1, 'is empty; write the program and its arguments')
    .refine(([program]) => program === undefined || /\S/.test(program), 'has no program; write one first')
    .describe('The program and its arguments.'),
  value: z
    .enum(['exit-status', 'output'])
    .default('exit-status')
    .describe(
      'What is compared with the limit: the `exit-status`, or the number in the last line of the `output`.',
    ),
  env: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable'))
    .default([])
    .describe('Environment variables of the step that the program gets, in addition to PATH and HOME.'),
})
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(needLimitAndSeverity, { when: isMapping })
  .transform(({ env: passes, ...check }) => ({ ...finishNumber(check), passes, headers: {} }))
