/** What a rollback commit and its tag say, to people in words and to programs in trailers. */
export interface RollbackTrace {
  readonly incident: string
  readonly environment: string
  /** the head of the branch that was undone */
  readonly from: string
  /** the revision whose content came back, `without:` and the commits that were undone, or `undo:` or `reapply:` and the rollback that is taken back */
  readonly to: string
  readonly reason: string
  readonly by: string
  readonly runUrl: string | undefined
  /** with mode reset: the branch that was moved back. Only the tag tells of it, for there is no commit */
  readonly reset?: string
}

/**
 * The message of a rollback commit, in git's own form: subject, reason, trailers.
 * https://git-scm.com/docs/git-interpret-trailers
 */
export function writeMessage({
  incident,
  environment,
  from,
  to,
  reason,
  by,
  runUrl,
  reset,
}: RollbackTrace): string {
  const rollback = undoneRollback(to)
  const trailers = [
    ['Rollback-Incident', incident],
    ['Rollback-Environment', environment],
    // what takes a rollback back is itself none
    ...(rollback === undefined
      ? [
          ['Rollback-From', from],
          ['Rollback-To', to],
        ]
      : [['Rollback-Undoes', rollback]]),
    ['Rollback-Requested-By', by],
    ...(runUrl === undefined ? [] : [['Rollback-Run', runUrl]]),
    ...(reset === undefined ? [] : [['Rollback-Reset', reset]]),
  ].map(([key, value]) => `${key}: ${oneLine(value ?? '')}`)
  const body = oneLine(reason)
  // the words of git's own revert, by which people and programs find what became of a commit
  const reverts = rollback === undefined ? [] : [`This reverts commit ${rollback}.`]
  const paragraphs = [
    subjectOf({ environment, to }),
    ...reverts,
    ...(body === '' ? [] : [body]),
    trailers.join('\n'),
  ]
  return `${paragraphs.join('\n\n')}\n`
}

function undoneRollback(to: string): string | undefined {
  return /^(?:undo|reapply):(.*)$/.exec(to)?.[1]
}

/** The first line of a rollback's commit, and the title of its pull request. */
export function subjectOf({ environment, to }: Pick<RollbackTrace, 'environment' | 'to'>): string {
  const rollback = undoneRollback(to)
  if (rollback !== undefined && to.startsWith('reapply:'))
    return oneLine(`Bring back what the rollback ${rollback.slice(0, 7)} of ${environment} undid`)
  if (rollback !== undefined)
    return oneLine(`Take the rollback ${rollback.slice(0, 7)} of ${environment} back`)
  const [, without] = /^without:(.*)$/.exec(to) ?? []
  if (without === undefined) return oneLine(`Roll back ${environment} to ${to.slice(0, 7)}`)
  const [first = '', ...more] = without.split('+').map((sha) => sha.slice(0, 7))
  return oneLine(
    `Roll back ${environment} without ${first}${more.length > 0 ? ` and ${more.length} more` : ''}`,
  )
}

/** Reads back which rollback a commit is; undefined for a commit that is none. */
export function readMessage(
  message: string,
): { readonly incident: string; readonly from: string; readonly to: string } | undefined {
  const trailers = readTrailers(message)
  const [incident, from, to] = ['Incident', 'From', 'To'].map((key) => trailers.get(`Rollback-${key}`))
  return incident && from && to ? { incident, from, to } : undefined
}

/** The `Rollback-…` trailers of the message of a commit or a tag. */
export function readTrailers(message: string): ReadonlyMap<string, string> {
  return new Map(
    message
      .trimEnd()
      .split('\n\n')
      .at(-1)
      ?.split('\n')
      .flatMap((line) => {
        const [, key, value] = /^(Rollback-[A-Za-z-]+): (.*)$/.exec(line) ?? []
        return key === undefined || value === undefined ? [] : [[key, value] as const]
      }),
  )
}

/** `rollback_YYYYMMDD_HHMMSS` in UTC, of the time of the rollback commit: the same however often the step is run again. */
export function tagOf(committedAt: Date, prefix = 'rollback'): string {
  const [date, time] = committedAt.toISOString().slice(0, 19).split('T')
  return `${prefix}_${date?.replaceAll('-', '')}_${time?.replaceAll(':', '')}`
}

/** Text from outside stays on its line, so that it can add no trailer of its own; git takes no NUL in a message. */
function oneLine(value: string): string {
  return value.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}
