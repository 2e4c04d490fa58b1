import { InputError, UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { dispatchWorkflow, findDispatchedRun, readRun, type WorkflowRun } from '../github/workflows.ts'
import { formatDuration } from '../text/duration.ts'

export interface Redeployment {
  /** the file under .github/workflows that deploys */
  readonly workflow: string
  /** the branch or tag it runs on */
  readonly ref: string
  /** the restored revision: a run that was started for it before is waited for, and no second one is started */
  readonly commit: string
  /** start a run although one was started for that revision before */
  readonly again?: boolean
  readonly inputs: Readonly<Record<string, string>>
  /** how long its run may take, ms */
  readonly timeoutMs: number
}

/** A short run is not made to look like a long one: the first pauses are shorter. */
const firstPollMs = 1_000
const pollMs = 5_000

/**
 * Deploys the restored revision by the repository's own workflow, and waits for its run: a push with the workflow's own
 * token starts none.
 * @param say gets a line when the run starts, and each time its status changes
 * @returns the run, completed with success; undefined where the server does not tell which run it started
 * @throws InputError when the run ends in another way; UnavailableError when it takes too long
 */
export async function redeploy(
  repository: Repository,
  { workflow, ref, commit, again = false, inputs, timeoutMs }: Redeployment,
  {
    say,
    sleep,
    now,
  }: { say: (line: string) => void; sleep: (ms: number) => Promise<void>; now: () => number },
): Promise<WorkflowRun | undefined> {
  const earlier = again ? undefined : await findDispatchedRun(repository, { workflow, commit })
  const id = earlier?.id ?? (await dispatchWorkflow(repository, { workflow, ref, inputs }))
  if (id === undefined) {
    say(
      `${workflow} on ${ref} is started; this server does not tell which run it is, so it is not waited for`,
    )
    return undefined
  }
  const deadline = now() + timeoutMs
  let shown = ''
  for (let poll = 1; ; poll += 1) {
    const run = await readRun(repository, id)
    if (run.status !== shown) say(`${workflow} on ${ref}: ${run.status}, ${run.url}`)
    shown = run.status
    if (run.status === 'completed') {
      if (run.conclusion === 'success') return run
      throw new InputError(
        `the code is rolled back, but the workflow ${workflow} that deploys it ended with ${run.conclusion ?? 'nothing'}: see ${run.url}, mend it and run it again`,
      )
    }
    const pauseMs = Math.min(pollMs, firstPollMs * poll)
    if (now() + pauseMs > deadline) {
      throw new UnavailableError(
        `the code is rolled back, but the workflow ${workflow} that deploys it is still ${run.status} after ${formatDuration(timeoutMs)}: see ${run.url}`,
      )
    }
    await sleep(pauseMs)
  }
}
