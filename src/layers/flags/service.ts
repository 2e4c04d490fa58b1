/** One feature flag in one environment of a service. */
export interface Flag {
  readonly name: string
  /** whether anybody may be served it; an archived flag is off */
  readonly on: boolean
  readonly archived: boolean
  /** all that a restore brings back, with targeting, as a text: two flags are the same exactly when these are */
  readonly state: string
  /** who changed it last and when, or the service's own version; '' where the service does not say */
  readonly version: string
}

/** What a client of the service is served. */
export interface Served {
  /** `off`, `on`, or the variant */
  readonly value: string
  /** why, as the service names it */
  readonly reason: string
  readonly isOff: boolean
  /** false where it is what one client is served, and another one may be served something else; true by default */
  readonly isForAll?: boolean
  /** the answer does not have the flag: off, unless clients of this key never had it */
  readonly isAbsent?: true
}

/** Asks as a client of the service does: not by the API that changes flags. Flags that the answer does not know are left out. */
export type FlagClient = (names: readonly string[]) => Promise<ReadonlyMap<string, Served>>

/** What becomes of one flag. */
export interface FlagChange {
  /** as it was read */
  readonly flag: Flag
  /** an earlier state of it; undefined switches it off by a request that has no value of it, so that its targeting stays */
  readonly state: string | undefined
}

/** A change that waits for people: the pull request that proposes it. */
export interface FlagsProposed {
  readonly proposedOn: string
  readonly pull?: { readonly number: number; readonly url: string }
}

/**
 * A service of feature flags, or a file of them. One environment is read and written, and no other; what a write does not name is left as
 * it is.
 */
export interface FlagService {
  /** for texts, e.g. `Unleash at https://unleash.example.com, environment production` */
  readonly at: string
  /** what two writers at once may do to each other, one clause; undefined where the service compares versions itself */
  readonly caveat?: string
  /** what to know of flags that are off, one clause, e.g. that the default in the code decides; undefined for nothing */
  readonly offMeans?: string
  /**
   * All flags of the environment, by name; one request for each hundred at most.
   * @param wanted archived flags that are looked for, too, where the service does not list these with the others
   * @throws RefusedError, UnavailableError
   */
  readonly list: (wanted?: readonly string[]) => Promise<ReadonlyMap<string, Flag>>
  /** What the service's own rules do not allow in what is there, a line each, and what it serves all the same; absent where it has none. */
  readonly problems?: () => Promise<readonly string[]>
  /**
   * Changes flags, in this environment alone: each by one write, or all of them by one where they are in one file.
   * @returns undefined when it is done, and a pull request that proposes it where the rules of a branch want one
   * @throws ConflictError when one has changed since it was read, RefusedError for what cannot come back
   */
  readonly change: (changes: readonly FlagChange[]) => Promise<FlagsProposed | undefined>
  /** how a change gets there, for the plan; absent where a request does it */
  readonly way?: (() => Promise<string>) | undefined
  /** undefined where the settings name no client to ask as */
  readonly serve: FlagClient | undefined
}
