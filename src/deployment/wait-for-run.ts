import { ConflictError, InputError, isUserFacing, UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { groupsOf, type RunAhead, runsAhead } from '../github/concurrency.ts'
import { pendingReviews, queuedJobs, readRun, type WorkflowRun } from '../github/workflows.ts'
import { formatDuration } from '../text/duration.ts'

export interface AwaitedRun {
  readonly id: number
  /** the run in words, e.g. `deploy.yml on main` */
  readonly what: string
  /** the run that waits, by its id; undefined outside of a workflow run */
  readonly ownRun: number | undefined
  /** how long the run may take, ms */
  readonly timeoutMs: number
  /** full id of the commit that it has to run at; undefined where its inputs say what it deploys */
  readonly commit: string | undefined
}

export interface WaitingTools {
  readonly say: (line: string) => void
  readonly sleep: (ms: number) => Promise<void>
  /** ms since the epoch */
  readonly now: () => number
}

/** The first pauses are shorter, so that a short run is noticed soon. */
const firstPollMs = 1_000
const pollMs = 5_000
/** A hosted runner takes a job within seconds. */
const usualQueueMs = 30_000
/** How often the reason why a run waits is read again. */
const askAgainMs = 30_000

/**
 * Waits until a run has ended, and says what it waits for: another run of its concurrency group, a reviewer, a runner.
 * @returns the run, completed with success
 * @throws ConflictError when it runs at another commit; InputError when it ends in another way, or waits for the run that
 *   waits here; UnavailableError when it takes too long
 */
export async function waitForRun(
  repository: Repository,
  { id, what, ownRun, timeoutMs, commit }: AwaitedRun,
  { say, sleep, now }: WaitingTools,
): Promise<WorkflowRun> {
  const startedAt = now()
  let shown = ''
  let asked = { status: '', at: 0, waits: '' }
  for (let poll = 1; ; poll += 1) {
    const run = await readRun(repository, id)
    if (commit !== undefined && run.sha !== commit)
      throw new ConflictError(
        `${what} runs at ${run.sha.slice(0, 7)}, and not at ${commit.slice(0, 7)}: somebody pushed in between, and that revision is deployed; see ${run.url}, and run this again once the run has ended`,
      )
    if (run.status === 'completed') {
      say(`${what}: completed with ${run.conclusion ?? 'no conclusion'}, ${run.url}`)
      if (run.conclusion === 'success') return run
      throw new InputError(`${what} ${endingOf(run)}: see ${run.url}, fix the cause and run it again`)
    }
    const at = now()
    if (run.status !== asked.status || at - asked.at >= askAgainMs)
      asked = {
        status: run.status,
        at,
        waits: await whatItWaitsFor(repository, run, { what, ownRun, queuedMs: at - startedAt }),
      }
    const line = `${what}: ${run.status}${asked.waits}`
    if (line !== shown) say(`${line}, ${run.url}`)
    shown = line
    const pauseMs = Math.min(pollMs, firstPollMs * poll)
    if (now() + pauseMs > startedAt + timeoutMs)
      throw new UnavailableError(
        `${what} is still ${run.status} after ${formatDuration(timeoutMs)}${asked.waits}: see ${run.url}`,
      )
    await sleep(pauseMs)
  }
}

const endings: Readonly<Record<string, string>> = {
  cancelled: 'was cancelled, manually or because a newer run of its concurrency group replaced it',
  action_required: 'requires the approval of a maintainer before it runs',
  startup_failure: 'could not be started: its workflow file is not valid',
  skipped: 'did nothing: the `if` of each of its jobs was false',
  timed_out: 'was stopped because it took longer than its `timeout-minutes`',
  stale: 'was abandoned by GitHub',
}

function endingOf({ conclusion }: WorkflowRun): string {
  return endings[conclusion ?? ''] ?? `ended with ${conclusion ?? 'no conclusion'}`
}

/** A clause that begins with a comma; '' when it waits for nothing, or for what may not be seen. @throws InputError when it waits for this very run */
async function whatItWaitsFor(
  repository: Repository,
  { id, status, url }: WorkflowRun,
  { what, ownRun, queuedMs }: { what: string; ownRun: number | undefined; queuedMs: number },
): Promise<string> {
  const ask = async () => {
    if (status === 'pending') return await runsBefore(repository, id)
    if (status === 'waiting') return await reviewersOf(repository, id)
    return status === 'queued' && queuedMs >= usualQueueMs ? await missingRunner(repository, id) : ''
  }
  const waits = await ask().catch((error: unknown) => {
    // the run continues anyway
    if (isUserFacing(error)) return ''
    throw error
  })
  if (typeof waits === 'string') return waits
  const { group, ahead } = waits
  if (ahead.some((each) => each.id === ownRun))
    throw new InputError(
      `${what} waits for the concurrency group "${group}", which this run holds: it starts when this run has ended, see ${url}. Run the rollback again then, to verify it. To prevent this, set \`concurrency\` on the job that deploys, not on the workflow, and on no job that rolls back`,
    )
  const names = ahead.map((each) => `${each.name} (${each.url})`).join(' and ')
  return `, behind ${names} in the concurrency group "${group}"`
}

async function runsBefore(
  repository: Repository,
  run: number,
): Promise<string | { readonly group: string; readonly ahead: readonly RunAhead[] }> {
  const groups = await groupsOf(repository, run)
  if (groups === undefined)
    return ', behind another run of its concurrency group, which this server does not report'
  for (const { name, state } of groups) {
    if (state !== 'pending') continue
    const ahead = await runsAhead(repository, { name, run })
    if (ahead.length > 0) return { group: name, ahead }
  }
  return ''
}

async function reviewersOf(repository: Repository, run: number): Promise<string> {
  const waits = (await pendingReviews(repository, run)).map(({ environment, reviewers, waitMinutes }) =>
    reviewers.length > 0
      ? `the approval of ${reviewers.join(' or ')} for the environment ${environment}`
      : waitMinutes > 0
        ? `the wait timer of the environment ${environment} (${waitMinutes} min)`
        : `a protection rule of the environment ${environment}`,
  )
  return waits.length === 0 ? '' : `, for ${waits.join(' and ')}`
}

async function missingRunner(repository: Repository, run: number): Promise<string> {
  const jobs = (await queuedJobs(repository, run)).map(
    ({ name, labels }) => `${name} (${labels.join(', ') || 'any runner'})`,
  )
  return jobs.length === 0 ? '' : `, for a runner to take ${jobs.join(' and ')}`
}
