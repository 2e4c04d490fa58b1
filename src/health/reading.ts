import type { Limit } from '../settings/schema.ts'
import { isWithin } from './limit.ts'
import type { Call } from './statistics/one-arm.ts'

/** Bad ones among all, since the watch began: kept as counts, because a ratio alone says nothing about its weight. */
export interface Counts {
  readonly bad: number
  readonly of: number
}

/** What says more about who asks than about the service: it may refuse the runner and nobody else. */
export interface Refusal {
  /** how it refuses, such as `status 403` */
  readonly how: string
  /**
   * It can only be about who asks: a challenge to prove to be no robot, or too many requests. Any other refusal may also be what a bad
   * deployment did to everybody, where the check has passed before.
   */
  readonly isOnlyOfRunner: boolean
}

/** All of the last answers were of another revision than the deployed one, or some. */
export type Serves = 'other' | 'mixed'

/** A look that brought a value. `note` says for people where it comes from. */
export interface ValueReading {
  readonly kind: 'value'
  /** a ratio, milliseconds or a plain number, by the metric; may be infinite */
  readonly value: number
  readonly note?: string
  readonly counts?: Counts
  /** which revisions answered lately, where a check looks for that and not all were the deployed one */
  readonly serves?: Serves
  /** the service may have refused whoever asked, and not everybody: see `withoutFirstPass` */
  readonly refusal?: Refusal
  /** this look by itself was fine: the value is beyond the limit only for what came before it */
  readonly recovering?: boolean
  /** what a test of the counts says, or a rule for gaps; stands in the place of the limit. `open`: too little was seen */
  readonly call?: Call
  /** it was beyond the limit before the deployment, too, and is not clearly worse than that */
  readonly before?: boolean
}

/** A look that brought none: there was no data, or it could not look at all. `note` says why. */
export type GapReading =
  | { readonly kind: 'no-data'; readonly note: string; readonly serves?: Serves }
  | {
      readonly kind: 'error'
      readonly note: string
      readonly serves?: undefined
      /** asking again will not change the answer, e.g. a query that cannot be parsed */
      readonly permanent?: boolean
    }

/** What one look of a check found, before any limit is applied. Notes hold nothing of a probed service's body. */
export type Reading = ValueReading | GapReading

/** What a reading is once the limit is applied. */
export type State = 'ok' | 'breached' | 'undecided' | 'no-data' | 'error'

const stateOfCall = { bad: 'breached', good: 'ok', open: 'undecided' } as const

/** Holds a reading against the limit. A NaN is no data, whoever let it through. */
export function stateOf(reading: Reading, limit: Limit): State {
  if (reading.kind !== 'value') return reading.kind
  if (reading.call !== undefined) return stateOfCall[reading.call]
  if (Number.isNaN(reading.value)) return 'no-data'
  return isWithin(reading.value, limit) ? 'ok' : 'breached'
}
