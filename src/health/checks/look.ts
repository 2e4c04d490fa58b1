import type { Reading } from '../reading.ts'
import type { Env } from '../target.ts'

/** How something that GitHub knows of a revision stands. */
export type Standing = 'success' | 'failure' | 'pending' | 'missing'

/** What GitHub says of the revision that is watched. Whoever calls the gate knows how to ask. */
export interface RevisionReader {
  /** The checks that the rules of the branch require. */
  readonly requiredChecks: () => Promise<readonly string[]>
  readonly checks: (names: readonly string[]) => Promise<ReadonlyMap<string, Standing>>
  /** its newest deployment to the environment */
  readonly deployment: () => Promise<Standing>
}

/** What a check needs of the world. Times in ms. */
export interface Surroundings {
  /** undefined where there is no GitHub to ask */
  readonly revision?: RevisionReader | undefined
  readonly fetch: typeof globalThis.fetch
  readonly env: Env
  /** of one probe or query */
  readonly timeoutMs: number
  /** between two rounds */
  readonly intervalMs: number
  readonly now: () => number
  /** when the deployment began, ms since the epoch; undefined if that is not known */
  readonly deployedAt: number | undefined
  /**
   * true where counts are held against their own limit alone: after a rollback, the hour before is that of the outage. Default: they
   * are also compared with the hour before
   */
  readonly limitOnly?: boolean
  /** rounds until the window is over */
  readonly plannedPolls: number
}

/** The same for one check. */
export interface CheckSurroundings extends Surroundings {
  /** what the check may use of the gate's chance of a false alarm */
  readonly alpha: number
}

/** A check that is ready to look. */
export interface Look {
  /** true where it can look at a moment that is past, because the server keeps what was then */
  readonly remembers?: boolean
  /** what it looks at, for people, without secrets */
  readonly at: string
  /**
   * Looks once. What goes wrong is a reading, not an exception.
   * @param at the time of the round, ms since the epoch: the same for all checks of a round
   * @throws the signal's reason, when the caller aborted
   */
  readonly look: (at: number, signal: AbortSignal) => Promise<Reading>
}
