/** What a rollback commit and its tag say, to people in words and to programs in trailers. */
export interface RollbackTrace {
  readonly incident: string
  readonly environment: string
  /** the head of the branch that was undone */
  readonly from: string
  /** the revision whose content came back, or `without:` and the commits that were undone */
  readonly to: string
  readonly reason: string
  readonly by: string
  readonly runUrl: string | undefined
}

/**
 * The message of a rollback commit, in git's own form: subject, reason, trailers.
 * https://git-scm.com/docs/git-interpret-trailers
 */
export function writeMessage({ incident, environment, from, to, reason, by, runUrl }: RollbackTrace): string {
  const trailers = [
    ['Rollback-Incident', incident],
    ['Rollback-Environment', environment],
    ['Rollback-From', from],
    ['Rollback-To', to],
    ['Rollback-Requested-By', by],
    ...(runUrl === undefined ? [] : [['Rollback-Run', runUrl]]),
  ].map(([key, value]) => `${key}: ${oneLine(value ?? '')}`)
  const body = oneLine(reason)
  return `${[subjectOf({ environment, to }), ...(body === '' ? [] : [body]), trailers.join('\n')].join('\n\n')}\n`
}

/** The first line of a rollback's commit, and the title of its pull request. */
export function subjectOf({ environment, to }: Pick<RollbackTrace, 'environment' | 'to'>): string {
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
  const trailers = new Map(
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
  const [incident, from, to] = ['Incident', 'From', 'To'].map((key) => trailers.get(`Rollback-${key}`))
  return incident && from && to ? { incident, from, to } : undefined
}

/** `rollback_YYYYMMDD_HHMMSS` in UTC, of the time of the rollback commit: the same however often the step is run again. */
export function tagOf(committedAt: Date): string {
  const [date, time] = committedAt.toISOString().slice(0, 19).split('T')
  return `rollback_${date?.replaceAll('-', '')}_${time?.replaceAll(':', '')}`
}

/** Text from outside stays on its line, so that it can add no trailer of its own; git takes no NUL in a message. */
function oneLine(value: string): string {
  return value.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}
