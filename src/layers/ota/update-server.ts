import type { Channel, ChannelName } from './release.ts'

export const serverKinds = ['microsoft', 'lisong', 'hot-updater', 'hot-updater-cli', 'eas', 'capgo'] as const
/** They are reached by their own command line in a project's folder, which takes its credentials from the step's `env`. */
export const commandLineKinds: readonly string[] = ['hot-updater-cli', 'eas'] satisfies readonly ServerKind[]
export type ServerKind = (typeof serverKinds)[number]

/** A server of over-the-air updates: what a rollback needs of it, the same for all kinds. */
export interface UpdateServer {
  readonly kind: ServerKind
  /** the address without anything secret, for messages */
  readonly at: string
  /**
   * How a channel goes back: by a new release with the content of an old one, by disabling what is newer than it, or by
   * a new release where none can be disabled.
   */
  readonly goesBackBy: 'releasing' | 'disabling' | 'republishing'
  /**
   * Which of two releases a device gets that are both for its binary: the newer one, or the one whose range is narrower.
   */
  readonly prefers: 'newer' | 'narrower'
  /** promotes nothing whose package is that of the newest release for the same binary, though that may be for more of them */
  readonly refusesSamePackage?: boolean
  /** the end of a rollout leaves its devices with the release below it, which the channel names beside it */
  readonly keepsOneBelowRollout?: true
  /** What is known to go wrong when devices return to the bundle from the store; undefined for nothing. */
  readonly warnOfReturn?: (name: ChannelName) => string | undefined
  /** what is said on a release is lost: who took it back is known from the history alone */
  readonly keepsNoMarks?: true
  /** @throws InputError for a wrong key or an unknown channel, RefusedError for an answer of another shape, UnavailableError */
  readonly read: (name: ChannelName) => Promise<Channel>
  /** Offers the release to nobody any more, and says so on it. Done twice, it changes nothing. */
  readonly disable: (name: ChannelName, label: string, description: string) => Promise<WriteOutcome>
  /** Offers a release that was disabled to its devices again. Done twice, it changes nothing. */
  readonly enable: (name: ChannelName, label: string, description: string) => Promise<WriteOutcome>
  /** Puts the content of the release on top. */
  readonly release: (name: ChannelName, copy: Copy) => Promise<WriteOutcome>
  /** Says on a release what it is; offers it to all devices of its binary. */
  readonly describe: (name: ChannelName, label: string, description: string) => Promise<WriteOutcome>
  /** What the server answers a device that asks for an update; undefined where we cannot ask as one. */
  readonly ask: ((channel: Channel, device: Device) => Promise<Offer>) | undefined
}

/** One that can be asked as a device. */
export interface AskableServer extends UpdateServer {
  readonly ask: (channel: Channel, device: Device) => Promise<Offer>
}

/** A write is sent once. What cannot be told from the answer is `unknown`, and has to be read. @throws RefusedError */
export type WriteOutcome = 'accepted' | 'unknown'

export interface Copy {
  readonly label: string
  /** the binaries the copy is for */
  readonly binary: string
  /** the release that is on top of it so far */
  readonly over: string
  /** a server rolls back only within the binary it last released to; a promotion to itself works for all */
  readonly by: 'rollback' | 'promotion'
  readonly description: string
  /** percent of the devices that a promotion is offered to; all of them without it */
  readonly rollout?: number
}

/** A device as the server knows it. */
export interface Device {
  /** of those that the channel is for; undefined where that goes without saying */
  readonly platform?: string | undefined
  /** version of the installed binary */
  readonly binary: string
  /** the update it runs; undefined when it runs what came from the store */
  readonly on: { readonly label: string; readonly packageHash: string } | undefined
  /** tells devices apart, from 0: rollouts to a part go by it */
  readonly number: number
}

export type Offer =
  | {
      readonly kind: 'update'
      readonly label: string
      readonly packageHash: string
      readonly isMandatory: boolean
    }
  | {
      readonly kind: 'nothing'
      /** the release that would be offered, were it not disabled or its rollout to others; where the server says so */
      readonly withheld?: { readonly label: string; readonly isDisabled: boolean }
    }
  /** go back to what came from the store */
  | { readonly kind: 'embedded' }
