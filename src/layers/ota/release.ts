import { isMarked, isUndone } from './mark.ts'

/** One line of releases: of an app and its deployment, or for hot-updater of a platform and its channel. */
export interface ChannelName {
  readonly app: string
  readonly deployment: string
}

/** What a server says of a channel. */
export interface Channel {
  readonly name: ChannelName
  /** what the apps on the devices name the channel by */
  readonly deviceKey: string
  /** where its devices of several platforms are offered updates of their own; absent where the app is for one */
  readonly platforms?: readonly string[]
  /** its devices are assigned to it one by one: no other can be asked for */
  readonly isUnasked?: boolean
  /** newest first; first of all, where a channel names what it offers, that */
  readonly releases: readonly Release[]
}

export interface Release {
  /** `v7`; for hot-updater the id of the bundle */
  readonly label: string
  /** the binaries it is for: a version or a range, as the server has it */
  readonly binary: string
  readonly packageHash: string
  readonly method: 'Upload' | 'Promote' | 'Rollback'
  /** the release that a rollback or promotion copied, and where from */
  readonly copyOf: { readonly label: string; readonly deployment: string } | undefined
  /** undefined when the server does not tell */
  readonly isDisabled: boolean | undefined
  /** percent of the devices it is offered to; undefined when the server does not tell */
  readonly rollout: number | undefined
  readonly description: string
  readonly releasedBy: string
  /** undefined when the server does not tell */
  readonly releasedAt: Date | undefined
}

/** `Shop-ios/Production` */
export function formatChannel({ app, deployment }: ChannelName): string {
  return `${app}/${deployment}`
}

/** A label as people read it: a bundle's id by its end, which differs between two of one minute. */
export function formatLabel(label: string): string {
  return label.length > 12 ? `…${label.slice(-12)}` : label
}

/**
 * True for a release that put an older one back: made by a rollback, or by promoting a deployment to itself, which is
 * how one goes back for a binary that is not the newest. One that undid a rollback is none.
 */
export function isRollback({ method, copyOf, description }: Release, { deployment }: ChannelName): boolean {
  if (isUndone(description)) return false
  return method === 'Rollback' || (method === 'Promote' && copyOf?.deployment === deployment)
}

/** True for a release that is disabled, and that no rollback of ours had to do with: uploaded to be offered later, or disabled on the server. */
export function isDraft({ isDisabled, description }: Release): boolean {
  return isDisabled === true && !isMarked(description)
}

/** `v2 (for 1.0.0)` */
export function describe({ label, binary }: Release): string {
  return `${formatLabel(label)} (for ${binary})`
}
