import { z } from 'zod'
import { codePushCheck } from './codepush/schema.ts'
import { commandCheck } from './command/schema.ts'
import { datadogCheck } from './datadog/schema.ts'
import { gitHubCheck } from './github/schema.ts'
import { httpCheck } from './http/schema.ts'
import { jsonCheck } from './json/schema.ts'
import { newRelicCheck } from './newrelic/schema.ts'
import { prometheusCheck } from './prometheus/schema.ts'
import { sentryCheck } from './sentry/schema.ts'
import { tcpCheck } from './tcp/schema.ts'

export type { CheckRules, Limit } from './finish.ts'

/** The list of checks; `for` of an http check is still open where the file does not say. */
export const checksSchema = z
  .array(
    z.discriminatedUnion('type', [
      httpCheck,
      prometheusCheck,
      tcpCheck,
      commandCheck,
      jsonCheck,
      datadogCheck,
      newRelicCheck,
      sentryCheck,
      codePushCheck,
      gitHubCheck,
    ]),
  )
  .superRefine(refuseSharedNames, { when: ({ value }) => Array.isArray(value) })

function refuseSharedNames(checks: readonly unknown[], context: z.core.$RefinementCtx): void {
  const seen = new Set<string>()
  for (const [index, check] of checks.entries()) {
    if (typeof check !== 'object' || check === null || !('name' in check)) continue
    if (typeof check.name !== 'string') continue
    if (seen.has(check.name)) {
      const message = 'is taken by a check above; give each its own name'
      context.addIssue({ code: 'custom', path: [index, 'name'], message })
    }
    seen.add(check.name)
  }
}
