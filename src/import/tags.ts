import type { Repository } from '../github/client.ts'
import { resolveRevision } from '../github/commits.ts'
import type { LoggedDeployment } from '../github/deployment-log.ts'
import { type Event, newEvent, revisionSchema } from '../history/event.ts'
import { incidentId } from '../history/incident.ts'
import { listRollbackTags, type TaggedRollback } from '../layers/code/recent.ts'

/** What is known before something is imported. */
export interface Past {
  /** of the history, imported ones as well */
  readonly events: readonly Event[]
  /** of known environments */
  readonly deployments: readonly LoggedDeployment[]
  /** what is older is not imported */
  readonly since: Date
  readonly now: Date
  readonly log: (line: string) => void
}

/** What there is to import. */
export interface Found {
  readonly events: readonly Event[]
  /** what is left out, and why */
  readonly left: readonly string[]
}

/** Tags of each of two kinds that are read in one run; the next one goes on with older ones. */
const mostTags = 100
/** The job that made a younger tag may not have written its event yet. */
const settledMs = 24 * 60 * 60_000

/** The rollbacks that tags tell of, and what took them back, as far as the history has no events of them. */
export async function importTags(repository: Repository, past: Past): Promise<Found> {
  const { events, since, now } = past
  const skip = new Set(
    events.flatMap((event) => ('tag' in event && event.tag !== undefined ? [event.tag] : [])),
  )
  const listed = await listRollbackTags(repository, { count: mostTags, skip })
  const tags = listed.filter(({ at }) => at >= since && at.getTime() <= now.getTime() - settledMs)
  const left =
    listed.length < mostTags
      ? []
      : [`tags before the newest ${mostTags} that are not imported yet; run again for them`]
  const made: Event[] = []
  // what took a rollback back names its commit
  const oldestFirst = tags.toSorted((a, b) => a.at.getTime() - b.at.getTime())
  for (const tag of oldestFirst) {
    const told = await eventOf(repository, tag, { ...past, events: [...events, ...made] })
    if (typeof told === 'string') left.push(`the tag ${tag.tag}: ${told}`)
    else if (told !== undefined) made.push(told)
  }
  return { events: made, left }
}

/** @returns why there is none; undefined where the history has it */
async function eventOf(
  repository: Repository,
  tag: TaggedRollback,
  past: Past,
): Promise<Event | string | undefined> {
  const { incident, environment, by, reason, at } = tag
  const own = past.events.filter((event) => event.incident === incident)
  if (tag.kind === 'undo') {
    if (own.some((event) => event.kind === 'rollback-undone' && event.from === tag.to)) return undefined
    const undone = own.find((event) => event.kind === 'rollback-applied' && event.now === tag.to)
    if (undone === undefined) return 'the rollback that it took back is not known'
    const subject = { incident, environment: undone.environment, revision: undone.revision }
    return newEvent(
      {
        ...{ kind: 'rollback-undone', layer: 'code', imported: true, ...subject },
        ...{ from: tag.to, now: tag.commit, at: at.toISOString(), actor: by || 'unknown' },
        because: reason || 'not known',
      },
      ['imported', tag.tag],
    )
  }
  if (environment === '' || !revisionSchema.safeParse(tag.from).success)
    return 'it names no environment, or no revision'
  const isKnown = own.some(
    (event) =>
      event.kind === 'rollback-applied' &&
      event.layer === 'code' &&
      event.from === tag.from &&
      event.to === tag.to,
  )
  if (isKnown) return undefined
  const revision = await failedRevision(repository, tag, past)
  if (revision === undefined) return 'the deployment that failed is not known'
  return newEvent(
    {
      ...{ kind: 'rollback-applied', layer: 'code', imported: true },
      ...{ incident, environment, revision, from: tag.from, to: tag.to, tag: tag.tag, reason },
      // a reset leaves no commit
      now: tag.reset === undefined ? tag.commit : tag.to,
      targetFoundBy: `not known; imported from the tag ${tag.tag}`,
      ...{ undone: [], at: at.toISOString(), actor: by || 'unknown' },
    },
    ['imported', tag.tag],
  )
}

/** The id of an incident has twelve digits of it. @returns undefined for one that is not known, or of which the incident is not */
async function failedRevision(
  repository: Repository,
  { incident, environment, from }: TaggedRollback,
  { events, deployments }: Past,
): Promise<string | undefined> {
  const isIt = (revision: string) => incidentId({ environment, revision }) === incident
  if (isIt(from)) return from
  const known = [...events, ...deployments].find(({ revision }) => isIt(revision))
  if (known !== undefined) return known.revision
  const [short] = /[0-9a-f]{12}$/.exec(incident) ?? []
  if (short === undefined) return undefined
  const found = await resolveRevision(repository, short)
  return found !== undefined && isIt(found) ? found : undefined
}
