import type { Limit } from '../config/schema.ts'
import { isWithin } from './limit.ts'

/** Bad ones among all, since the watch began: kept as counts, because a ratio alone says nothing about its weight. */
export interface Counts {
  readonly bad: number
  readonly of: number
}

/**
 * What one look of a check found, before any limit is applied. `note` is a sentence for people; it holds no secret and
 * nothing of a probed service's body.
 */
export type Reading =
  | {
      readonly kind: 'value'
      /** a ratio, milliseconds or a plain number, by the metric; may be infinite */
      readonly value: number
      readonly note: string
      readonly counts?: Counts
      /** this look by itself was fine: the value is beyond the limit only for what came before it */
      readonly recovering?: boolean
    }
  | { readonly kind: 'no-data'; readonly note: string }
  | {
      readonly kind: 'error'
      readonly note: string
      /** asking again will not change the answer, e.g. a query that cannot be parsed */
      readonly permanent?: boolean
    }

/** What a reading is once the limit is applied. */
export type State = 'ok' | 'breached' | 'no-data' | 'error'

/** Holds a reading against the limit. A NaN is no data, whoever let it through. */
export function stateOf(reading: Reading, limit: Limit): State {
  if (reading.kind !== 'value') return reading.kind
  if (Number.isNaN(reading.value)) return 'no-data'
  return isWithin(reading.value, limit) ? 'ok' : 'breached'
}
