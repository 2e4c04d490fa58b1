import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runGit } from '../git.ts'
import { type GitStore, openGitStore } from './git-store.ts'
import type { BranchProtection, Ruleset } from './ruleset.ts'
import type { Token } from './tokens.ts'
import type { Concurrency, Job } from './workflow-file.ts'

export interface Issue {
  readonly id: number
  readonly number: number
  readonly author: Token
  readonly createdAt: Date
  title: string
  body: string | null
  state: 'open' | 'closed'
  stateReason: 'completed' | 'not_planned' | 'duplicate' | 'reopened' | null
  labels: readonly string[]
  assignees: readonly string[]
  updatedAt: Date
  closedAt: Date | null
  /** number of the issue that this is a part of */
  parent?: number
  readonly pull?: PullRequest
}

/** What makes an issue a pull request: GitHub numbers them together, and labels and comments of both are an issue's. */
export interface PullRequest {
  readonly head: string
  readonly base: string
  readonly draft: boolean
  /** the commit on the base branch, once it is merged */
  mergedAs: string | null
  reviewers: readonly string[]
  autoMerge: boolean
}

/** Somebody put a label on an issue, or took it off. */
export interface Labeling {
  readonly id: number
  readonly issue: number
  readonly event: 'labeled' | 'unlabeled'
  readonly label: string
  readonly actor: string
  readonly createdAt: Date
}

export interface CheckRun {
  readonly id: number
  readonly sha: string
  readonly name: string
  readonly conclusion: 'success' | 'failure' | null
}

/** A concurrency group that a run, or a job of it, is in, by its name in lower case: GitHub's are case-insensitive. */
export interface RunGroup extends Concurrency {
  readonly name: string
}

/** A run of a workflow; a test lets it go on by its status. */
export interface WorkflowRun {
  readonly id: number
  /** name of its file */
  readonly workflow: string
  /** the workflow's own name */
  readonly name: string
  readonly sha: string
  /** the branch or tag */
  readonly branch: string
  readonly event: string
  readonly actor: string
  readonly createdAt: Date
  readonly jobs: readonly Job[]
  /** those of the jobs that have not ended: a test takes one out when its job has */
  groups: readonly RunGroup[]
  /** 1, and one more each time it is run again */
  attempt: number
  /** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-run-statuses */
  status: 'requested' | 'queued' | 'pending' | 'waiting' | 'in_progress' | 'completed'
  conclusion:
    | 'success'
    | 'failure'
    | 'neutral'
    | 'cancelled'
    | 'skipped'
    | 'timed_out'
    | 'action_required'
    | 'stale'
    | 'startup_failure'
    | null
}

/** What an environment asks for before a job may run in it. */
export interface Environment {
  /** logins, and `team:` with the name of a team */
  readonly reviewers: readonly string[]
  /** which refs may deploy to it; any when left out */
  readonly refs?: 'protected branches' | 'named refs'
  /** by name; none when left out */
  readonly variables?: Map<string, Variable>
  readonly secrets?: Map<string, Secret>
}

/** A reviewer's word on the jobs of a run that wait for environments. GitHub gives neither time, nor attempt, nor job. */
export interface Approval {
  readonly run: string
  readonly login: string
  readonly state: 'approved' | 'rejected'
  readonly environments: readonly string[]
}

export interface Comment {
  readonly id: number
  readonly issue: number
  readonly author: Token
  readonly createdAt: Date
  body: string
  updatedAt: Date
}

export interface Reaction {
  readonly id: number
  readonly comment: number
  readonly content: '+1' | '-1' | 'laugh' | 'confused' | 'heart' | 'hooray' | 'rocket' | 'eyes'
  readonly by: string
  readonly createdAt: Date
}

export interface Label {
  readonly id: number
  readonly name: string
  readonly color: string
  readonly description: string | null
}

export interface DeploymentStatus {
  readonly id: number
  /** `waiting`, for reviewers, is missing in the description of the REST API: https://github.com/octokit/webhooks.net/pull/52 */
  readonly state:
    | 'error'
    | 'failure'
    | 'inactive'
    | 'in_progress'
    | 'queued'
    | 'pending'
    | 'success'
    | 'waiting'
  readonly description: string
  readonly environment: string
  readonly logUrl: string
  readonly environmentUrl: string
  readonly creator: Token
  readonly createdAt: Date
}

export interface Deployment {
  readonly id: number
  readonly sha: string
  readonly ref: string
  readonly task: string
  readonly payload: { [key: string]: unknown } | string
  readonly environment: string
  readonly description: string | null
  readonly transient: boolean
  readonly production: boolean
  readonly creator: Token
  readonly createdAt: Date
  /** newest first */
  readonly statuses: DeploymentStatus[]
}

export interface CommitStatus {
  readonly id: number
  readonly sha: string
  readonly state: 'error' | 'failure' | 'pending' | 'success'
  readonly context: string
  readonly description: string | null
  readonly targetUrl: string | null
  readonly creator: Token
  readonly createdAt: Date
}

export interface Variable {
  readonly name: string
  value: string
  readonly createdAt: Date
  updatedAt: Date
}

/** A variable of an organization, and which of its repositories see it. */
export interface OrganizationVariable extends Variable {
  visibility: 'all' | 'private' | 'selected'
  /** this repository is not among those that see it */
  readonly hidden?: true
}

export interface Secret {
  readonly name: string
  readonly createdAt: Date
  updatedAt: Date
}

export interface Dispatch {
  readonly workflow: string
  readonly ref: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly actor: string
}

export interface RepositoryOptions {
  readonly owner: string
  readonly name: string
  readonly defaultBranch?: string
  readonly archived?: boolean
  /** a GitHub Enterprise Server of that version; github.com when left out */
  readonly server?: 'ghes-3.19'
}

/** A repository on the emulated GitHub: its git side is a real bare repository, the rest is kept in memory. */
export interface HostedRepository {
  readonly owner: string
  readonly name: string
  readonly id: number
  /** for GraphQL */
  readonly nodeId: string
  readonly defaultBranch: string
  readonly archived: boolean
  readonly createdAt: Date
  readonly gitDir: string
  readonly git: GitStore
  readonly cloneUrl: string
  readonly apiUrl: string
  readonly htmlUrl: string
  readonly usersUrl: string
  readonly issues: Issue[]
  readonly comments: Comment[]
  readonly reactions: Reaction[]
  readonly labels: Label[]
  readonly deployments: Deployment[]
  readonly statuses: CommitStatus[]
  readonly variables: Map<string, Variable>
  /** of the organization that owns it; undefined where a user does */
  organizationVariables: Map<string, OrganizationVariable> | undefined
  readonly secrets: Map<string, Secret>
  readonly dispatches: Dispatch[]
  readonly runs: WorkflowRun[]
  /** who let a job of a run go on, or did not */
  readonly approvals: Approval[]
  readonly environments: Map<string, Environment>
  /** workflows that somebody has disabled, by the name of their file */
  readonly disabledWorkflows: Set<string>
  /** "Allow GitHub Actions to create and approve pull requests", in the settings of the repository */
  actionsMayOpenPulls: boolean
  /** where it is not github.com */
  readonly server: RepositoryOptions['server']
  readonly checkRuns: CheckRun[]
  readonly labelings: Labeling[]
  /** which pull request brought a commit, by the commit's id */
  readonly pullsOfCommits: Map<string, number>
  /** what people may do, by login; those not listed may read */
  readonly roles: Map<string, 'admin' | 'write' | 'read' | 'none'>
  readonly rulesets: readonly Ruleset[]
  readonly protections: ReadonlyMap<string, BranchProtection>
  /** commits that GitHub signed, because a bot made them through the API */
  readonly signed: Set<string>
  /** how many entries of a tree are listed: https://docs.github.com/en/rest/git/trees#get-a-tree */
  listedEntries: number
  readonly nextId: () => number
  readonly addRuleset: (ruleset: Ruleset) => void
  readonly protectBranch: (branch: string, protection: BranchProtection) => void
}

/** Refuses the refs that REFUSED_REFS names, and prints why: a line of it is a ref, a tab, and a line for the pusher. */
const update = `#!/bin/sh
printf '%s\\n' "$REFUSED_REFS" | {
  status=0
  while IFS='	' read -r ref line; do
    if [ "$ref" = "$1" ]; then printf '%s\\n' "$line" >&2; status=1; fi
  done
  exit $status
}
`

const configuration = `[core]
	# updates of a ref wait for one another, however busy the machine is
	filesRefLockTimeout = 10000
	packedRefsTimeout = 10000
[http]
	receivepack = true
	getanyfile = false
[uploadpack]
	# GitHub lets a client fetch any commit it can name, and parts of a repository
	allowAnySHA1InWant = true
	allowFilter = true
[receive]
	# the default branch
	denyDeleteCurrent = refuse
[gc]
	auto = 0
`

/** Makes an empty repository. @param directory holds all bare repositories of this GitHub */
export async function hostRepository(
  { owner, name, defaultBranch = 'main', archived = false, server }: RepositoryOptions,
  {
    directory,
    url,
    apiUrl,
    nextId,
  }: { directory: string; url: string; apiUrl: string; nextId: () => number },
): Promise<HostedRepository> {
  const gitDir = join(directory, owner, `${name}.git`)
  await mkdir(gitDir, { recursive: true })
  const how = ['--quiet', '--bare', '--template=', `--initial-branch=${defaultBranch}`]
  await runGit({ args: ['--git-dir', gitDir, 'init', ...how] })
  await appendFile(join(gitDir, 'config'), configuration)
  await mkdir(join(gitDir, 'hooks'), { recursive: true })
  await writeFile(join(gitDir, 'hooks', 'update'), update, { mode: 0o755 })
  const id = nextId()
  const rulesets: Ruleset[] = []
  const protections = new Map<string, BranchProtection>()
  return {
    owner,
    name,
    id,
    nodeId: `R_${id}`,
    defaultBranch,
    archived,
    createdAt: new Date(),
    gitDir,
    git: openGitStore(gitDir),
    cloneUrl: `${url}/${owner}/${name}.git`,
    apiUrl: `${apiUrl}/repos/${owner}/${name}`,
    htmlUrl: `${url}/${owner}/${name}`,
    usersUrl: `${apiUrl}/users`,
    issues: [],
    comments: [],
    reactions: [],
    labels: [],
    deployments: [],
    listedEntries: 100_000,
    statuses: [],
    variables: new Map(),
    organizationVariables: new Map(),
    secrets: new Map(),
    dispatches: [],
    runs: [],
    approvals: [],
    environments: new Map(),
    disabledWorkflows: new Set(),
    actionsMayOpenPulls: true,
    server,
    checkRuns: [],
    labelings: [],
    pullsOfCommits: new Map(),
    roles: new Map(),
    rulesets,
    protections,
    signed: new Set(),
    nextId,
    addRuleset: (ruleset) => void rulesets.push(ruleset),
    protectBranch: (branch, protection) => void protections.set(branch, protection),
  }
}
