import type { Repository } from '../github/client.ts'
import { compareWithBranch } from '../github/compare.ts'
import { type Ahead, lookAhead } from '../github/look-ahead.ts'
import { mayWrite } from '../github/permission.ts'
import { defaultBranch } from '../github/repository.ts'
import { historyFolder, openBranchHistory } from '../history/branch-history.ts'
import { type Event, eventSchema, newEvent, type Occurrence, revisionSchema } from '../history/event.ts'
import { holdLabelsOf } from '../history/hold.ts'
import { type Lock, type LockHolder, openLock } from '../history/lock.ts'
import type { Subscriber } from '../history/subscriber.ts'
import { recordTogether } from '../history/together.ts'
import { type Config, defaultConfig } from '../settings/schema.ts'
import { redactDeep } from '../text/redact.ts'
import type { SettingsFile } from './settings-file.ts'
import {
  type Circumstances,
  demandOnBranch,
  findEnvironment,
  findRevision,
  namedRevision,
  type Subject,
  subjectOf,
} from './subject.ts'

/** Everything that an action works on: its repository, settings and history, and the deployment that it is about. */
export interface DeploymentContext extends Subject, Pick<SettingsFile, 'settings' | 'isConfigured'> {
  readonly repository: Repository
  /** the settings of the environment */
  readonly config: Config
  /** the branch that the environment is deployed from */
  readonly branch: string
  /** Whether a person asked for this run: an account that may write to the repository now, and is no app. */
  readonly isManual: () => Promise<boolean>
  /** The events so far, oldest first; warns of lines that cannot be read. */
  readonly readHistory: (options?: { readonly since?: Date }) => Promise<readonly Event[]>
  /** Opens the lock of the environment: one rollback at a time. */
  readonly openLock: () => Promise<Lock>
  /** Appends an event to the history, with the circumstances of this run and without secrets. */
  readonly record: (what: Occurrence, naturalKey: readonly string[], about?: Subject) => Promise<void>
  /** The same; false when the event was there before, so that of several jobs one knows that it is the first. */
  readonly claim: (what: Occurrence, naturalKey: readonly string[], about?: Subject) => Promise<boolean>
  /** Merges small files of the history that was read, where they have become many. */
  readonly compactHistory: () => Promise<void>
}

/** What a run knows about itself. */
export interface RunFacts extends Circumstances {
  readonly event: Circumstances['event'] & {
    readonly repository?: { readonly default_branch?: string | undefined } | undefined
  }
  /** a login */
  readonly actor: string
  /** the account that started the run by an event that people cause; undefined for every other event */
  readonly askedBy: string | undefined
  readonly run: Event['run'] | undefined
}

/** What a context uses of its process. */
export interface ContextMeans {
  readonly process: Pick<LockHolder, 'key' | 'host' | 'pid'>
  /** Whether a process of this machine is there. */
  readonly isAlive: (pid: number) => boolean
  /** Called with the settings of the environment as soon as they are known: their secrets are masked before anything else is done. */
  readonly onConfig: (config: Config) => void
  /** Opens a view of the history that receives everything that this run appends. */
  readonly subscribe?: (feed: Feed) => Subscriber | undefined
  readonly redact: (text: string) => string
  readonly now: () => Date
  readonly sleep: (ms: number) => Promise<void>
  readonly log: (line: string) => void
  readonly warn: (line: string, title?: string) => void
  readonly signal: AbortSignal
}

/** The history of a run, for a view of it. */
export interface Feed {
  readonly config: Config
  readonly repository: Repository
  readonly readPast: (options: { readonly since: Date }) => Promise<readonly Event[]>
  /** Makes an event, with the circumstances of this run and without secrets. */
  readonly describe: (what: Occurrence, naturalKey: readonly string[], about: Subject) => Event
  readonly append: (...events: readonly [Event, ...Event[]]) => Promise<unknown>
}

/** What an action asks of its context. */
export interface ContextWishes {
  /** instead of that in the settings; '' for that */
  readonly branch: string
  /** whether its revision has to be on the branch: no for a run that only reports an incident */
  readonly actsOn: boolean
  /** true for a run that plans a rollback: all that the plan asks is read ahead, at the same time */
  readonly rollsBack: boolean
  /** what the run asks of its revision, begun as soon as that is known */
  readonly alongside: ((repository: Repository, revision: string) => Promise<unknown>) | undefined
}

/**
 * Asks, while the settings are read, what a run asks with the usual branch, environment and history. Nothing depends on it: with other
 * settings it is asked anew.
 */
export function foresee(
  repository: Repository,
  facts: RunFacts,
  { branch: given, actsOn, rollsBack, alongside }: ContextWishes,
): void {
  const usual = defaultConfig()
  const environment = facts.environment || facts.event.deployment?.environment || usual.environment
  const branch = given || facts.event.repository?.default_branch
  const revision = revisionSchema.safeParse(namedRevision(facts)).data
  if (facts.askedBy !== undefined)
    mayWrite.note(repository, facts.askedBy, mayWrite(repository, facts.askedBy))
  if (branch && rollsBack) {
    const ahead = aheadOf(branch, { ...usual, environment })
    lookAhead.note(repository, ahead, lookAhead(repository, ahead))
  }
  if (branch && revision && actsOn && !rollsBack) {
    const range = { base: revision, head: branch }
    compareWithBranch.note(repository, range, compareWithBranch(repository, range))
  }
  // whoever needs it gets the error
  if (revision) alongside?.(repository, revision).catch(() => {})
}

function aheadOf(branch: string, { environment, history }: Pick<Config, 'environment' | 'history'>): Ahead {
  return { branch, environment, folder: historyFolder(history.branch), labels: holdLabelsOf(environment) }
}

/**
 * Finds out which deployment a run is about, and opens its history; sends nothing that changes anything.
 * @throws InputError for an environment that the settings do not describe, and for a revision that is not on the branch
 */
export async function openContext(
  {
    repository,
    settings,
    isConfigured,
  }: Pick<SettingsFile, 'settings' | 'isConfigured'> & { readonly repository: Repository },
  facts: RunFacts,
  { branch: given, actsOn, rollsBack, alongside }: ContextWishes,
  means: ContextMeans,
): Promise<DeploymentContext> {
  const { actor, askedBy, run, event } = facts
  const { signal, now, sleep, log, warn } = means
  const config = findEnvironment(settings, facts)
  means.onConfig(config)
  const isManual = once(async () => askedBy !== undefined && (await mayWrite(repository, askedBy)))
  const named = given || config.branch || event.repository?.default_branch
  if (rollsBack && named) {
    // the caller that needs it gets the error
    isManual().catch(() => {})
    await lookAhead(repository, aheadOf(named, config))
  }
  const [found, branch] = await Promise.all([
    findRevision(repository, config.environment, facts, warn),
    named || defaultBranch(repository),
  ])
  const subject = subjectOf(config.environment, found)
  alongside?.(repository, found).catch(() => {})
  const history = openBranchHistory({ repository, branch: config.history.branch, signal })
  const describe = (what: Occurrence, naturalKey: readonly string[], about: Subject = subject) => {
    const { incident, environment, revision } = about
    const at = now().toISOString()
    const draft = { ...what, incident, environment, revision, at, actor, ...(run && { run }) }
    return eventSchema.parse(redactDeep(newEvent(draft, naturalKey), means.redact))
  }
  const readPast: Feed['readPast'] = async (options) => (await history.read(options)).events
  const { append } = history
  const subscriber = means.subscribe?.({ config, repository, readPast, describe, append })
  const recordEvent = recordTogether(history, subscriber)
  const readHistory: DeploymentContext['readHistory'] = async (options) => {
    const { events, unreadable } = await history.read(options)
    for (const { file, line, why } of unreadable)
      warn(`line ${line} of ${file} in the history is left out: ${why}`, 'History')
    return events
  }
  if (actsOn) await demandOnBranch(repository, subject, { branch, readHistory })
  const holder = { ...means.process, actor, ...(run && { run }) }
  const { environment } = subject
  return {
    ...{ ...subject, repository, settings, config, isConfigured, branch, readHistory },
    isManual,
    openLock: () =>
      openLock({
        repository,
        branch: config.history.branch,
        environment,
        holder,
        isAlive: means.isAlive,
        now,
        sleep,
        log,
      }),
    record: async (...told) => recordEvent(describe(...told)),
    claim: async (...told) => {
      const event = describe(...told)
      const isFirst = (await history.append(event)) === 'appended'
      if (isFirst) subscriber?.happened([event])
      return isFirst
    },
    compactHistory: history.compact,
  }
}

/** The same context for another revision of the environment, whose incident is another one. @throws InputError when it is not on the branch */
export async function aboutRevision(
  context: DeploymentContext,
  revision: string,
): Promise<DeploymentContext> {
  const { repository, environment, record, claim } = context
  const subject = subjectOf(environment, revision)
  await demandOnBranch(repository, subject, context)
  return {
    ...context,
    ...subject,
    record: (what, naturalKey, about = subject) => record(what, naturalKey, about),
    claim: (what, naturalKey, about = subject) => claim(what, naturalKey, about),
  }
}

/** A request that is sent at most once. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= ask()
    return answer
  }
}
