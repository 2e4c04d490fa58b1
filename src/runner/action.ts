import { isUserFacing, type NameOfSetting, Setting } from '../errors.ts'
import { watchForCancellation } from './cancellation.ts'
import type { ActionContract } from './contract.ts'
import { type Inputs, inputOf, readInputs, variableOf } from './inputs.ts'
import { readRepositoryName } from './job.ts'
import { type Log, openLog } from './log.ts'
import { exitWhenPrinted, guardOutput } from './output.ts'
import { openOutputs } from './outputs.ts'
import { maskSecrets } from './secrets.ts'
import type { Locate, Step } from './step.ts'

export type { Step } from './step.ts'

/** What an action does after its inputs are read. */
export interface Action<I extends Inputs, O extends string> {
  readonly run: (step: Step<I, O>) => Promise<void>
}

/**
 * Starts an action: masks, reads the inputs, loads what it does, and turns what goes wrong into one message that says what
 * to do. A cancelled job (SIGINT, SIGTERM) aborts the signal.
 * @param load imports what the action does: at the start only the contract and this folder are loaded, so that secrets are
 * masked and a mistake in the inputs is named within the time that Node itself needs
 */
export async function startAction<I extends Inputs, O extends string>(
  contract: ActionContract<I, O>,
  load: () => Promise<Action<I, O>>,
): Promise<void> {
  const { env } = process
  guardOutput()
  const secrets = maskSecrets(contract.inputs, env)
  const log = openLog({ secrets })
  const outputs = openOutputs(secrets)
  guardNode(log)
  const cancellation = watchForCancellation({
    onward: contract.afterCancelled,
    say: log.info,
    giveUp: (lastWords) => {
      fail(log, lastWords)
      exitWhenPrinted()
    },
  })
  const { signal } = cancellation
  let problem: string | undefined
  let locate: Locate = () => undefined
  const endings: (() => Promise<void>)[] = []
  const nameOf = nameBy(contract.inputs, env, (path) => locate(path))
  try {
    readRepositoryName(env)
    const inputs = readInputs(contract.inputs, env, contract.rules)
    const [{ openStep }, { run }] = await Promise.all([import('./step.ts'), load()])
    const step = await openStep<I, O>(contract.name, {
      inputs,
      env,
      log,
      secrets,
      signal,
      setOutputs: outputs.set,
      fail: (message) => {
        problem = typeof message === 'string' ? message : message.explain(nameOf)
        if (!signal.aborted) fail(log, problem)
      },
      explain: (said) => (typeof said === 'string' ? said : said.explain(nameOf)),
      atEnd: (work) => endings.push(work),
      locateSettings: (by) => {
        locate = by
      },
    })
    try {
      await run(step)
    } finally {
      for (const end of endings)
        await end().catch((error: unknown) => log.warning(`at the end: ${messageOf(error, nameOf)}`))
    }
  } catch (error) {
    problem = isUserFacing(error) || !signal.aborted ? messageOf(error, nameOf) : ''
    if (!signal.aborted) fail(log, problem)
    if (contract.rollsBack) outputs.setFailure(error)
    if (!isUserFacing(error) && error instanceof Error) log.debug(error.stack ?? '')
  } finally {
    // a step that completed anyway has not failed
    if (signal.aborted && problem !== undefined) fail(log, cancellation.explain(problem || undefined))
    cancellation.stop()
  }
}

/** Node prints uncaught errors and warnings past the streams, where nothing guards them. */
function guardNode(log: Log): void {
  process.removeAllListeners('warning').on('warning', ({ message }) => log.debug(message))
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => {
    fail(log, messageOf(error, String))
    log.debug(error.stack ?? '')
    exitWhenPrinted()
  })
}

function fail(log: Log, message: string): void {
  process.exitCode = 1
  log.error(message)
}

/**
 * How users of a step know a setting: as its input, when they gave that or the configuration file does not have the setting;
 * else as the place in the file.
 */
export function nameBy(inputs: Inputs, env: NodeJS.ProcessEnv, locate: Locate): NameOfSetting {
  return (setting) => {
    const [, list = setting.path, index] = /^(.*)\[(\d+)\]$/.exec(setting.path) ?? []
    const name = inputOf(inputs, new Setting(list))
    const place = locate(setting.path)
    // the runner hands over the default of an input, too: one that has a default decides
    const isGiven = name !== undefined && (env[variableOf(name)] ?? '').trim() !== ''
    if (name !== undefined && (isGiven || place === undefined))
      return `${index === undefined ? '' : `item ${Number(index) + 1} of `}input "${name}"`
    if (place !== undefined) return `\`${setting.path}\` (${place})`
    return setting.path.includes('.') ? `\`${setting.path}\` in .github/rollback.yml` : String(setting)
  }
}

function messageOf(error: unknown, nameOf: NameOfSetting): string {
  if (isUserFacing(error)) return error.explain(nameOf)
  return `unexpected: ${error instanceof Error ? error.message : String(error)} (re-run with debug logging for the stack, and please report it)`
}
