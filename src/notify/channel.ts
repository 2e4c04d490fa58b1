import type { Notice } from './notice.ts'

/** Ids of messages in a service, as an earlier delivery recorded them. No secrets. */
export type MessageIds = Readonly<Record<string, string>>

/** What became of one try to send. */
export type Attempt =
  | { readonly outcome: 'delivered' | 'accepted'; readonly message?: MessageIds }
  | {
      readonly outcome: 'failed'
      /** one clause, without the address or any other secret */
      readonly because: string
      /**
       * always: the service did not take it. if-harmless: it may have, and the answer was lost. never: it will not take it another
       * time either.
       */
      readonly retry: 'always' | 'if-harmless' | 'never'
      /** how long the service asks to wait, ms */
      readonly afterMs?: number | undefined
    }

/** One kind of service. A new one is a file in `channels/`, with its settings, and a line in `channels/index.ts`. */
export interface Channel {
  /** True when a notice that is sent twice is seen once. */
  readonly isRepeatable: (notice: Notice) => boolean
  /**
   * Sends a notice, once. Never throws for what the service does.
   * @param ids those of the incident's messages so far in this channel
   */
  readonly send: (notice: Notice, ids: MessageIds) => Promise<Attempt>
}

/** What a channel works with. */
export interface ChannelMeans {
  readonly fetch: typeof fetch
  readonly now: () => Date
  /** the value of a variable; throws MissingVariableError */
  readonly secret: (variable: { readonly env: string }) => string
  /** what users call the product */
  readonly service: string
  /** aborted when the delivery has to end */
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/** The settings name a variable that the step does not have. */
export class MissingVariableError extends Error {
  override readonly name = 'MissingVariableError'
}
