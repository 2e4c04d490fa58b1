import { InputError, message, RefusedError, setting } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { resolveRevision } from '../github/commits.ts'
import { isAncestor } from '../github/compare.ts'
import { type Event, revisionSchema } from '../history/event.ts'
import { incidentId } from '../history/incident.ts'
import { type Settings, settingsOf, usualEnvironment } from '../settings/environments.ts'
import type { Config } from '../settings/schema.ts'
import { shortRevision } from '../text/revision.ts'
import { findDeployed } from './deployed.ts'

/** What a run knows about itself: its inputs, its event, and the commit that it runs for. */
export interface Circumstances {
  /** the inputs; '' where they are left empty */
  readonly environment: string
  readonly revision: string
  readonly eventName: string
  readonly event: {
    readonly deployment?:
      | {
          readonly sha: string
          readonly environment: string
          readonly transient_environment?: boolean | undefined
        }
      | undefined
    readonly workflow_run?: { readonly head_sha: string } | undefined
  }
  /** the commit that the workflow runs for; '' where there is none */
  readonly sha: string
}

/** The incident of a run. */
export interface Subject {
  readonly environment: string
  /** full id of the commit that may be bad */
  readonly revision: string
  readonly incident: string
}

/**
 * The environment that a run is about, as its input, its event, or the settings name it.
 * @throws InputError for one that the settings do not describe, for a transient one, and for an event of another one
 */
export function findEnvironment(settings: Settings, { environment, revision, event }: Circumstances): Config {
  const deployment = revision === '' ? event.deployment : undefined
  if (deployment !== undefined) {
    const { environment: deployed, transient_environment: isTransient } = deployment
    if (environment !== '' && environment !== deployed)
      throw new InputError(
        message`this run is for a deployment to ${JSON.stringify(deployed)}, and ${setting('environment')} is ${JSON.stringify(environment)}: nothing was changed; run the job only for deployments to ${JSON.stringify(environment)}, or give ${setting('revision')}`,
      )
    if (isTransient === true)
      throw new InputError(
        message`this run is for a deployment to ${JSON.stringify(deployed)}, which is a transient environment such as a preview: nothing was changed; run the job only for deployments to the environments in the settings`,
      )
  }
  const deployed = event.deployment?.environment
  if (environment === '' && deployed)
    return settingsOf(
      settings,
      deployed,
      message`this run is for a deployment to ${JSON.stringify(deployed)}`,
    )
  return settingsOf(settings, environment || usualEnvironment(settings))
}

/**
 * The revision that a run is about: as its input or its event names it, else the deployed one where the run is about none of
 * its own, else the commit that it runs for. What is deployed is what a deployment succeeded with; one that waits for its
 * reviewers, or has failed, is not.
 * @param log gets a line when the token may not see what is deployed, and for what is not deployed yet
 * @throws InputError for what is no full commit id
 */
export async function findRevision(
  repository: Repository,
  environment: string,
  { revision, event, eventName, sha }: Circumstances,
  log: (line: string) => void,
): Promise<string> {
  const named = namedRevision({ revision, event, eventName, sha })
  if (named !== undefined) return parseRevision(named)
  try {
    const deployed = await findDeployed(repository, environment)
    for (const { revision: later, state } of deployed?.later ?? [])
      log(`${shortRevision(later)} is not deployed to ${environment}: its deployment is in state ${state}`)
    return deployed?.revision ?? parseRevision(sha)
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    log(`what is deployed could not be read, so the commit of this run is used: ${error.message}`)
    return parseRevision(sha)
  }
}

/** The revision as the input or the event names it; undefined for a run that is about what is deployed. */
export function namedRevision({
  revision,
  event,
  eventName,
  sha,
}: Pick<Circumstances, 'revision' | 'event' | 'eventName' | 'sha'>): string | undefined {
  const named = revision || event.deployment?.sha || event.workflow_run?.head_sha
  return named || (runsAboutNoRevision.has(eventName) ? undefined : sha)
}

const runsAboutNoRevision: ReadonlySet<string> = new Set(['workflow_dispatch', 'schedule', 'issue_comment'])

/** The incident of a revision in an environment. */
export function subjectOf(environment: string, revision: string): Subject {
  return { environment, revision, incident: incidentId({ environment, revision }) }
}

/**
 * Checks that a revision is on the branch that its environment is deployed from, whatever named it: a commit of a fork, of a
 * pull request or of a feature branch is never production's. One that a rollback has taken off the branch counts as on it.
 * @param readHistory asked only for a revision that is not on the branch
 * @throws InputError that names the branch
 */
export async function demandOnBranch(
  repository: Repository,
  { environment, revision, incident }: Subject,
  { branch, readHistory }: { readonly branch: string; readonly readHistory: () => Promise<readonly Event[]> },
): Promise<void> {
  if (await isAncestor(repository, { older: revision, newer: branch })) return
  const [events, known, head] = await Promise.all([
    readHistory(),
    resolveRevision(repository, revision),
    resolveRevision(repository, branch),
  ])
  if (events.some((event) => event.kind === 'rollback-applied' && event.incident === incident)) return
  if (head === undefined)
    throw new InputError(
      message`the branch "${branch}" is not in ${repository.owner}/${repository.repo}, and ${environment} is deployed from it: write the name of a branch in ${setting('branch')}`,
    )
  const why = known === undefined ? `is not in ${repository.owner}/${repository.repo}` : `is not on ${branch}`
  throw new InputError(
    message`${setting('revision')} is ${shortRevision(revision)}, which ${why}, and ${environment} is deployed from ${branch}: nothing was changed; run the action for a commit of ${branch}, or set ${setting('branch')} to the branch that ${environment} is deployed from`,
  )
}

function parseRevision(named: string): string {
  const parsed = revisionSchema.safeParse(named)
  if (parsed.success) return parsed.data
  throw new InputError(
    message`${setting('revision')} is ${JSON.stringify(named)}; write the full 40-character id of a commit`,
  )
}
