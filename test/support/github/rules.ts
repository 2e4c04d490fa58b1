import type { HostedRepository } from './hosted-repository.ts'
import { Refusal } from './refusal.ts'
import type { BranchProtection, Rule, Ruleset } from './ruleset.ts'
import { hasPermission, type Token } from './tokens.ts'

export interface RefChange {
  readonly ref: string
  /** '' when the ref is made */
  readonly from: string
  /** '' when the ref is deleted */
  readonly to: string
}

/** What GitHub says against a change of a ref. */
export interface Objection {
  readonly kind: 'ruleset' | 'protection' | 'workflows'
  readonly reasons: readonly string[]
}

/** Active rules of a branch, with the ruleset each comes from. */
export function rulesOf(
  repository: HostedRepository,
  ref: string,
): readonly { rule: Rule; ruleset: Ruleset }[] {
  return repository.rulesets
    .filter(({ enforcement, include }) => {
      return enforcement === 'active' && include.some((pattern) => matches(pattern, ref, repository))
    })
    .flatMap((ruleset) => ruleset.rules.map((rule) => ({ rule, ruleset })))
}

function matches(pattern: string, ref: string, { defaultBranch }: HostedRepository): boolean {
  if (pattern === '~ALL') return ref.startsWith('refs/heads/')
  if (pattern === '~DEFAULT_BRANCH') return ref === `refs/heads/${defaultBranch}`
  return pattern.endsWith('*') ? ref.startsWith(pattern.slice(0, -1)) : ref === pattern
}

/**
 * Holds a change of a ref against the rulesets, the classic protection, and the rule that the token of a workflow
 * never changes workflow files.
 * @returns undefined when it may go ahead
 */
export async function objectionTo(
  repository: HostedRepository,
  change: RefChange,
  token: Token,
): Promise<Objection | undefined> {
  const broken = await brokenRules(repository, change, token)
  if (broken.length > 0) return { kind: 'ruleset', reasons: broken }
  const protection = repository.protections.get(change.ref.replace('refs/heads/', ''))
  if (protection !== undefined) {
    const reasons = await brokenProtection(repository, protection, change, token)
    if (reasons.length > 0) return { kind: 'protection', reasons }
  }
  const workflow = await changedWorkflow(repository, change, token)
  if (workflow !== undefined) {
    const who = token.kind === 'user' ? 'a Personal Access Token' : 'a GitHub App'
    const reason = `refusing to allow ${who} to create or update workflow \`${workflow}\` without \`workflows\` permission`
    return { kind: 'workflows', reasons: [reason] }
  }
  return undefined
}

/** As the API words it. */
export function explain({ kind, reasons }: Objection): string {
  return kind === 'ruleset'
    ? `Repository rule violations found\n\n${reasons.join('\n\n')}\n\n`
    : reasons.join(' ')
}

async function brokenRules(
  repository: HostedRepository,
  change: RefChange,
  token: Token,
): Promise<readonly string[]> {
  const judged = rulesOf(repository, change.ref)
    .filter(({ ruleset }) => !ruleset.bypass?.includes(token.login))
    .map(({ rule }) => breaks(repository, rule, change))
  return (await Promise.all(judged)).flatMap((message) => message ?? [])
}

async function breaks(
  repository: HostedRepository,
  rule: Rule,
  change: RefChange,
): Promise<string | undefined> {
  const { from, to } = change
  const [isNew, isGone] = [from === '', to === '']
  switch (rule.type) {
    case 'creation':
      return isNew ? 'Cannot create ref due to creations being restricted.' : undefined
    case 'deletion':
      return isGone ? 'Cannot delete this branch' : undefined
    case 'update':
      return !isNew && !isGone ? 'Cannot update this protected ref.' : undefined
    case 'non_fast_forward': {
      const rewound = !isNew && !isGone && !(await repository.git.isAncestor(from, to))
      return rewound ? 'Cannot force-push to this branch' : undefined
    }
    case 'required_signatures':
      return !isGone && (await unsigned(repository, change))
        ? 'Commits must have verified signatures.'
        : undefined
    case 'merge_queue':
      return isGone ? undefined : 'Changes must be made through the merge queue'
    case 'pull_request':
      return isNew || isGone ? undefined : 'Changes must be made through a pull request.'
    case 'required_status_checks': {
      // a branch that is made has to have them too: https://github.com/artifact-keeper/artifact-keeper/issues/3798
      if (isGone || (isNew && rule.exceptOnCreate === true)) return undefined
      const missing = missingContexts(repository, rule.contexts, to)
      const [first] = missing
      if (first === undefined) return undefined
      return missing.length === 1
        ? `Required status check "${first}" is expected.`
        : `${missing.length} of ${rule.contexts.length} required status checks are expected.`
    }
  }
}

async function brokenProtection(
  repository: HostedRepository,
  protection: BranchProtection,
  change: RefChange,
  token: Token,
): Promise<readonly string[]> {
  const { from, to } = change
  if (to === '') return ['Cannot delete a protected branch']
  if (from === '') return []
  if (protection.pushers !== undefined && !protection.pushers.includes(token.login))
    return [
      "You're not authorized to push to this branch. Visit https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches for more information.",
    ]
  const unsignedCommits = protection.requiredSignatures === true && (await unsigned(repository, change))
  const [missing] = missingContexts(repository, protection.requiredContexts ?? [], to)
  const { requiredApprovals } = protection
  return [
    ...(unsignedCommits ? ['Commits must have verified signatures.'] : []),
    ...(requiredApprovals === undefined
      ? []
      : [`At least ${requiredApprovals} approving review is required by reviewers with write access.`]),
    ...(missing === undefined ? [] : [`Required status check "${missing}" is expected.`]),
    ...((await repository.git.isAncestor(from, to)) ? [] : ['Cannot force-push to this branch']),
  ]
}

function missingContexts(
  { statuses }: HostedRepository,
  contexts: readonly string[],
  sha: string,
): readonly string[] {
  return contexts.filter((context) => {
    return !statuses.some((each) => each.sha === sha && each.context === context && each.state === 'success')
  })
}

/** True when a commit that is new to the ref has no signature of GitHub's. */
async function unsigned({ git, signed }: HostedRepository, { from, to }: RefChange): Promise<boolean> {
  const commits = await git.log(from === '' ? to : `${from}..${to}`)
  return commits.some(({ sha }) => !signed.has(sha))
}

/** The first workflow file that the change writes and that no other branch has with the same content. */
async function changedWorkflow(
  { git }: HostedRepository,
  { from, to }: RefChange,
  token: Token,
): Promise<string | undefined> {
  if (to === '' || hasPermission(token, 'workflows', 'write')) return undefined
  const before = from === '' ? new Map<string, string>() : await workflows(git, from)
  const changed = [...(await workflows(git, to))].filter(([path, sha]) => before.get(path) !== sha)
  if (changed.length === 0) return undefined
  const branches = await git.listRefs('refs/heads/')
  const elsewhere = await Promise.all(branches.map((branch) => workflows(git, branch.sha)))
  return changed.find(([path, sha]) => !elsewhere.some((files) => files.get(path) === sha))?.[0]
}

async function workflows(git: HostedRepository['git'], sha: string): Promise<ReadonlyMap<string, string>> {
  if ((await git.typeOf(`${sha}:.github/workflows`)) !== 'tree') return new Map()
  const entries = await git.readTree(sha, { recursive: true, under: '.github/workflows' })
  return new Map(
    entries
      .filter(({ path, type }) => type === 'blob' && path.startsWith('.github/workflows/'))
      .map(({ path, sha: blob }) => [path, blob]),
  )
}

/** @throws Refusal as the git refs API words it */
export async function demandRefChange(
  repository: HostedRepository,
  change: RefChange,
  token: Token,
): Promise<void> {
  const objection = await objectionTo(repository, change, token)
  if (objection === undefined) return
  throw new Refusal(objection.kind === 'workflows' ? 403 : 422, explain(objection))
}
