/** A rule by GitHub's name for it: https://docs.github.com/en/rest/repos/rules */
export type Rule =
  | {
      readonly type:
        | 'creation'
        | 'update'
        | 'deletion'
        | 'non_fast_forward'
        | 'required_signatures'
        | 'merge_queue'
    }
  | { readonly type: 'pull_request'; readonly approvals: number }
  | {
      readonly type: 'required_status_checks'
      readonly contexts: readonly string[]
      /** `do_not_enforce_on_create` */
      readonly exceptOnCreate?: boolean
    }

export interface Ruleset {
  readonly name: string
  readonly enforcement: 'active' | 'evaluate' | 'disabled'
  /** full ref names, `~DEFAULT_BRANCH` or `~ALL`; a trailing `*` stands for the rest of a name */
  readonly include: readonly string[]
  readonly rules: readonly Rule[]
  /** logins that may pass it by */
  readonly bypass?: readonly string[]
}

/** Classic branch protection: https://docs.github.com/en/rest/branches/branch-protection */
export interface BranchProtection {
  readonly requiredApprovals?: number
  readonly requiredSignatures?: boolean
  readonly requiredContexts?: readonly string[]
  /** who may push at all; everybody with write access where it is left out */
  readonly pushers?: readonly string[]
}
