import { z } from 'zod'

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
}

/** What of the repository a rollback is about, so that another rollback of the same incident is not taken for it. */
export interface RollbackScope {
  readonly mode: string
  /** the paths that were restored, sorted; empty for the whole tree */
  readonly paths: readonly string[]
  /** with mode reset: the branch that was moved back. Only the tag names it, because there is no commit */
  readonly reset?: string
  /** with modes undo and reapply: the rollback that is taken back */
  readonly undoes?: string
  /** with mode revert: the commits that are undone */
  readonly without?: readonly string[]
}

/**
 * The message of a rollback commit, in git's own form: subject, reason, trailers.
 * https://git-scm.com/docs/git-interpret-trailers
 */
export function writeMessage(
  { incident, environment, from, to, reason, by, runUrl }: RollbackTrace,
  scope: RollbackScope,
): string {
  const { mode, paths, reset, undoes: rollback } = scope
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
    ['Rollback-Mode', mode],
    ...(paths.length === 0 ? [] : [['Rollback-Paths', writePaths(paths)]]),
    ['Rollback-Requested-By', by],
    ...(runUrl === undefined ? [] : [['Rollback-Run', runUrl]]),
    ...(reset === undefined ? [] : [['Rollback-Reset', reset]]),
  ].map(([key, value]) => `${key}: ${oneLine(value ?? '')}`)
  const body = oneLine(reason)
  // the words of git's own revert, by which people and programs find what became of a commit
  const reverts = rollback === undefined ? [] : [`This reverts commit ${rollback}.`]
  const paragraphs = [
    subjectOf({ environment, to }, scope),
    ...reverts,
    ...(body === '' ? [] : [body]),
    trailers.join('\n'),
  ]
  return `${paragraphs.join('\n\n')}\n`
}

/** The first line of a rollback's commit, and the title of its pull request. */
export function subjectOf(
  { environment, to }: Pick<RollbackTrace, 'environment' | 'to'>,
  { mode, reset, undoes, without = [] }: Omit<RollbackScope, 'paths'>,
): string {
  if (reset !== undefined) return oneLine(`Where ${reset} was before it was moved back to ${to.slice(0, 7)}`)
  if (undoes !== undefined)
    return oneLine(
      mode === 'reapply'
        ? `Bring back what the rollback ${undoes.slice(0, 7)} of ${environment} undid`
        : `Take the rollback ${undoes.slice(0, 7)} of ${environment} back`,
    )
  return oneLine(
    `Roll back ${environment} ${without.length === 0 ? `to ${to.slice(0, 7)}` : sayWithout(without)}`,
  )
}

/** What a rollback commit says of itself. */
export interface ToldRollback extends Pick<RollbackScope, 'mode' | 'paths'> {
  readonly incident: string
  readonly from: string
  readonly to: string
}

/** Reads back which rollback a commit is; undefined for a commit that is none. */
export function readMessage(message: string): ToldRollback | undefined {
  const trailers = readTrailers(message)
  const [incident, from, to] = ['Incident', 'From', 'To'].map((key) => trailers.get(`Rollback-${key}`))
  if (!incident || !from || !to) return undefined
  const paths = readPaths(trailers.get('Rollback-Paths'))
  return paths && { incident, from, to, mode: trailers.get('Rollback-Mode') ?? '', paths }
}

/** What a revert goes to, in one word of a trailer: there is no revision with that content. */
export function writeRevertGoal(commits: readonly { readonly sha: string }[]): string {
  return `without:${commits.map(({ sha }) => sha.slice(0, 12)).join('+')}`
}

/** The ids of the commits that a goal leaves out, as far as they are written; empty for a revision. */
export function readRevertGoal(to: string): readonly string[] {
  const [, ids] = /^without:(.*)$/.exec(to) ?? []
  return ids?.split('+') ?? []
}

/** Commits that are left out, for people. */
export function sayWithout([first = '', ...more]: readonly string[]): string {
  return `without ${first.slice(0, 7)}${more.length > 0 ? ` and ${more.length} more` : ''}`
}

/** As JSON: a path may hold commas, quotes and line breaks. */
function writePaths(paths: readonly string[]): string {
  // a space is the only white space that stays as it is in a trailer, and only when it is single
  return JSON.stringify(paths).replace(/[^\S ]|\p{Cc}|(?<= ) /gu, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** @returns undefined for what is no list of paths */
export function readPaths(written: string | undefined): readonly string[] | undefined {
  if (written === undefined) return []
  try {
    return z.array(z.string()).parse(JSON.parse(written))
  } catch {
    return undefined
  }
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
