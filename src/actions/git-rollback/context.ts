import { InputError } from '../../errors.ts'
import { basicCredentials } from '../../layers/code/command.ts'
import type { OpenClone } from '../../layers/code/partial-clone.ts'
import type { ConfiguredContext } from '../../rollback/front-door.ts'
import type { RollbackContext } from '../../rollback/options.ts'
import { demandPlain, openPlainContext } from '../../rollback/plain-context.ts'
import { refuseForks } from '../../runner/context.ts'
import { commonInputs } from '../contract-parts.ts'
import { prepareJobClone } from '../job-clone.ts'
import { openWorkplace } from '../wiring.ts'
import type { GitRollbackStep } from './contract.ts'

/** The repository to roll back: that of the job on GitHub, or that of the input `remote`. */
export interface GitContext extends RollbackContext {
  readonly openClone: OpenClone
  /** undefined for a git server, which has no settings */
  readonly configured: ConfiguredContext | undefined
  /** the paths that the settings restore; empty for all */
  readonly paths: readonly string[]
  /** least time between two automatic rollbacks, ms */
  readonly cooldownMs: number
}

export async function openContext(step: GitRollbackStep): Promise<GitContext> {
  const { inputs, context, env, secrets, signal, temporary: directory, log } = step
  const { branch, target, mode, remote: url } = inputs
  // these are about the newest rollback of the branch, or about all of them
  const isAboutRollbacks = target === 'undo' || target === 'reapply' || mode === 'list'
  if (url === '') {
    if (inputs.token === '') throw new InputError('input "token" is required and was not given')
    const workplace = await openWorkplace(step, { branch, rollsBack: true, actsOn: !isAboutRollbacks })
    const { paths, health } = workplace.config
    return {
      ...workplace,
      ...{ openClone: prepareJobClone(step), configured: workplace, paths, cooldownMs: health.cooldownMs },
    }
  }
  refuseForks(context)
  const { delivery, config, 'remote-username': username, 'remote-password': password } = inputs
  demandPlain({ delivery, config: config === commonInputs.config.default ? undefined : config })
  // in this form the password is in a header of git's requests
  if (password !== '') secrets.add(basicCredentials({ username, token: password }))
  log.info(`${url} is accessed only through git: the history of incidents is neither read nor written`)
  const { deployment, workflow_run: workflowRun } = context.event
  const opened = await openPlainContext({
    ...{ url, username, password, directory, signal, branch, isAboutRollbacks },
    ...{ path: env['PATH'] ?? '', revision: inputs.revision },
    // a git server does not show who may write: only people with write access can start a workflow, and anyone can comment
    askedBy: context.eventName === 'workflow_dispatch' ? context.askedBy : undefined,
    environment: inputs.environment || deployment?.environment || '',
    ran: deployment?.sha || workflowRun?.head_sha || context.sha,
  })
  // a git server has no settings to change a cooldown in, and its tags do not say what was automatic
  return { ...opened, configured: undefined, paths: [], cooldownMs: 0 }
}
