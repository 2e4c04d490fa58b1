import { InputError, isUserFacing, message, setting } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { readDeploymentLog } from '../../github/deployment-log.ts'
import { repositoriesWithBranch } from '../../github/repositories-of.ts'
import { openBranchHistory } from '../../history/branch-history.ts'
import type { Event } from '../../history/event.ts'
import type { HistoryContent } from '../../history/history.ts'
import { count } from '../../text/count.ts'
import { Collector, type DeploymentFact } from './collect.ts'
import { makeRecords, type Records } from './failures.ts'
import type { Period } from './period.ts'
import { readEventFiles } from './read-files.ts'

/** What is read of GitHub for a report. */
export interface Gathered {
  readonly records: Records
  readonly deployments: readonly DeploymentFact[]
  /** lines of the histories that could not be read */
  readonly unreadable: number
}

export interface GatherOptions {
  /** `owner/name` or `owner/*`; empty for the repository itself */
  readonly repositories: readonly string[]
  /** of the histories */
  readonly branch: string
  /** of a clone of the history, which is read instead of the branch; '' for the branch */
  readonly folder: string
  readonly period: Period
  /** the environments whose deployments count beside those of the histories: previews of pull requests are none */
  readonly environments: readonly string[]
  /** the only one that is reported; undefined for all */
  readonly environment: string | undefined
  readonly warn: (line: string) => void
  readonly log: (line: string) => void
}

/** A deployment that began before the period can reach its environment in it. */
const earlierMs = 7 * 24 * 60 * 60_000

/**
 * Reads the histories of one repository or many, and their deployments: one request for a history, and one for each hundred
 * deployments of the period. A history that cannot be read is named in a warning, and the others are reported.
 * @throws InputError for a repository that is no `owner/name`, for an environment that nothing knows, and when no history could be read
 */
export async function gather(repository: Repository, options: GatherOptions): Promise<Gathered> {
  const { warn, log } = options
  const names = await namesOf(repository, options)
  const collector = new Collector()
  const deployments: DeploymentFact[] = []
  let unreadable = 0
  let read = 0
  let last: unknown
  for (const each of names) {
    try {
      const own = await readOne({ ...repository, ...each }, options, names.length > 1, collector)
      deployments.push(...own.deployments)
      unreadable += own.unreadable
      read += 1
    } catch (error) {
      if (!isUserFacing(error)) throw error
      last = error
      warn(`${each.owner}/${each.repo} is not in the report: ${error.message}`)
    }
  }
  if (read === 0 && last !== undefined) throw last
  log(`${read} of ${count(names.length, 'history', 'histories')} read`)
  for (const fact of deployments) collector.addDeployment(fact)
  demandKnown(options, collector)
  return { records: makeRecords(collector.collected()), deployments, unreadable }
}

/** A name that is misspelt would be a report in which nothing ever failed. */
function demandKnown({ environment, environments }: GatherOptions, collector: Collector): void {
  const { incidents, facts } = collector.collected()
  const known = new Set(environments)
  for (const each of [...incidents, ...facts]) known.add(each.environment)
  if (environment === undefined || known.has(environment)) return
  throw new InputError(
    message`${setting('environment')} is "${environment}", which neither the settings nor the history know; write one of ${[...known].sort().join(', ')}`,
  )
}

interface Name {
  readonly owner: string
  readonly repo: string
}

async function namesOf(
  repository: Repository,
  { repositories, branch }: Pick<GatherOptions, 'repositories' | 'branch'>,
): Promise<readonly Name[]> {
  if (repositories.length === 0) return [{ owner: repository.owner, repo: repository.repo }]
  const names = new Map<string, Name>()
  for (const each of repositories) {
    const [, owner, repo] = /^([A-Za-z0-9][A-Za-z0-9-]*)\/([\w.-]+|\*)$/.exec(each) ?? []
    if (owner === undefined || repo === undefined)
      throw new InputError(
        message`${setting('repositories')} has "${each}"; write owner/name, or owner/* for all that have a history`,
      )
    const found = repo === '*' ? await repositoriesWithBranch(repository, { login: owner, branch }) : [repo]
    for (const name of found) names.set(`${owner}/${name}`.toLowerCase(), { owner, repo: name })
  }
  if (names.size === 0)
    throw new InputError(
      message`${setting('repositories')} is "${repositories.join(', ')}", and none of them has a branch ${branch} that the token sees; install the app whose token this is in the repositories, or name others`,
    )
  return [...names.values()]
}

/** @returns the lines that are no event */
async function readHistory(
  repository: Repository,
  { branch, folder }: GatherOptions,
  take: (event: Event) => void,
): Promise<HistoryContent['unreadable']> {
  if (folder !== '') {
    return readEventFiles(folder, take).catch((error: unknown) => {
      throw new InputError(
        message`${setting('history')} is "${folder}", which could not be read (${error}); write the folder of a clone of the branch ${branch}`,
      )
    })
  }
  const { events, unreadable } = await openBranchHistory({ repository, branch }).read({ imported: true })
  for (const event of events) take(event)
  return unreadable
}

async function readOne(
  repository: Repository,
  options: GatherOptions,
  isOneOfMany: boolean,
  collector: Collector,
): Promise<Pick<Gathered, 'deployments' | 'unreadable'>> {
  const { period, environments, warn } = options
  const name = isOneOfMany ? `${repository.owner}/${repository.repo}` : ''
  const since = new Date(period.from - earlierMs)
  const known = new Set(environments)
  const take = (event: Event) => {
    collector.add(event, name)
    known.add(event.environment)
  }
  const [unreadable, logged] = await Promise.all([
    readHistory(repository, options, take),
    readDeploymentLog(repository, since),
  ])
  const where = name === '' ? 'the history' : `the history of ${name}`
  for (const { file, line, why } of unreadable.slice(0, 10))
    warn(`line ${line} of ${file} in ${where} is left out: ${why}`)
  if (unreadable.length > 10) warn(`${unreadable.length - 10} more lines in ${where} are left out`)
  if (logged === undefined)
    warn(
      `the deployments ${name === '' ? '' : `of ${name} `}could not be read: only those in the history count; give the job \`permissions: deployments: read\``,
    )
  const deployments = (logged ?? []).filter(({ environment }) => known.has(environment))
  return {
    unreadable: unreadable.length,
    deployments: deployments.map((each) => ({
      repository: name,
      environment: each.environment,
      revision: each.revision,
      createdAt: each.createdAt.getTime(),
      deployedAt: each.succeededAt?.getTime(),
      outcome: each.succeededAt !== undefined ? 'succeeded' : each.hasFailed ? 'failed' : 'pending',
      committedAt: each.committedAt?.getTime(),
      isRollback: each.task === 'rollback',
    })),
  }
}
