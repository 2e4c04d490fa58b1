import { InputError, message, setting } from '../errors.ts'
import { incidentId } from '../history/incident.ts'
import { type OpenClone, prepareClone } from '../layers/code/partial-clone.ts'
import { openRemote, type RemoteOptions } from '../layers/code/plain/open.ts'
import { demandHead } from '../layers/code/plan.ts'
import { eventsOf, listRollbackTags } from '../layers/code/recent.ts'
import { type CodeRepository, onlyOnGitHub, readFacts, resolveRevision } from '../layers/code/repository.ts'
import { defaultConfig } from '../settings/schema.ts'
import type { RollbackContext } from './options.ts'

/** A git server, and what a run is about there. */
export interface PlainRequest extends RemoteOptions {
  /** '' for those by default */
  readonly environment: string
  readonly branch: string
  /** the failed revision; '' for the commit that the run is for */
  readonly revision: string
  /** the commit that the run is for; '' for none */
  readonly ran: string
  /** about the newest rollback of the branch, or about all of them: whatever revision it is for */
  readonly isAboutRollbacks: boolean
  /** the account that started the run by an event that takes write permission; undefined for every other event */
  readonly askedBy: string | undefined
}

/**
 * Opens the repository of a git server. It keeps no history of incidents for us: the commits and tags of rollbacks are all that
 * is known of them.
 * @throws InputError for a revision or a branch that is not there
 */
export async function openPlainContext(
  request: PlainRequest,
): Promise<RollbackContext & { readonly openClone: OpenClone }> {
  const { password, askedBy } = request
  const repository = await openRemote(request)
  const environment = request.environment || defaultConfig().environment
  const revision = await findRevision(repository, request)
  return {
    repository,
    environment,
    revision,
    incident: incidentId({ environment, revision }),
    branch: request.branch || (await readFacts(repository)).defaultBranch,
    // a git server does not say who may write
    isManual: async () => askedBy !== undefined && !askedBy.endsWith('[bot]'),
    openClone: prepareClone({ ...request, token: password }),
    readHistory: async () => eventsOf(await listRollbackTags(repository)),
    record: async () => {},
    // every push is compared with what was planned on
    openLock: async () => ({ take: async () => 'taken', release: async () => {} }),
  }
}

/** @throws InputError for what only GitHub has */
export function demandPlain({
  delivery,
  config,
}: {
  readonly delivery: string
  /** a configuration file that was asked for; undefined for the usual one */
  readonly config: string | undefined
}): void {
  if (delivery === 'pull-request')
    throw onlyOnGitHub(message`${setting('code.delivery')} is pull-request`, 'use auto or direct')
  if (config !== undefined)
    throw onlyOnGitHub(message`${setting('config')} is ${config}`, 'give what it says as inputs')
}

/**
 * The revision that failed: as it is given, else the commit that the run is for, where the remote has it. Not the head of the
 * branch: run again, that is the rollback, or somebody's commit on top of it.
 */
async function findRevision(
  repository: CodeRepository,
  { revision, branch, ran, isAboutRollbacks }: PlainRequest,
): Promise<string> {
  if (/^[0-9a-f]{40}$/.test(revision)) return revision
  if (revision !== '')
    throw new InputError(
      message`${setting('revision')} is "${revision}"; write the full 40-character id of a commit`,
    )
  const head = await demandHead(repository, branch || (await demandDefaultBranch(repository)))
  if (isAboutRollbacks) return head
  // after a reset it is in the repository, and on the branch no more
  if (ran !== '' && (await resolveRevision(repository, ran)) !== undefined) return ran
  throw new InputError(
    message`${setting('revision')} is empty, and the git remote does not have the commit that this run is for; write the full id of the revision that failed`,
  )
}

async function demandDefaultBranch(repository: CodeRepository): Promise<string> {
  const { defaultBranch } = await readFacts(repository)
  if (defaultBranch !== '') return defaultBranch
  throw new InputError(
    message`the git remote names no default branch; name the deployed branch in ${setting('branch')}`,
  )
}
