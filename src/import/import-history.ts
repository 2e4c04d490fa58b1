import { isUserFacing } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { mostDeployments, readDeploymentLog } from '../github/deployment-log.ts'
import { openBranchHistory } from '../history/branch-history.ts'
import type { Event } from '../history/event.ts'
import { monthFolder } from '../history/history.ts'
import { count } from '../text/count.ts'
import { deploymentEvents } from './deployments.ts'
import { importPostmortems } from './postmortems.ts'
import { importReverts } from './reverts.ts'
import { type Found, importTags, type Past } from './tags.ts'

const dayMs = 24 * 60 * 60_000
/** A report has a year at most, and a deployment may be there a week after it began. */
const mostDays = 372
/** What one request writes: less than 300 kB. */
const mostAtOnce = 500

export interface ImportOptions {
  /** of the history */
  readonly branch: string
  /** labels of post-mortems; an issue has to have all of them */
  readonly labels: readonly string[]
  /** environments of the settings; those of the history are known, too, and other deployments are not imported */
  readonly environments: readonly string[]
  /** what is older is not imported, in days: it would be pruned; undefined for all of a year */
  readonly retentionDays: number | undefined
  readonly now: Date
  readonly log: (line: string) => void
  readonly warn: (line: string) => void
}

/**
 * Imports what GitHub has on record of the time before the history: rollback tags, deployments and how they ended, revert commits of
 * deployed revisions, and post-mortems. Events are marked as imported; only reports read them. What is there already is not
 * imported again, so that it can be killed at any time and run again. What cannot be read is a warning, and the rest is imported.
 *
 * At most 524 requests: one for the history, 100 for deployments, 302 for tags, 11 for commits, 10 for issues and 100 for their
 * authors; and one more for each 500 events of a month that are written.
 * @returns how many events were added
 * @throws UnavailableError, RefusedError when the history cannot be read or written
 */
export async function importHistory(repository: Repository, options: ImportOptions): Promise<number> {
  const { branch, environments, retentionDays, now, log, warn } = options
  const days = Math.min(mostDays, retentionDays ?? mostDays)
  const since = new Date(now.getTime() - days * dayMs)
  const history = openBranchHistory({ repository, branch })
  const { events } = await history.read({ imported: true })
  const read = async <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask()
    } catch (error) {
      if (!isUserFacing(error)) throw error
      warn(`${what} are not imported: ${error.message}`)
      return undefined
    }
  }
  const logged = await read('deployments', async () => {
    const found = await readDeploymentLog(repository, since)
    if (found === undefined)
      warn('deployments are not imported: give the job `permissions: deployments: read`')
    else if (found.length >= mostDeployments)
      warn(`only the newest ${mostDeployments} deployments are imported`)
    return found
  })
  const known = new Set([...environments, ...events.map(({ environment }) => environment)])
  const deployments = logged?.filter(({ environment }) => known.has(environment))
  const past: Past = { events, deployments: deployments ?? [], since, now, log }
  const found = new Map<string, readonly Event[]>()
  const note = (what: string, own: Found | undefined) => {
    if (own !== undefined) found.set(what, own.events)
    for (const line of own?.left ?? []) log(`not imported: ${line}`)
  }
  note('rollback tags', await read('rollback tags', () => importTags(repository, past)))
  const tagged = { ...past, events: [...events, ...[...found.values()].flat()] }
  if (deployments === undefined) warn('revert commits are not imported: they need the deployments')
  else note('revert commits', await read('revert commits', () => importReverts(repository, tagged)))
  const rolledBack = { ...past, events: [...events, ...[...found.values()].flat()] }
  const issues = () => importPostmortems(repository, rolledBack, options.labels)
  note('post-mortems', await read('post-mortems', issues))
  note('deployments', { events: deploymentEvents(past.deployments), left: [] })
  const there = new Set(events.map(({ id }) => id))
  const added = [...found].map(([what, own]) => ({ what, own: own.filter(({ id }) => !there.has(id)) }))
  // the few that say most come first, if it is killed
  for (const { own } of added) for (const each of inChunks(own)) await history.append(...each)
  const total = added.reduce((sum, { own }) => sum + own.length, 0)
  log(
    `imported: ${count(total, 'event')} (${added.map(({ what, own }) => `${own.length} of ${what}`).join(', ')})`,
  )
  return total
}

/** What is written together: a file is of one month. */
function inChunks(events: readonly Event[]): readonly (readonly [Event, ...Event[]])[] {
  const chunks: [Event, ...Event[]][] = []
  for (const own of Map.groupBy(events, ({ at }) => monthFolder(new Date(at))).values())
    for (const [index, event] of own.entries()) {
      if (index % mostAtOnce === 0) chunks.push([event])
      else chunks.at(-1)?.push(event)
    }
  return chunks
}
