import { context as github } from '@actions/github'
import { z } from 'zod'
import { InputError } from '../errors.ts'

/** What the runner says of the job this process is a step of. */
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
  /** the same for a step each time it is run again, another one for every other step */
  readonly stepKey: string
  /** a person asked for this run, with a button or a comment; everything else is automatic */
  readonly byHand: boolean
  /** the event's own words on the deployment or the pull request it is about */
  readonly event: EventPayload
}

const eventPayload = z.object({
  deployment: z
    .object({ sha: z.string(), environment: z.string(), created_at: z.string().optional() })
    .optional(),
  workflow_run: z.object({ head_sha: z.string() }).optional(),
  repository: z
    .object({ default_branch: z.string().optional(), full_name: z.string().optional() })
    .optional(),
  issue: z.object({ number: z.number().int() }).optional(),
  comment: z
    .object({
      id: z.number().int(),
      body: z.string(),
      user: z.object({ login: z.string(), type: z.string() }).nullable(),
    })
    .optional(),
  pull_request: z
    .object({
      head: z.object({ repo: z.object({ full_name: z.string() }).nullish() }),
      base: z.object({ repo: z.object({ full_name: z.string() }) }),
    })
    .optional(),
})
export type EventPayload = z.infer<typeof eventPayload>

const eventsByHand = new Set(['workflow_dispatch', 'issue_comment'])

/** Reads the context from the runner's variables and the event's payload. @throws InputError outside of a workflow run */
export function readContext(): RunContext {
  const repository = z
    .string()
    .regex(/^[^/]+\/[^/]+$/)
    .safeParse(process.env['GITHUB_REPOSITORY'])
  if (!repository.success)
    throw new InputError('GITHUB_REPOSITORY is not set: run this action in a GitHub Actions workflow')
  const { owner, repo } = github.repo
  const payload = eventPayload.safeParse(github.payload)
  const id = Number.isFinite(github.runId) ? String(github.runId) : undefined
  return {
    owner,
    repo,
    sha: github.sha ?? '',
    eventName: github.eventName ?? '',
    actor: github.actor ?? 'unknown',
    apiUrl: github.apiUrl,
    serverUrl: github.serverUrl,
    run:
      id === undefined
        ? undefined
        : {
            id,
            attempt: github.runAttempt || 1,
            url: `${github.serverUrl}/${owner}/${repo}/actions/runs/${id}`,
          },
    stepKey: [id ?? 'local', github.job ?? '', github.action ?? ''].join('/'),
    // a workflow that another one dispatched was asked for by nobody
    byHand: eventsByHand.has(github.eventName) && !(github.actor ?? '').endsWith('[bot]'),
    event: payload.success ? payload.data : {},
  }
}

/**
 * Refuses a run for a pull request from a fork: its token is read-only and its content is a stranger's.
 * @throws InputError for such a run
 */
export function refuseForks({ event }: RunContext): void {
  const { pull_request: pull } = event
  if (pull === undefined || pull.head.repo?.full_name === pull.base.repo.full_name) return
  throw new InputError(
    `this run is for a pull request from the fork ${pull.head.repo?.full_name ?? '(deleted)'}: its token can write nothing; run the action after the merge, on push, deployment_status or workflow_dispatch`,
  )
}
