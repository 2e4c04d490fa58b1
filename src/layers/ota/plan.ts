import { isMarked, readIncident, readTakenBack } from './mark.ts'
import type { Channel, ChannelName, Release } from './release.ts'
import type { KnownBad } from './target.ts'
import type { Offer } from './update-server.ts'

export interface RollbackRequest {
  readonly name: ChannelName
  /** stop: the bad release is halted, and nothing is put in its place */
  readonly mode: 'roll-back' | 'stop'
  /** label to go back to; undefined: the newest good one */
  readonly target: string | undefined
  /** label of the bad release, as the caller knows it; undefined: the one that devices are offered */
  readonly from: string | undefined
  /** the binaries to roll back for, a version or a range; undefined: those of the bad release */
  readonly binary: string | undefined
  /** labels that are not to be gone back to */
  readonly knownBad: readonly string[]
  readonly incident: string
}

/** What is known beside the releases of the channel. */
export interface Evidence {
  readonly knownBad: KnownBad
  /** what fresh devices are offered, by the binaries they are of; only where a disabled release is the newest */
  readonly offers: ReadonlyMap<string, readonly Offer[]>
}

export interface Situation {
  readonly channel: Channel
  readonly binary: string
  /** releases for the binary, newest first */
  readonly releases: readonly Release[]
  readonly incident: string
  /** devices are asked afterwards */
  readonly isAsked: boolean
  /** packages that no device may be offered afterwards; that of the bad release is among them */
  readonly knownBad: KnownBad
  /** what the user has to know before it is applied */
  readonly warnings: readonly string[]
  /** releases for other binaries with a bad package, which were asked to be left alone */
  readonly leftAlone: readonly Release[]
}

/** What would be done for one binary of a channel. It is applied only if the newest release is still the one that was planned on. */
export type Plan =
  | (Situation & {
      readonly kind: 'roll-back'
      readonly bad: Release
      readonly good: Release
      readonly foundBy: string
      readonly by: 'rollback' | 'promotion' | 'disabling'
      /** newest first */
      readonly disable: readonly Release[]
    })
  | (Situation & {
      readonly kind: 'stop'
      readonly bad: Release
      readonly disable: readonly Release[]
      /** why nothing is put in its place, when that was not asked for */
      readonly because: string | undefined
      /** what devices are offered then, as far as the releases tell; store: they return to what came from the store */
      readonly fallback: Release | 'store' | undefined
    })
  | (Situation & {
      readonly kind: 'done'
      /** what was taken back */
      readonly bad: Release
      /** what devices are offered now */
      readonly good: Release
      /** an earlier run for the same incident did it */
      readonly ours: boolean
      /** and was ended before it could say so on the release */
      readonly unmarked: boolean
    })
  | (Situation & { readonly kind: 'superseded'; readonly expected: string; readonly by: Release })
  /** whether the newest release, which is disabled, is the bad one cannot be told */
  | (Situation & { readonly kind: 'undecided'; readonly draft: Release; readonly because: string })

/** True when something on the channel would be changed. */
export function changes(plan: Plan): boolean {
  return plan.kind === 'roll-back' || (plan.kind === 'stop' && plan.disable.length > 0)
}

/** The plan of a rollback that is there already. @param bad what was taken back */
export function done(situation: Situation, good: Release, bad: Release): Plan {
  const incidents = [readTakenBack(bad.description)]
  const isCopy = good.copyOf !== undefined
  if (isCopy) incidents.push(readIncident(good.description))
  return {
    ...situation,
    kind: 'done',
    bad,
    good,
    ours: incidents.includes(situation.incident),
    unmarked: isCopy && !isMarked(good.description),
  }
}

/** Where the server does not tell, our own mark does: that of an earlier incident may be out of date. */
export function isHalted({ isDisabled, description }: Release, incident: string): boolean {
  return isDisabled ?? readTakenBack(description) === incident
}
