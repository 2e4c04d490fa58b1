import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type ContextWishes, type DeploymentContext, foresee, openContext } from '../deployment/context.ts'
import { readSettingsFile, type SettingsFile } from '../deployment/settings-file.ts'
import type { Repository } from '../github/client.ts'
import { refuseForks } from '../runner/context.ts'
import { isAlive } from '../runner/process.ts'
import type { Step } from '../runner/step.ts'
import { commonInputs } from './contract-parts.ts'
import { provideSecrets } from './given-secrets.ts'
import { maskChannels, notifyChannels } from './notifications.ts'

export type { DeploymentContext as Workplace } from '../deployment/context.ts'

type CommonStep = Omit<Step<typeof commonInputs, string>, 'setOutputs' | 'fail' | 'explain' | 'temporary'>

/** The repository and what its settings file says. */
export interface Opened extends SettingsFile {
  readonly repository: Repository
}

/**
 * Opens the repository and reads the settings.
 * @param onOpen called before they are read
 * @throws InputError for a fork, and for a faulty file
 */
export async function openSettings(
  step: CommonStep,
  onOpen?: (repository: Repository) => void,
): Promise<Opened> {
  const { inputs, context, openRepository, locateSettings } = step
  refuseForks(context)
  const repository = openRepository(inputs.token)
  onOpen?.(repository)
  const ref = context.sha || inputs.revision || 'HEAD'
  const { config: path, environment } = inputs
  const mayLack = path === commonInputs.config.default
  const where = { path, ref, mayLack, environment, onFound: locateSettings }
  return { repository, ...(await readSettingsFile(repository, where)) }
}

/** What a run is about, beside what its inputs and its event say. */
interface Asked extends Partial<ContextWishes> {
  /** what is open already */
  readonly opened?: Opened
  /** instead of that of the input */
  readonly environment?: string
}

/**
 * Opens everything that an action works on; sends nothing that changes anything.
 * @throws InputError for a fork, a faulty settings file, and as `openContext`
 */
export async function openWorkplace(step: CommonStep, asked: Asked = {}): Promise<DeploymentContext> {
  const { inputs, context, env, log, secrets, signal, now, sleep } = step
  const { environment = inputs.environment, branch = '', actsOn = true, rollsBack = false, alongside } = asked
  const facts = { ...context, environment, revision: inputs.revision }
  const wishes = { branch, actsOn, rollsBack, alongside }
  const opened =
    asked.opened ?? (await openSettings(step, (repository) => foresee(repository, facts, wishes)))
  return openContext(opened, facts, wishes, {
    process: { key: randomUUID(), host: hostname(), pid: process.pid },
    isAlive,
    onConfig: (config) => {
      step.locateSettings((path) => opened.locate(path, config.environment))
      provideSecrets(inputs.secrets, { config, env, secrets })
      maskChannels(config, step)
    },
    subscribe: (feed) => notifyChannels(step, feed),
    redact: secrets.redact,
    now,
    sleep,
    log: log.info,
    warn: log.warning,
    signal,
  })
}
