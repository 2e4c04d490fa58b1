import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { InputError, type Message } from '../errors.ts'
import { openRepository, type Repository } from '../github/client.ts'
import { type RunContext, readContext } from './context.ts'
import type { Inputs, InputValues } from './inputs.ts'
import type { Log } from './log.ts'
import type { Outputs } from './outputs.ts'
import type { Secrets } from './secrets.ts'
import { writeSummary } from './summary.ts'

/** Everything that an action gets from the runner. */
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
  /**
   * Sets outputs, and `result` to all of them as one JSON object with `schema: 1`. An output is an id, an enum, a number or a
   * path; a list becomes JSON. What is undefined is not set. GitHub silently blanks a value that looks like a secret.
   */
  readonly setOutputs: (outputs: Outputs<Exclude<O, 'result'>>) => void
  readonly writeSummary: (markdown: string) => Promise<void>
  /** Writes a report beside the job's other temporary files. @returns its path */
  readonly writeReport: (name: string, report: unknown) => Promise<string>
  /** Marks the step as failed; the rest of it still runs. */
  readonly fail: (message: string | Message) => void
  /** A text for the user, in which each setting has the name that users of this step know. */
  readonly explain: (said: string | Message) => string
  /** Runs this after the action has ended, however it ended: for work that runs in parallel. */
  readonly atEnd: (work: () => Promise<void>) => void
  /** Says where the configuration file has a setting, once that file is read. */
  readonly locateSettings: (locate: Locate) => void
}

/** The step of an action, by its contract. */
export type StepOf<A extends { readonly inputs: Inputs; readonly outputs: object }> = Step<
  A['inputs'],
  keyof A['outputs'] & string
>

/** @returns e.g. `.github/rollback.yml:12:5`; undefined for what the file does not have */
export type Locate = (path: string) => string | undefined

export type { Outputs } from './outputs.ts'

/** What the start of an action has made of the step by then. */
export type Started<I extends Inputs> = Pick<
  Step<I, string>,
  | 'inputs'
  | 'env'
  | 'log'
  | 'secrets'
  | 'signal'
  | 'fail'
  | 'explain'
  | 'atEnd'
  | 'locateSettings'
  | 'setOutputs'
>

/**
 * Opens the rest of a step: its context, and what it works with.
 * @param name of the action
 * @throws InputError outside of a workflow run
 */
export async function openStep<I extends Inputs, O extends string>(
  name: string,
  started: Started<I>,
): Promise<Step<I, O>> {
  const { env, log, secrets, signal } = started
  const context = readContext(env, await readPayload(env['GITHUB_EVENT_PATH']))
  const temporary = join(env['RUNNER_TEMP'] ?? tmpdir(), 'rollback')
  return {
    ...started,
    context,
    now: () => new Date(),
    sleep: (ms) => sleep(ms, undefined, { signal }),
    temporary,
    openRepository: (token) =>
      openRepository({
        token,
        owner: context.owner,
        repo: context.repo,
        apiUrl: context.apiUrl,
        userAgent: `rollback-suite/${name}`,
        log: log.info,
        signal,
      }),
    writeSummary: (markdown) => writeSummary(markdown, { secrets }),
    writeReport: async (file, report) => {
      await mkdir(temporary, { recursive: true })
      const path = join(temporary, `${file}.json`)
      await writeFile(path, secrets.redact(`${JSON.stringify(report, null, 2)}\n`))
      return path
    },
  }
}

/** What GitHub says of the event that started the run; undefined where there is no such file. @throws InputError for no JSON */
async function readPayload(path: string | undefined): Promise<unknown> {
  if (!path) return undefined
  const text = await readFile(path, 'utf8').catch(() => undefined)
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    throw new InputError(`GITHUB_EVENT_PATH is ${path}, and this file is not valid JSON: nothing was changed`)
  }
}
