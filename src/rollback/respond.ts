import type { Message } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { defaultBranch } from '../github/repository.ts'
import { keepOutcomes } from '../health/outcome.ts'
import type { GateReport } from '../health/report.ts'
import { chooseResponse, type Held, type Response } from '../health/response.ts'
import type { Event, Occurrence } from '../history/event.ts'
import { lastCheck } from '../history/past.ts'
import { requestRollbackOnce } from '../history/request-rollback.ts'
import type { Config } from '../settings/schema.ts'
import { findRefusal } from './allowed.ts'
import { limitsOf } from './guard.ts'

/** How far back the last verdict is searched for, to see whether this one is new. */
const lastVerdictMs = 31 * 24 * 60 * 60_000

export interface RespondOptions {
  readonly repository: Repository
  readonly config: Config
  readonly environment: string
  readonly incident: string
  readonly revision: string
  readonly readHistory: (options?: { readonly since?: Date }) => Promise<readonly Event[]>
  readonly record: (what: Occurrence, naturalKey: readonly string[]) => Promise<void>
  readonly claim: (what: Occurrence, naturalKey: readonly string[]) => Promise<boolean>
  /** why the workflow holds automatic rollbacks; '' if it does not */
  readonly hold: string
  /** the workflow that rolls back; undefined to start none */
  readonly dispatch:
    | {
        readonly workflow: string
        /** '' for the branch of the settings, else the default branch */
        readonly ref: string
        /** `{revision}`, `{environment}` and `{incident}` stand for what was found bad */
        readonly inputs: Readonly<Record<string, string>>
      }
    | undefined
  /** false records a verdict only if it is another one than the last of the revision */
  readonly always: boolean
  /** the same for a step each time it is run again */
  readonly stepKey: string
  readonly explain: (said: string | Message) => string
  readonly now: () => number
  readonly log: (line: string) => void
  /** gets what is to be known of holds */
  readonly warn: (remark: string) => void
  /** Publishes what is decided, before anything is started: that may fail. */
  readonly publish: (response: Response) => Promise<void>
}

/**
 * Responds to a verdict on a deployment: asks the guards, decides, publishes and records the decision, and starts the workflow
 * that rolls back, once for an incident.
 * @returns id of the run that was started; undefined where none was, or the server does not name it
 */
export async function respondTo(report: GateReport, options: RespondOptions): Promise<string | undefined> {
  const { revision, stepKey, always, publish, record } = options
  const { past, held } = await readCircumstances(report, options)
  const response = chooseResponse(report, held)
  await publish(response)
  const { verdict, startedAt } = report
  if (always || lastCheck(past, revision)?.verdict !== verdict)
    await record({ kind: 'health-checked', verdict, ...response, startedAt, checks: keepOutcomes(report) }, [
      stepKey,
      verdict,
    ])
  return dispatch(response, past, options)
}

/** What happened so far, and whether a guard holds a rollback. */
async function readCircumstances(
  { verdict }: GateReport,
  options: RespondOptions,
): Promise<{ readonly past: readonly Event[]; readonly held: Held | undefined }> {
  const { repository, config, environment, incident, revision, readHistory, hold, always, warn } = options
  const now = options.now()
  if (verdict !== 'unhealthy') {
    const since = new Date(now - lastVerdictMs)
    return { past: always ? [] : await readHistory({ since }), held: undefined }
  }
  // all of it: neither a hold nor a rollback grows old
  const reading = readHistory()
  // what is undone is not planned yet
  const intent = { environment, incident, revision, automatic: true, layers: undefined }
  const refusal = await findRefusal(repository, intent, {
    limits: limitsOf(config),
    hold,
    isPlanned: false,
    readHistory: () => reading,
    now,
    log: warn,
  })
  const held = refusal && { reasonCode: refusal.guard.name, because: options.explain(refusal.because) }
  return { past: await reading, held }
}

async function dispatch(
  { decision, because }: Response,
  past: readonly Event[],
  options: RespondOptions,
): Promise<string | undefined> {
  const { repository, config, environment, revision, incident, claim, log, now } = options
  if (options.dispatch === undefined || decision !== 'roll-back') return undefined
  const { workflow, ref, inputs } = options.dispatch
  const fill = (value: string) =>
    value
      .replaceAll('{revision}', revision)
      .replaceAll('{environment}', environment)
      .replaceAll('{incident}', incident)
  const request = {
    incident,
    workflow,
    ref: ref || config.branch || (await defaultBranch(repository)),
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, fill(value)])),
    because,
  }
  const { outcome, run } = await requestRollbackOnce(repository, request, { past, claim, now: now() })
  const which = run === undefined ? '' : ` (run ${run})`
  log(
    outcome === 'started'
      ? `${workflow} is started on ${request.ref}${which}`
      : `${workflow} was already started for this revision${which}: it is not started again`,
  )
  return outcome === 'started' ? run : undefined
}
