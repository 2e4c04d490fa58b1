import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { findDeployed } from '../deployment/deployed.ts'
import { InputError, RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { readFile } from '../github/contents.ts'
import { openBranchHistory } from '../history/branch-history.ts'
import { type Event, eventSchema, newEvent, type Occurrence, revisionSchema } from '../history/event.ts'
import { incidentId } from '../history/incident.ts'
import { type Lock, openLock } from '../history/lock.ts'
import type { Step } from '../runner/action.ts'
import { refuseForks } from '../runner/context.ts'
import { locateSetting, type SettingsText } from '../settings/location.ts'
import { parseConfig } from '../settings/parse.ts'
import { type Config, defaultConfig } from '../settings/schema.ts'
import { redactDeep } from '../text/redact.ts'
import { commonInputs } from './contract-parts.ts'

type CommonStep = Pick<
  Step<typeof commonInputs, string>,
  'inputs' | 'context' | 'log' | 'secrets' | 'signal' | 'now' | 'sleep' | 'openRepository' | 'locateSettings'
>

/** What every action works on: its repository, configuration and history, and the deployment that it is about. */
export interface Workplace {
  readonly repository: Repository
  readonly config: Config
  /** false where there is no configuration file, and the defaults hold */
  readonly isConfigured: boolean
  readonly environment: string
  readonly revision: string
  readonly incident: string
  /** The events so far, oldest first; warns of lines that cannot be read. */
  readonly readHistory: (options?: { readonly since?: Date }) => Promise<readonly Event[]>
  /** Opens the lock of the environment: one rollback at a time. */
  readonly openLock: () => Promise<Lock>
  /** Appends an event to the history, with the circumstances of this step and without secrets. */
  readonly record: (what: Occurrence, naturalKey: readonly string[], about?: Subject) => Promise<void>
  /** The same; false when the event was there before, so that of several jobs one knows that it is the first. */
  readonly claim: (what: Occurrence, naturalKey: readonly string[], about?: Subject) => Promise<boolean>
}

/** The incident that an event belongs to: that of the step, unless it says otherwise. */
type Subject = Pick<Workplace, 'incident' | 'environment' | 'revision'>

/** Opens it all; sends nothing that changes anything. @throws InputError for a fork's pull request, a malformed revision, a faulty configuration file */
export async function openWorkplace({
  inputs,
  context,
  log,
  secrets,
  signal,
  now,
  sleep,
  openRepository,
  locateSettings,
}: CommonStep): Promise<Workplace> {
  refuseForks(context)
  const repository = openRepository(inputs.token)
  const { deployment, workflow_run: workflowRun } = context.event
  const named = inputs.revision || deployment?.sha || workflowRun?.head_sha
  const told = named ? parseRevision(named) : undefined
  const file = await readSettings({ repository, path: inputs.config, ref: context.sha || (told ?? 'HEAD') })
  if (file !== undefined) locateSettings((path) => locateSetting(file, path))
  const config = file === undefined ? defaultConfig() : parseConfig(file)
  const environment = inputs.environment || deployment?.environment || config.environment
  const revision =
    told ?? parseRevision((await deployedRevision(repository, { context, log }, environment)) ?? context.sha)
  const history = openBranchHistory({ repository, branch: config.history.branch, signal })
  const incident = incidentId({ environment, revision })
  const { actor, run } = context
  const append = (
    what: Occurrence,
    naturalKey: readonly string[],
    about: Subject = { incident, environment, revision },
  ) => {
    const at = now().toISOString()
    const subject = { incident: about.incident, environment: about.environment, revision: about.revision }
    const event = newEvent({ ...what, ...subject, at, actor, ...(run && { run }) }, naturalKey)
    return history.append(eventSchema.parse(redactDeep(event, secrets.redact)))
  }
  return {
    repository,
    config,
    isConfigured: file !== undefined,
    environment,
    revision,
    incident,
    readHistory: async (options) => {
      const { events, unreadable } = await history.read(options)
      for (const { file, line, why } of unreadable)
        log.warning(`line ${line} of ${file} in the history is left out: ${why}`, 'History')
      return events
    },
    openLock: () =>
      openLock({
        repository,
        branch: config.history.branch,
        environment,
        holder: { key: randomUUID(), actor, ...(run && { run }), host: hostname(), pid: process.pid },
        isAlive,
        now,
        sleep,
        log: log.info,
      }),
    record: async (...told) => void (await append(...told)),
    claim: async (...told) => (await append(...told)) === 'appended',
  }
}

/** Signal 0 only asks whether there is such a process. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // it is there, and is somebody else's
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The same workplace for another revision of the environment, whose incident is another one. */
export function aboutRevision(workplace: Workplace, revision: string): Workplace {
  const { environment } = workplace
  const subject = { incident: incidentId({ environment, revision }), environment, revision }
  return {
    ...workplace,
    ...subject,
    record: (what, naturalKey, about = subject) => workplace.record(what, naturalKey, about),
    claim: (what, naturalKey, about = subject) => workplace.claim(what, naturalKey, about),
  }
}

/** @throws InputError for what is no full commit id */
function parseRevision(named: string): string {
  const parsed = revisionSchema.safeParse(named)
  if (parsed.success) return parsed.data
  throw new InputError(`input "revision" is "${named}"; write the full 40-character id of a commit`)
}

/**
 * What a run that is about no revision of its own is about: what is deployed. A run that somebody starts by hand, and a
 * scheduled one, are at the head of the branch, and what is deployed may be older.
 * @returns undefined when the run has a revision, nothing was deployed, or the token may not see it, which the log tells
 */
async function deployedRevision(
  repository: Repository,
  { context: { eventName }, log }: Pick<CommonStep, 'context' | 'log'>,
  environment: string,
): Promise<string | undefined> {
  if (!runsAboutNoRevision.has(eventName)) return undefined
  try {
    const deployed = await findDeployed(repository, environment)
    for (const { revision, state } of deployed?.later ?? [])
      log.info(
        `${revision.slice(0, 7)} is not deployed to ${environment}: its deployment is in state ${state}`,
      )
    return deployed?.revision
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    log.warning(`the commit of this run is taken for the one that is deployed: ${error.message}`)
  }
  return undefined
}

const runsAboutNoRevision: ReadonlySet<string> = new Set(['workflow_dispatch', 'schedule', 'issue_comment'])

/** Read through the API, so that no checkout is needed. A path that was asked for has to be there; the default one need not. */
async function readSettings({
  repository,
  path,
  ref,
}: {
  repository: Repository
  path: string
  ref: string
}): Promise<SettingsText | undefined> {
  const file = await readFile(repository, { path, ref })
  if (file !== undefined) return { text: file.text, file: path }
  if (path === commonInputs.config.default) return undefined
  throw new InputError(
    `input "config" is "${path}", and there is no such file at ${ref.slice(0, 7)}; name one that is there, or leave the input out`,
  )
}
