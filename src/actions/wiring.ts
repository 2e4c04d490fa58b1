import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import {
  demandOnBranch,
  findEnvironment,
  findRevision,
  type Subject,
  subjectOf,
} from '../deployment/subject.ts'
import { InputError, message, setting } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { readFile } from '../github/contents.ts'
import { lookAhead } from '../github/look-ahead.ts'
import { mayWrite } from '../github/permission.ts'
import { defaultBranch } from '../github/repository.ts'
import { historyFolder, openBranchHistory } from '../history/branch-history.ts'
import { type Event, eventSchema, newEvent, type Occurrence } from '../history/event.ts'
import { holdLabelsOf } from '../history/hold.ts'
import { openLock } from '../history/lock.ts'
import { recordTogether } from '../history/together.ts'
import type { ConfiguredContext } from '../rollback/front-door.ts'
import type { Step } from '../runner/action.ts'
import { refuseForks } from '../runner/context.ts'
import type { Settings } from '../settings/environments.ts'
import { locateSetting } from '../settings/location.ts'
import { parseSettings } from '../settings/parse.ts'
import { defaultConfig } from '../settings/schema.ts'
import { redactDeep } from '../text/redact.ts'
import { commonInputs } from './contract-parts.ts'
import { provideSecrets } from './given-secrets.ts'

type CommonStep = Pick<
  Step<typeof commonInputs, string>,
  | 'inputs'
  | 'context'
  | 'env'
  | 'log'
  | 'secrets'
  | 'signal'
  | 'now'
  | 'sleep'
  | 'openRepository'
  | 'locateSettings'
>

/** What every action works on: its repository, settings and history, and the deployment that it is about. */
export interface Workplace extends ConfiguredContext {
  readonly settings: Settings
  /** false where there is no configuration file, and the defaults hold */
  readonly isConfigured: boolean
  /** The events so far, oldest first; warns of lines that cannot be read. */
  readonly readHistory: (options?: { readonly since?: Date }) => Promise<readonly Event[]>
  /** Appends an event to the history, with the circumstances of this step and without secrets. */
  readonly record: (what: Occurrence, naturalKey: readonly string[], about?: Subject) => Promise<void>
  /** The same; false when the event was there before, so that of several jobs one knows that it is the first. */
  readonly claim: (what: Occurrence, naturalKey: readonly string[], about?: Subject) => Promise<boolean>
  /** Merges small files of the history that was read, where they have become many. */
  readonly compactHistory: () => Promise<void>
}

/** The repository and what its settings file says. */
export interface Opened extends Pick<Workplace, 'repository' | 'settings' | 'isConfigured'> {}

/** Opens the repository and reads the settings. @throws InputError for a fork, and for a faulty file */
export async function openSettings({
  inputs,
  context,
  openRepository,
  locateSettings,
}: CommonStep): Promise<Opened> {
  refuseForks(context)
  const repository = openRepository(inputs.token)
  const ref = context.sha || inputs.revision || 'HEAD'
  const file = await readSettings(repository, { path: inputs.config, ref, locateSettings })
  return {
    repository,
    settings: file ?? settingsWithout(inputs.environment),
    isConfigured: file !== undefined,
  }
}

/**
 * Opens it all; sends nothing that changes anything.
 * @param opened what is open already
 * @param environment instead of that of the input
 * @param branch instead of that in the settings; '' for that
 * @param rollsBack true for an action that plans a rollback: all that the plan asks is looked at ahead, at the same time
 * @param alongside what the action asks of its revision, begun as soon as that is known
 * @param actsOn false for an action that only tells of an incident, so that its revision may be any
 * @throws InputError for a fork, an environment that the settings do not describe, a revision that is not on the branch, a faulty configuration file
 */
export async function openWorkplace(
  step: CommonStep,
  {
    opened,
    environment = step.inputs.environment,
    branch: given = '',
    rollsBack = false,
    alongside,
    actsOn = true,
  }: {
    readonly opened?: Opened
    readonly environment?: string
    readonly branch?: string
    readonly rollsBack?: boolean
    readonly alongside?: (repository: Repository, revision: string) => Promise<unknown>
    readonly actsOn?: boolean
  } = {},
): Promise<Workplace> {
  const { inputs, context, env, log, secrets, signal, now } = step
  const { repository, settings, isConfigured } = opened ?? (await openSettings(step))
  const circumstances = { ...context, environment, revision: inputs.revision }
  const config = findEnvironment(settings, circumstances)
  provideSecrets(inputs.secrets, { config, env, secrets })
  const isManual = once(
    async () => context.askedBy !== undefined && (await mayWrite(repository, context.askedBy)),
  )
  const named = given || config.branch || context.event.repository?.default_branch
  if (rollsBack && named) {
    // whoever needs it gets the error
    isManual().catch(() => {})
    await lookAhead(repository, {
      branch: named,
      environment: config.environment,
      folder: historyFolder(config.history.branch),
      labels: holdLabelsOf(config.environment),
    })
  }
  const [found, branch] = await Promise.all([
    findRevision(repository, config.environment, circumstances, (line) => log.warning(line)),
    named || defaultBranch(repository),
  ])
  const subject = subjectOf(config.environment, found)
  alongside?.(repository, found).catch(() => {})
  const history = openBranchHistory({ repository, branch: config.history.branch, signal })
  const { actor, run } = context
  const describe = (what: Occurrence, naturalKey: readonly string[], about: Subject = subject) => {
    const at = now().toISOString()
    const { incident, environment, revision } = about
    const event = newEvent(
      { ...what, incident, environment, revision, at, actor, ...(run && { run }) },
      naturalKey,
    )
    return eventSchema.parse(redactDeep(event, secrets.redact))
  }
  const recordEvent = recordTogether(history)
  const readHistory: Workplace['readHistory'] = async (options) => {
    const { events, unreadable } = await history.read(options)
    for (const { file, line, why } of unreadable)
      log.warning(`line ${line} of ${file} in the history is left out: ${why}`, 'History')
    return events
  }
  if (actsOn) await demandOnBranch(repository, subject, { branch, readHistory })
  return {
    ...subject,
    repository,
    settings,
    config,
    isConfigured,
    branch,
    isManual,
    readHistory,
    openLock: () =>
      openLock({
        repository,
        branch: config.history.branch,
        environment: subject.environment,
        holder: { key: randomUUID(), actor, ...(run && { run }), host: hostname(), pid: process.pid },
        isAlive,
        now,
        sleep: step.sleep,
        log: log.info,
      }),
    record: async (...told) => recordEvent(describe(...told)),
    claim: async (...told) => (await history.append(describe(...told))) === 'appended',
    compactHistory: history.compact,
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

/** The same workplace for another revision of the environment, whose incident is another one. @throws InputError when it is not on the branch */
export async function aboutRevision(workplace: Workplace, revision: string): Promise<Workplace> {
  const { repository, environment, record, claim } = workplace
  const subject = subjectOf(environment, revision)
  await demandOnBranch(repository, subject, workplace)
  return {
    ...workplace,
    ...subject,
    record: (what, naturalKey, about = subject) => record(what, naturalKey, about),
    claim: (what, naturalKey, about = subject) => claim(what, naturalKey, about),
  }
}

/** A question that is asked at most once. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= ask()
    return answer
  }
}

/** Without a file there is one environment, with all the defaults: that of the input, else production. */
function settingsWithout(environment: string): Settings {
  const config = defaultConfig()
  const usual = environment || config.environment
  return { file: undefined, usual, environments: new Map([[usual, { ...config, environment: usual }]]) }
}

/** Read through the API, so that no checkout is needed. A path that was asked for has to be there; the default one need not. */
async function readSettings(
  repository: Repository,
  { path, ref, locateSettings }: { path: string; ref: string; locateSettings: CommonStep['locateSettings'] },
): Promise<Settings | undefined> {
  const file = await readFile(repository, { path, ref })
  if (file !== undefined) {
    const source = { text: file.text, file: path }
    locateSettings((key) => locateSetting(source, key))
    return parseSettings(source)
  }
  if (path === commonInputs.config.default) return undefined
  throw new InputError(
    message`${setting('config')} is "${path}", and there is no such file at ${ref.slice(0, 7)}; name one that is there, or leave it out`,
  )
}
