import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { z } from 'zod'
import { planWatch } from '../../src/health/plan.ts'
import { defaultConfig } from '../../src/settings/schema.ts'
import { parseDuration } from '../../src/text/duration.ts'

const stepSchema = z.tuple([
  z.object({
    with: z.object({
      url: z.string().default(''),
      checks: z.string().default(''),
      window: z
        .string()
        .transform((text) => parseDuration(text))
        .optional(),
      interval: z
        .string()
        .transform((text) => parseDuration(text))
        .optional(),
    }),
  }),
])

test('the examples in the README are steps that the gate understands', async () => {
  const readme = await readFile(new URL('../../actions/health-gate/README.md', import.meta.url), 'utf8')
  const steps = [...readme.matchAll(/```yaml\n(.*?)```/gs)]
    .map(([, text = '']) => text)
    .filter((text) => text.includes('uses:'))
    .map((text) => stepSchema.parse(parse(text))[0].with)
  const plans = steps.map(({ url, checks, window, interval }) =>
    planWatch(defaultConfig().health, { url, checks, windowMs: window, intervalMs: interval }),
  )
  expect(plans.map(({ checks }) => checks.map(({ name, severity }) => `${name} ${severity}`))).toEqual([
    ['url critical'],
    ['cart critical', 'errors high', 'queue low'],
    ['errors high', 'slow medium', 'traffic high'],
    ['url critical'],
  ])
})
