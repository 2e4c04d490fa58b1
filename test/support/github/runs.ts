import type { HostedRepository, RunGroup, WorkflowRun } from './hosted-repository.ts'
import type { Token } from './tokens.ts'
import { type Concurrency, readWorkflowFile } from './workflow-file.ts'

export interface RunStart {
  /** name of its file */
  readonly workflow: string
  /** branch or tag, without refs/ */
  readonly ref: string
  readonly sha: string
  readonly event: string
  readonly actor: string
  readonly inputs?: Readonly<Record<string, unknown>>
}

/**
 * Makes a run of a workflow as GitHub does before any job of it is on a runner: `pending` behind another run of its
 * concurrency group, `waiting` for the reviewers of an environment, else `queued`. A newer run that waits takes the place of
 * one that waits already (but for `queue: max`), and with `cancel-in-progress` also of the one that runs.
 * https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
 */
export async function startRun(repository: HostedRepository, start: RunStart): Promise<WorkflowRun> {
  const { workflow, sha, ref, event, actor } = start
  const file = await readWorkflowFile(repository, { workflow, revision: sha })
  if (file === undefined) throw new Error(`there is no workflow ${workflow} at ${sha}`)
  const known = {
    'github.workflow': file.name,
    'github.ref': `refs/heads/${ref}`,
    'github.ref_name': ref,
    'github.sha': sha,
    'github.event_name': event,
    'github.actor': actor,
    'github.repository': `${repository.owner}/${repository.name}`,
    ...Object.fromEntries(
      Object.entries(start.inputs ?? {}).map(([name, value]) => [`inputs.${name}`, String(value)]),
    ),
  }
  const run: WorkflowRun = {
    id: repository.nextId(),
    workflow,
    name: file.name,
    sha,
    branch: ref,
    event,
    actor,
    createdAt: new Date(),
    jobs: file.jobs,
    groups: file.concurrency.map((each) => ({ ...each, name: fill(each.group, known).toLowerCase() })),
    attempt: 1,
    status: 'queued',
    conclusion: null,
  }
  for (const group of run.groups) makeWay(repository, group)
  repository.runs.push(run)
  if (isBlocked(repository, run)) run.status = 'pending'
  else begin(repository, run)
  return run
}

/** Lets those go on that have waited for a run of their group which has ended by now. */
export function letPendingGoOn(repository: HostedRepository): void {
  for (const run of repository.runs) {
    if (run.status === 'pending' && !isBlocked(repository, run)) begin(repository, run)
  }
}

/** The runs that hold, or wait for, a concurrency group: the one that holds it first. */
export function membersOf(repository: HostedRepository, name: string): readonly WorkflowRun[] {
  const members = repository.runs.filter(
    (run) => run.status !== 'completed' && run.groups.some((group) => group.name === name),
  )
  return [...members].sort((a, b) => Number(a.status === 'pending') - Number(b.status === 'pending'))
}

/** The environments with reviewers that the jobs of a run name: GitHub asks for them before the job is on a runner. */
export function environmentsToReview(
  { environments, approvals }: HostedRepository,
  run: WorkflowRun,
): readonly string[] {
  const reviewed = approvals
    .filter(({ run: id }) => id === String(run.id))
    .flatMap((each) => each.environments)
  return run.jobs
    .flatMap(({ environment }) => environment ?? [])
    .filter((name) => (environments.get(name)?.reviewers.length ?? 0) > 0 && !reviewed.includes(name))
}

/** A person approves, or rejects, that the jobs of a run go on which wait for an environment. */
export function reviewRun(
  repository: HostedRepository,
  run: WorkflowRun,
  { login, environment, state }: { login: string; environment: string; state: 'approved' | 'rejected' },
): void {
  repository.approvals.push({ run: String(run.id), login, state, environments: [environment] })
  if (state === 'rejected') Object.assign(run, { status: 'completed', conclusion: 'failure' })
  else if (environmentsToReview(repository, run).length === 0) run.status = 'queued'
}

function isBlocked(repository: HostedRepository, run: WorkflowRun): boolean {
  return run.groups.some(({ name }) => membersOf(repository, name)[0] !== run)
}

function makeWay(repository: HostedRepository, { name, cancelInProgress, keepsAll }: RunGroup): void {
  for (const each of membersOf(repository, name)) {
    const isDropped = each.status === 'pending' && !keepsAll
    if (isDropped || cancelInProgress) Object.assign(each, { status: 'completed', conclusion: 'cancelled' })
  }
}

/** Once nothing of its group is before it. */
function begin(repository: HostedRepository, run: WorkflowRun): void {
  const toReview = environmentsToReview(repository, run)
  run.status = toReview.length === 0 ? 'queued' : 'waiting'
  const creator: Token = {
    login: run.actor,
    kind: 'actions',
    permissions: {},
    value: '',
    isBot: run.actor.endsWith('[bot]'),
  }
  // a job that names an environment is a deployment at once, before anybody has approved it
  for (const environment of toReview) {
    const createdAt = new Date()
    const status = { state: 'waiting', description: '', environment, logUrl: '', environmentUrl: '' } as const
    repository.deployments.unshift({
      id: repository.nextId(),
      sha: run.sha,
      ref: run.branch,
      task: 'deploy',
      payload: '',
      environment,
      description: null,
      transient: false,
      production: environment === 'production',
      creator,
      createdAt,
      statuses: [{ ...status, id: repository.nextId(), creator, createdAt }],
    })
  }
}

/** Puts in what an expression stands for. @throws Error for what the emulator does not know */
function fill(text: Concurrency['group'], known: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (whole, expression: string) => {
    for (const part of expression.split('||').map((each) => each.trim())) {
      const literal = /^'(.*)'$/.exec(part)?.[1]
      if (literal !== undefined) return literal
      if (!/^(github|inputs)\.[\w-]+$/.test(part)) throw new Error(`the emulator does not evaluate ${whole}`)
      const value = known[part] ?? ''
      if (value !== '') return value
    }
    return ''
  })
}
