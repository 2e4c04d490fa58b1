import { z } from 'zod'
import { httpCheck } from './check-http.ts'
import { prometheusCheck } from './check-prometheus.ts'
import {
  codePushCheck,
  commandCheck,
  datadogCheck,
  gitHubCheck,
  jsonCheck,
  newRelicCheck,
  sentryCheck,
  tcpCheck,
} from './check-sources.ts'

export type { CheckRules, Limit } from './check-parts.ts'

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
