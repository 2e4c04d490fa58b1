import type { Commit } from '../../github/commits.ts'

/** The revision to go back to, and how it was found, in words. */
export interface Target {
  readonly commit: Commit
  readonly foundBy: string
  /** who says that it is good, where it is not on the branch, e.g. `the tag v1.2`; undefined when it is only a commit id */
  readonly vouchedBy: string | undefined
}
