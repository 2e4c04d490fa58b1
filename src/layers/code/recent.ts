import { type Event, newEvent, revisionSchema } from '../../history/event.ts'
import { readPaths, readRevertGoal, readTrailers, sayWithout } from './message.ts'
import { type CodeRepository, readTags } from './repository.ts'

/** A rollback, or what took one back, as its tag describes it. */
export interface TaggedRollback {
  readonly tag: string
  /** that the tag is on: the rollback; for one with mode reset, where the branch stood */
  readonly commit: string
  readonly at: Date
  readonly incident: string
  readonly environment: string
  /** where the branch stood; '' for what took a rollback back */
  readonly from: string
  /** what it went to; for what took a rollback back, that rollback */
  readonly to: string
  /** ids of the commits that a revert undid; empty for what went to a revision */
  readonly without: readonly string[]
  readonly by: string
  readonly reason: string
  readonly kind: 'rollback' | 'undo'
  /** the branch that was moved back, with mode reset */
  readonly reset: string | undefined
  /** the paths that were restored; empty for the whole tree */
  readonly paths: readonly string[]
}

/** How many are read, one request each. */
const listed = 20

/**
 * The newest rollbacks of the repository, newest first. Tags that others made are left out.
 * @param count of tags of each kind that are read at most, one request each
 * @param skip names of tags that are not read
 */
export async function listRollbackTags(
  repository: CodeRepository,
  { count = listed, skip }: { readonly count?: number; readonly skip?: ReadonlySet<string> } = {},
): Promise<readonly TaggedRollback[]> {
  const tags = await Promise.all(
    // names sort by time only among those of one kind; in the same second, what took a rollback back came after it
    ['rollback_undone_2', 'rollback_2'].map((prefix) =>
      readTags(repository, { prefix, count, ...(skip && { skip }) }),
    ),
  )
  return tags
    .flat()
    .flatMap(({ name, commit, message, taggedAt }): readonly TaggedRollback[] => {
      const trailers = readTrailers(message)
      const told = (key: string) => trailers.get(`Rollback-${key}`) ?? ''
      const undoes = told('Undoes')
      const [incident, to] = [told('Incident'), undoes || told('To')]
      if (incident === '' || to === '') return []
      return [
        {
          tag: name,
          commit,
          at: taggedAt,
          incident,
          environment: told('Environment'),
          from: told('From'),
          to,
          without: readRevertGoal(to),
          by: told('Requested-By'),
          reason: reasonOf(message),
          kind: undoes === '' ? 'rollback' : 'undo',
          reset: trailers.get('Rollback-Reset'),
          paths: readPaths(trailers.get('Rollback-Paths')) ?? [],
        },
      ]
    })
    .sort((a, b) => b.at.getTime() - a.at.getTime())
    .slice(0, count)
}

/**
 * The rollbacks as the history would have them, where there is none, for the guards that count them. Who asked for one is not
 * in its tag: each counts as if no person had.
 */
export function eventsOf(recent: readonly TaggedRollback[]): readonly Event[] {
  // anybody may write a tag
  const told = recent.filter(
    ({ kind, environment, from }) =>
      kind === 'rollback' && environment !== '' && revisionSchema.safeParse(from).success,
  )
  return told.map(({ tag, at, incident, environment, from, to, by, reason }) => {
    const when = at.toISOString()
    const subject = { incident, environment, revision: from, at: when, actor: by || 'unknown' }
    const what = { kind: 'rollback-applied', layer: 'code', from, to, now: to, tag, reason } as const
    const how = { targetFoundBy: `the tag ${tag}`, automatic: true, undone: [], startedAt: when }
    return newEvent({ ...subject, ...what, ...how }, [tag])
  })
}

/** The rollbacks as lines of a log. */
export function describeRecent(recent: readonly TaggedRollback[]): readonly string[] {
  return recent.map(({ at, kind, tag, from, to, without }) =>
    [
      `${at.toISOString()} ${kind}`,
      from.slice(0, 7),
      `→ ${without.length > 0 ? sayWithout(without) : to.slice(0, 7)}, tag ${tag}`,
    ]
      .filter((part) => part !== '')
      .join(' '),
  )
}

/** What an output says of them: all but the reason, which is free text. */
export function recentAsData(
  recent: readonly TaggedRollback[],
): readonly (Omit<TaggedRollback, 'reason' | 'at' | 'commit'> & { readonly at: string })[] {
  return recent.map(({ reason: _, commit: __, at, ...each }) => ({ at: at.toISOString(), ...each }))
}

/** What stands between subject and trailers. */
function reasonOf(message: string): string {
  const said = message.trimEnd().split('\n\n').slice(1, -1)
  return said.filter((each) => !each.startsWith('This reverts commit ')).join(' ')
}
