import { UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { dispatchWorkflow } from '../github/workflows.ts'
import type { Event, Occurrence } from './event.ts'

export interface RollbackRequest {
  readonly incident: string
  /** file of the workflow that rolls back */
  readonly workflow: string
  /** the branch it runs on */
  readonly ref: string
  readonly inputs: Readonly<Record<string, string>>
  /** why, one clause */
  readonly because: string
}

export interface RequestOutcome {
  /** started: by this call. done-before: by an earlier one, or by another job at this moment */
  readonly outcome: 'started' | 'done-before'
  /** id of the run, where the server returns it */
  readonly run?: string
}

/** A claim that nothing came of for so long was made by a job that was killed. */
const claimHoldsMs = 10 * 60_000

/**
 * Starts the workflow that rolls back, once for an incident, however many jobs see the same bad revision: the claim goes to the
 * history first, where only one of them can be the first to write it. A start that failed is written down, too, and may be
 * tried again.
 * @param past the events so far
 * @param claim writes an event; false when it was there before
 * @throws RefusedError, UnavailableError when the workflow could not be started
 */
export async function requestRollbackOnce(
  repository: Repository,
  { incident, workflow, ref, inputs, because }: RollbackRequest,
  {
    past,
    claim,
    now,
  }: {
    past: readonly Event[]
    claim: (what: Occurrence, naturalKey: readonly string[]) => Promise<boolean>
    now: number
  },
): Promise<RequestOutcome> {
  const own = past
    .filter((event) => event.kind === 'rollback-requested')
    .filter((event) => event.incident === incident)
  const last = own.at(-1)
  const isPending = last?.outcome === 'claimed' && now - Date.parse(last.at) < claimHoldsMs
  if (last?.outcome === 'started' || isPending) {
    return { outcome: 'done-before', ...(last.started !== undefined && { run: last.started }) }
  }
  const attempt = String(own.filter(({ outcome }) => outcome === 'claimed').length + 1)
  const told = { kind: 'rollback-requested', workflow, because } as const
  if (!(await claim({ ...told, outcome: 'claimed' }, ['claimed', attempt]))) return { outcome: 'done-before' }
  const { id } = await dispatchWorkflow(repository, { workflow, ref, inputs }).catch(
    async (error: unknown) => {
      // of one whose answer was lost it is not known whether it started: that claim stands until it is too old
      const isKnown = !(error instanceof UnavailableError)
      const why = error instanceof Error ? error.message : String(error)
      if (isKnown) await claim({ ...told, outcome: 'failed', because: why }, ['failed', attempt])
      throw error
    },
  )
  const started = id === undefined ? {} : { started: String(id) }
  await claim({ ...told, outcome: 'started', ...started }, ['started', attempt])
  return { outcome: 'started', ...(id !== undefined && { run: String(id) }) }
}
