import type { OperationId } from './operations.ts'

/** What can go wrong with an answer of GitHub's. */
export type FaultKind =
  /** an error of GitHub's own; `carriedOut` when the request had its effect all the same */
  | { readonly kind: 'server-error'; readonly status: 500 | 502 | 503; readonly carriedOut?: boolean }
  /** 429 with Retry-After */
  | { readonly kind: 'too-many-requests'; readonly retryAfterSeconds: number }
  /** 403 with Retry-After: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
  | { readonly kind: 'secondary-limit'; readonly retryAfterSeconds: number }
  /** any other no, with a text of the test's choice */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** carried out at once, answered late */
  | { readonly kind: 'slow'; readonly ms: number }
  /** carried out, and the connection ends in the middle of the body; of an answer without one, before it begins */
  | { readonly kind: 'cut-off' }
  /** the connection ends without an answer; `carriedOut` when the request had its effect all the same */
  | { readonly kind: 'no-answer'; readonly carriedOut?: boolean }
  /** something else happens first: another job moves the branch, a person closes the issue */
  | { readonly kind: 'meanwhile'; readonly act: () => Promise<void> | void }

export type Fault = FaultKind & {
  /** the only operation it happens to; any of the REST API when left out */
  readonly operation?: OperationId | 'graphql'
  /** how many requests it passes over first */
  readonly skip?: number
  /** how often it happens; once when left out, `Infinity` for every request, of which there must be one */
  readonly times?: number
}

/** The faults that are still to happen, in the order in which they were asked for. */
export function openFaults() {
  const pending: { readonly fault: Fault; skip: number; times: number; happened: boolean }[] = []
  return {
    add: (fault: Fault) =>
      void pending.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1, happened: false }),
    /** The one that happens to this request. */
    take(operation: OperationId | 'graphql'): Fault | undefined {
      const next = pending.find(
        ({ fault }) =>
          fault.operation === operation || (fault.operation === undefined && operation !== 'graphql'),
      )
      if (next === undefined) return undefined
      if (next.skip > 0) {
        next.skip -= 1
        return undefined
      }
      next.times -= 1
      next.happened = true
      if (next.times <= 0) pending.splice(pending.indexOf(next), 1)
      return next.fault
    },
    /** What never happened, or not as often as it was asked for. */
    left: (): readonly string[] =>
      pending.flatMap(({ fault: { kind, operation = 'any operation' }, times, happened }) => {
        if (times === Infinity && happened) return []
        return `the fault ${kind} of ${operation} never happened${times > 1 && times < Infinity ? `, ${times} times` : ''}`
      }),
  }
}
