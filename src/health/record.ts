import type { Check } from '../settings/schema.ts'
import type { Reading } from './reading.ts'
import type { Tally } from './tally.ts'

/** How many of the latest samples of a check are kept: those that people can still look at. */
export const keptSamples = 120

/** One round of one check. `at` in ms since the epoch. */
export interface Sample {
  readonly at: number
  readonly reading: Reading
}

/** All that is known of one check during a watch. */
export interface CheckRecord {
  readonly check: Check
  /** for people, without secrets */
  readonly looksAt: string
  readonly tally: Tally
  /** the last reading of its `initial-delay`, which is not judged */
  readonly warming?: Reading
  /** the latest `keptSamples`, oldest first */
  readonly samples: readonly Sample[]
}
