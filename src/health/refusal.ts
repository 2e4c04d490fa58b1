import type { Answer } from '../http/request.ts'
import type { Check } from '../settings/schema.ts'
import { firstPassAdvice } from './advice.ts'
import type { Reading, Refusal, ValueReading } from './reading.ts'

const statuses: ReadonlySet<number> = new Set([401, 403, 407, 429])
/** Pages that edges put before a site: https://developers.cloudflare.com/cloudflare-challenges/ and AWS WAF's of the same kind. */
const challengeHeaders = [
  ['cf-mitigated', 'challenge'],
  ['x-amzn-waf-action', 'challenge'],
  ['x-amzn-waf-action', 'captcha'],
] as const

/** @param wanted statuses that the check expects, which are no refusals */
export function findRefusal(
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
  {
    method,
    wanted = [],
  }: { readonly method?: string | undefined; readonly wanted?: readonly number[] | undefined },
): Refusal | undefined {
  if (wanted.includes(status)) return undefined
  const isChallenge = challengeHeaders.some(([name, value]) => headers.get(name) === value)
  if (isChallenge) return { how: `a challenge page with status ${status}`, isOnlyOfRunner: true }
  if (status === 405 && method === 'HEAD') return { how: 'status 405 to HEAD', isOnlyOfRunner: false }
  if (!statuses.has(status)) return undefined
  return { how: `status ${status}`, isOnlyOfRunner: status === 429 }
}

/** Checks that probe the service themselves: how it was before, no server remembers for them. */
export const probes: ReadonlySet<Check['type']> = new Set(['http', 'tcp', 'command'])

/**
 * What to do in the place of a failed probe that may say nothing about the deployment: an error with the cure. The reading itself where
 * it is evidence.
 * @param passed whether the check has passed before in this environment
 * @param needsPass whether a check that never has can say anything
 */
export function withoutFirstPass(
  reading: ValueReading,
  { passed, needsPass }: { readonly passed: boolean; readonly needsPass: boolean },
): Reading {
  const { refusal, note = '' } = reading
  if (refusal?.isOnlyOfRunner === true) {
    return {
      kind: 'error',
      note: `${refusal.how} refuses this runner, and says nothing about the deployment; let the runner through (by its address or by a header with a secret), or probe less often`,
    }
  }
  if (passed) return reading
  if (refusal !== undefined)
    return {
      kind: 'error',
      note: `${refusal.how}, and this check has not passed before: the service may refuse the runner; ${cureOf(refusal)}`,
    }
  if (!needsPass) return reading
  return {
    kind: 'error',
    note: `${note}, and this check has never passed in this environment${firstPassAdvice}`,
  }
}

function cureOf({ how }: Refusal): string {
  if (how.includes('HEAD')) return 'write `method: GET`'
  if (how.includes('refused')) return 'use a runner that can reach it, or allow its address'
  return 'send a credential in `headers`, let the runner through, or write the status under `expect.status`'
}
