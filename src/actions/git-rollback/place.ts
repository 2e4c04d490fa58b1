import { InputError } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { incidentId } from '../../history/incident.ts'
import { basicCredentials } from '../../layers/code/command.ts'
import { type OpenClone, prepareClone } from '../../layers/code/partial-clone.ts'
import { openRemote } from '../../layers/code/plain/open.ts'
import { demandHead } from '../../layers/code/plan.ts'
import { eventsOf, listRollbackTags } from '../../layers/code/recent.ts'
import {
  type CodeRepository,
  onlyOnGitHub,
  readFacts,
  resolveRevision,
} from '../../layers/code/repository.ts'
import type { Step } from '../../runner/action.ts'
import { refuseForks } from '../../runner/context.ts'
import { defaultConfig } from '../../settings/schema.ts'
import { commonInputs } from '../contract-parts.ts'
import { prepareJobClone } from '../job-clone.ts'
import { openWorkplace, type Workplace } from '../wiring.ts'
import type { gitRollback } from './contract.ts'

export type GitRollbackStep = Step<typeof gitRollback.inputs, keyof typeof gitRollback.outputs>

/** What a rollback of the code works on: the job's repository on GitHub, or that of the input `remote`. */
export interface RollbackPlace
  extends Pick<
    Workplace,
    | 'config'
    | 'environment'
    | 'revision'
    | 'incident'
    | 'branch'
    | 'isManual'
    | 'readHistory'
    | 'record'
    | 'openLock'
  > {
  readonly repository: CodeRepository
  /** the same where it is on GitHub: for deployments, comments and workflows */
  readonly github: Repository | undefined
  /** the paths that the settings restore; empty for all */
  readonly paths: readonly string[]
  readonly openClone: OpenClone
}

export async function openPlace(step: GitRollbackStep): Promise<RollbackPlace> {
  if (step.inputs.remote !== '') return openRemotePlace(step)
  if (step.inputs.token === '') throw new InputError('input "token" is required and was not given')
  const { branch, target, mode } = step.inputs
  // these are about the newest rollback of the branch, or about all of them
  const isNamed = target === 'undo' || target === 'reapply' || mode === 'list'
  const workplace = await openWorkplace(step, { branch, rollsBack: true, actsOn: !isNamed })
  const { repository: github, config } = workplace
  return { ...workplace, github, paths: config.paths, openClone: prepareJobClone(step) }
}

/** A git server keeps no history of incidents for us: the commits and tags of rollbacks are all that tells of them. */
async function openRemotePlace(step: GitRollbackStep): Promise<RollbackPlace> {
  const { inputs, context, env, secrets, signal, temporary: directory, log } = step
  refuseForks(context)
  demandOffered(inputs)
  const { remote: url, 'remote-username': username, 'remote-password': password } = inputs
  // in this form the password is in a header of git's requests
  if (password !== '') secrets.add(basicCredentials({ username, token: password }))
  const where = { url, username, directory, path: env['PATH'] ?? '', signal }
  const repository = await openRemote({ ...where, password })
  log.info(`${url} is asked by git alone: nothing is read from, or written to, the history of incidents`)
  const environment =
    inputs.environment || context.event.deployment?.environment || defaultConfig().environment
  const revision = await findRevision(repository, step)
  const incident = incidentId({ environment, revision })
  return {
    repository,
    github: undefined,
    config: defaultConfig(),
    paths: [],
    branch: inputs.branch || (await readFacts(repository)).defaultBranch,
    // a git server does not say who may write
    isManual: async () => context.askedBy !== undefined && !context.askedBy.endsWith('[bot]'),
    openClone: prepareClone({ ...where, token: password }),
    environment,
    revision,
    incident,
    readHistory: async () => eventsOf(await listRollbackTags(repository)),
    record: async () => {},
    // every push is compared with what was planned on
    openLock: async () => ({ take: async () => 'taken', release: async () => {} }),
  }
}

/** @throws InputError for what only GitHub has */
function demandOffered({ mode, delivery, config }: GitRollbackStep['inputs']): void {
  if (mode === 'deploy-only')
    throw onlyOnGitHub(
      'input "mode" is deploy-only',
      'use restore, revert or reset, or deploy the good revision in a step of your own',
    )
  if (delivery === 'pull-request')
    throw onlyOnGitHub('input "delivery" is pull-request', 'use auto or direct')
  if (config !== commonInputs.config.default)
    throw onlyOnGitHub(`input "config" is ${config}`, 'give what it says as inputs')
}

/**
 * The revision that failed: as it is given, else the commit that this run is about, where the remote has it. Not the head of the
 * branch: run again, that is the rollback, or somebody's commit on top of it.
 */
async function findRevision(
  repository: CodeRepository,
  { inputs, context }: GitRollbackStep,
): Promise<string> {
  if (/^[0-9a-f]{40}$/.test(inputs.revision)) return inputs.revision
  if (inputs.revision !== '')
    throw new InputError(
      `input "revision" is "${inputs.revision}"; write the full 40-character id of a commit`,
    )
  const head = await demandHead(repository, inputs.branch || (await demandDefaultBranch(repository)))
  // these are about the newest rollback of the branch, or about all of them
  const isNamed = inputs.target === 'undo' || inputs.target === 'reapply' || inputs.mode === 'list'
  if (isNamed) return head
  const { deployment, workflow_run: workflowRun } = context.event
  const ran = deployment?.sha || workflowRun?.head_sha || context.sha
  // after a reset it is in the repository, and on the branch no more
  if (ran !== '' && (await resolveRevision(repository, ran)) !== undefined) return ran
  throw new InputError(
    'input "revision" is empty, and the git remote has not the commit that this run is about; write the full id of the revision that failed',
  )
}

async function demandDefaultBranch(repository: CodeRepository): Promise<string> {
  const { defaultBranch } = await readFacts(repository)
  if (defaultBranch !== '') return defaultBranch
  throw new InputError('the git remote names no default branch; name the deployed branch in input "branch"')
}
