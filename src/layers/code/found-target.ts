import type { Commit } from '../../github/commits.ts'

/** The revision to go back to, and how it was found, in words. */
export interface Target {
  readonly commit: Commit
  readonly foundBy: string
}
