import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setOutput } from '@actions/core'
import { context as github } from '@actions/github'
import { isUserFacing, type Message, type NameOfSetting } from '../errors.ts'
import { openRepository, type Repository } from '../github/client.ts'
import { watchForCancellation } from './cancellation.ts'
import { type RunContext, readContext } from './context.ts'
import type { ActionContract } from './contract.ts'
import { type Inputs, type InputValues, inputOf, readInputs, variableOf } from './inputs.ts'
import { type Log, openLog } from './log.ts'
import { guardOutput } from './output.ts'
import { maskSecrets, type Secrets } from './secrets.ts'
import { writeSummary } from './summary.ts'

/** All that an action's wiring gets from the runner. */
export interface Step<I extends Inputs, O extends string> {
  readonly inputs: InputValues<I>
  readonly context: RunContext
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
  readonly secrets: Secrets
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly sleep: (ms: number) => Promise<void>
  /** a folder for what is needed during the job only */
  readonly temporary: string
  /** Opens the repository the workflow runs in. */
  readonly openRepository: (token: string) => Repository
  /** An output is an id, an enum, a number, a path or JSON of those: GitHub silently blanks a value that looks like a secret. */
  readonly setOutputs: (outputs: Partial<Readonly<Record<O, string | number | boolean>>>) => void
  readonly writeSummary: (markdown: string) => Promise<void>
  /** Writes a report beside the job's other temporary files. @returns its path */
  readonly writeReport: (name: string, report: unknown) => Promise<string>
  /** Ends the step as failed, once the rest of it is done. */
  readonly fail: (message: string | Message) => void
  /** A text for the user, with each setting called as users of this step know it. */
  readonly explain: (said: string | Message) => string
  /** Says where the configuration file has a setting, once that file is read. */
  readonly locateSettings: (locate: Locate) => void
}

/** @returns e.g. `.github/rollback.yml:12:5`; undefined for what the file does not have */
export type Locate = (path: string) => string | undefined

/**
 * Runs an action: masks, reads the inputs, hands over to its wiring, and turns what goes wrong into one message that
 * says what to do. A cancelled job (SIGINT, SIGTERM) aborts the signal.
 */
export async function runAction<I extends Inputs, O extends string>(
  contract: ActionContract<I, O>,
  main: (step: Step<I, O>) => Promise<void>,
): Promise<void> {
  const { env } = process
  guardOutput()
  const secrets = maskSecrets(contract.inputs, env)
  const log = openLog({ secrets })
  guardNode(log)
  const cancellation = watchForCancellation({
    onward: contract.afterCancelled,
    say: log.info,
    giveUp: (lastWords) => {
      fail(log, lastWords)
      process.exit()
    },
  })
  const { signal } = cancellation
  let problem: string | undefined
  let locate: Locate = () => undefined
  const nameOf = nameBy(contract.inputs, env, (path) => locate(path))
  try {
    const context = readContext(env, github.payload)
    const inputs = readInputs(contract.inputs, env)
    await main({
      inputs,
      context,
      env,
      log,
      secrets,
      signal,
      now: () => new Date(),
      temporary: join(env['RUNNER_TEMP'] ?? tmpdir(), 'rollback'),
      sleep: (ms) => sleep(ms, undefined, { signal }),
      openRepository: (token) =>
        openRepository({
          token,
          owner: context.owner,
          repo: context.repo,
          apiUrl: context.apiUrl,
          userAgent: `rollback-suite/${contract.name}`,
          log: log.info,
          signal,
        }),
      setOutputs: (outputs) => {
        for (const [name, value] of Object.entries(outputs)) setOutput(name, secrets.redact(String(value)))
      },
      writeSummary: (markdown) => writeSummary(markdown, { secrets }),
      writeReport: async (name, report) => {
        const directory = join(env['RUNNER_TEMP'] ?? tmpdir(), 'rollback')
        await mkdir(directory, { recursive: true })
        const path = join(directory, `${name}.json`)
        await writeFile(path, secrets.redact(`${JSON.stringify(report, null, 2)}\n`))
        return path
      },
      fail: (message) => {
        problem = typeof message === 'string' ? message : message.explain(nameOf)
        if (!signal.aborted) fail(log, problem)
      },
      explain: (said) => (typeof said === 'string' ? said : said.explain(nameOf)),
      locateSettings: (by) => {
        locate = by
      },
    })
  } catch (error) {
    problem = isUserFacing(error) || !signal.aborted ? messageOf(error, nameOf) : ''
    if (!signal.aborted) fail(log, problem)
    if (!isUserFacing(error) && error instanceof Error) log.debug(error.stack ?? '')
  } finally {
    // a step that had come to its end all the same is not failed
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
    process.exit()
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
    const name = inputOf(inputs, setting)
    const place = locate(setting.path)
    // the runner hands over the default of an input, too: one that has a default decides
    const isGiven = name !== undefined && (env[variableOf(name)] ?? '').trim() !== ''
    if (name !== undefined && (isGiven || place === undefined)) return `input "${name}"`
    if (place !== undefined) return `\`${setting.path}\` (${place})`
    return setting.path.includes('.') ? `\`${setting.path}\` in .github/rollback.yml` : String(setting)
  }
}

function messageOf(error: unknown, nameOf: NameOfSetting): string {
  if (isUserFacing(error)) return error.explain(nameOf)
  return `unexpected: ${error instanceof Error ? error.message : String(error)} (re-run with debug logging for the stack, and please report it)`
}
