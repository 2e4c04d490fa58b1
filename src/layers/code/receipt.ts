import type { PullRequest } from '../../github/pulls.ts'
import type { Verification } from './verify.ts'

/** What a rollback did, or had done before. */
export interface RollbackReceipt {
  readonly from: string
  readonly to: string
  readonly commit: string
  /** the content that it has */
  readonly tree: string
  /** undefined when it could not be tagged, which takes nothing back */
  readonly tag: string | undefined
  /** why it could not be tagged */
  readonly untagged: string | undefined
  readonly outcome: 'rolled-back' | 'already-rolled-back' | 'proposed'
  /** what was seen of the branch afterwards; undefined where the branch stays as it is */
  readonly verified: Verification | undefined
  /** the pull request that proposes the rollback, when it is not on the branch yet */
  readonly pull: PullRequest | undefined
  /** the branch that it is on until then */
  readonly proposedOn?: string
}
