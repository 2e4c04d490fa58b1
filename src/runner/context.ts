import { InputError } from '../errors.ts'
import { type EventPayload, readEvent } from './event.ts'
import { readRepositoryName } from './job.ts'

/** What the runner says about the job of this process. */
export interface RunContext {
  readonly owner: string
  readonly repo: string
  /** the commit that the workflow runs for */
  readonly sha: string
  readonly eventName: string
  readonly actor: string
  readonly apiUrl: string
  readonly serverUrl: string
  readonly run: { readonly id: string; readonly attempt: number; readonly url: string } | undefined
  /** file of the workflow that the run is of; undefined outside of one */
  readonly workflow: string | undefined
  /** the same for a step each time it is run again, another one for every other step */
  readonly stepKey: string
  /** the account that started this run by an event that people cause; undefined for every other event */
  readonly askedBy: string | undefined
  /** what the event says about its deployment or pull request */
  readonly event: EventPayload
}

const eventsOfPeople = new Set(['workflow_dispatch', 'issue_comment'])

/**
 * Reads the context from the runner's variables.
 * @param payload of the event, parsed
 * https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 * @throws InputError outside of a workflow run, and where it cannot be read what the event is about
 */
export function readContext(env: NodeJS.ProcessEnv, payload: unknown): RunContext {
  const { owner, repo } = readRepositoryName(env)
  const eventName = env['GITHUB_EVENT_NAME'] ?? ''
  const event = readEvent(eventName, payload)
  const actor = env['GITHUB_ACTOR']
  const serverUrl = env['GITHUB_SERVER_URL'] ?? 'https://github.com'
  const id = /^\d+$/.test(env['GITHUB_RUN_ID'] ?? '') ? env['GITHUB_RUN_ID'] : undefined
  return {
    owner,
    repo,
    sha: env['GITHUB_SHA'] ?? '',
    eventName,
    actor: actor ?? 'unknown',
    apiUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com',
    serverUrl,
    run:
      id === undefined
        ? undefined
        : {
            id,
            attempt: Number(env['GITHUB_RUN_ATTEMPT']) || 1,
            url: `${serverUrl}/${owner}/${repo}/actions/runs/${id}`,
          },
    workflow: workflowOf(env['GITHUB_WORKFLOW_REF']),
    stepKey: [id ?? 'local', env['GITHUB_JOB'] ?? '', env['GITHUB_ACTION'] ?? ''].join('/'),
    askedBy: askedBy(eventName, actor, event),
    event,
  }
}

/** @param ref `owner/repo/.github/workflows/deploy.yml@refs/heads/main` */
function workflowOf(ref = ''): string | undefined {
  return /\/\.github\/workflows\/([^@/]+)@/.exec(ref)?.[1]
}

/** A comment that was edited or deleted later, or by another account than its author's, asks for nothing. */
function askedBy(eventName: string, actor: string | undefined, event: EventPayload): string | undefined {
  if (!eventsOfPeople.has(eventName) || actor === undefined) return undefined
  if (eventName === 'issue_comment' && !isAuthorsOwn(event)) return undefined
  return actor
}

/** True for a comment that its author has just written, unchanged. */
export function isAuthorsOwn(event: EventPayload): boolean {
  const author = event.comment?.user?.login
  return event.action === 'created' && author !== undefined && event.sender?.login === author
}

/**
 * Refuses a run for a fork, before any request: its content is a stranger's, and so is the commit that the event names.
 * @throws InputError for a pull request of a fork, and for a workflow run of one
 */
export function refuseForks({ event, eventName, owner, repo }: RunContext): void {
  const { pull_request: pull, workflow_run: run } = event
  if (pull !== undefined && !isSame(pull.head.repo?.full_name, pull.base.repo.full_name))
    throw new InputError(
      `this run is for a pull request from the fork ${pull.head.repo?.full_name ?? '(deleted)'}: ${whyNot(eventName)}; run the action after the merge, on push, deployment_status or workflow_dispatch, or add \`if: github.event.pull_request.head.repo.full_name == github.repository\` to the job`,
    )
  // an event of a deployment has the run that made it, without the repository of its commit: that has to be on the branch
  if (run === undefined || (eventName !== 'workflow_run' && run.head_repository === undefined)) return
  // a workflow run of a fork has the fork's commit, whatever its branch is called
  const head = run.head_repository?.full_name
  if (!isSame(head, `${owner}/${repo}`))
    throw new InputError(
      `this run is for a workflow run of the repository ${head ?? '(deleted)'}, which is not ${owner}/${repo}: a fork's commit is never rolled back; add \`if: github.event.workflow_run.head_repository.full_name == github.repository\` to the job`,
    )
}

/** `pull_request_target` runs with the secrets and the token of the repository. */
function whyNot(eventName: string): string {
  return eventName === 'pull_request_target'
    ? 'nothing was changed, because a fork must not decide what is rolled back'
    : 'its token can write nothing'
}

function isSame(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase()
}
