import { type Message, message, setting } from '../errors.ts'
import type { Event, EventOf, LayerName } from '../history/event.ts'
import { overlaps } from '../layers/code/paths.ts'
import type { Config } from '../settings/schema.ts'
import { count } from '../text/count.ts'
import { parseDuration, sayDuration } from '../text/duration.ts'
import { formatMoment } from '../text/time.ts'

/** The facts of a rollback for its guards. `undefined` means not known yet; guards ignore it. */
export interface GuardedRollback {
  readonly environment: string
  readonly incident: string
  /** the failed revision */
  readonly revision: string
  /** not requested by a person */
  readonly automatic: boolean
  /** the layers to roll back; undefined for all that the deployment changed */
  readonly layers: readonly LayerName[] | undefined
  /** what is taken away, as the history names it, where a layer has several targets: each of them counts for itself */
  readonly from?: readonly string[] | undefined
  /** the only paths of the code that go back; empty for all: the apps of a repository count for themselves */
  readonly paths: readonly string[]
  /** commits that are undone */
  readonly undoneCount: number | undefined
  /** when the failed revision was committed */
  readonly committedAt: Date | undefined
  /** the failed revision is itself a rollback */
  readonly isRollback: boolean | undefined
  /** it undoes a rollback */
  readonly takesBack: boolean
  /** why the plan is not to be carried out automatically, a clause each: what a layer says of itself */
  readonly needsApproval: readonly string[]
  /** it began before, and was held against its guards then; or it leaves the layers as they are; or it is a rehearsal */
  readonly isResumed: boolean
  /** one clause: who holds automatic rollbacks, and why; undefined when nobody does */
  readonly hold: string | undefined
}

/** What the settings allow in automatic runs. */
export interface GuardLimits {
  /** minimum time between two automatic rollbacks of an environment, ms */
  readonly cooldownMs: number
  /** automatic rollbacks of an environment within 24 hours */
  readonly dailyCap: number
  /** commits that one rollback may undo */
  readonly maxCommits: number
  /** how old the failed revision may be, ms; undefined for any age */
  readonly maxAgeMs: number | undefined
}

/** The limits of the configuration. */
export function limitsOf({
  health,
  rollback,
  code,
}: Pick<Config, 'health' | 'rollback' | 'code'>): GuardLimits {
  return {
    cooldownMs: health.cooldownMs,
    dailyCap: rollback.dailyCap,
    maxCommits: code.maxCommits,
    maxAgeMs: rollback.maxAgeMs,
  }
}

interface Circumstances {
  readonly limits: GuardLimits
  /** the history, all of it */
  readonly past: readonly Event[]
  /** ms since the epoch */
  readonly now: number
}

/** One rule that can stop a rollback. */
export interface Guard {
  /** as outputs name it */
  readonly name: string
  /** the rule, one sentence */
  readonly rule: string
  /** what it reads, for people who want to know why it stopped a rollback */
  readonly reads: string
  /** to whom it applies: people may do what automatic runs may not */
  readonly binds: 'automatic runs' | 'everybody'
  /** also applies to a rollback that began earlier */
  readonly bindsResumed: boolean
  /** why it does not allow the rollback, one clause; undefined if it does */
  readonly refusal: (rollback: GuardedRollback, circumstances: Circumstances) => Message | undefined
}

/** Every guard, in the order of evaluation. The health gate, each action that rolls back, and `doctor` use this list. */
export const guards: readonly Guard[] = [
  {
    name: 'on-hold',
    rule: 'Nothing is rolled back automatically while the environment is on hold.',
    reads: 'the input `hold`, `/hold` in the history, the labels of open issues and pull requests',
    binds: 'automatic runs',
    bindsResumed: true,
    refusal: ({ hold }) => (hold === undefined ? undefined : message`${hold}`),
  },
  {
    name: 'takes-back',
    rule: 'A rollback is not undone automatically.',
    reads: 'what is asked for',
    binds: 'automatic runs',
    bindsResumed: false,
    refusal: ({ takesBack }) => (takesBack ? message`a rollback is not undone automatically` : undefined),
  },
  {
    name: 'plan-needs-approval',
    rule: 'Steps that a layer marks as dangerous, such as restoring a database, are not done automatically.',
    reads: 'the plan of each layer',
    binds: 'automatic runs',
    bindsResumed: false,
    refusal: ({ needsApproval }) =>
      needsApproval.length === 0 ? undefined : message`${needsApproval.join('; ')}`,
  },
  {
    name: 'is-a-rollback',
    rule: 'A rollback is not rolled back automatically.',
    reads: 'the message of the failed revision',
    binds: 'automatic runs',
    bindsResumed: false,
    refusal: ({ isRollback }) =>
      isRollback
        ? message`the failed revision is itself a rollback, which is not rolled back automatically`
        : undefined,
  },
  {
    name: 'already-rolled-back',
    rule: 'A revision is rolled back automatically once.',
    reads: 'the history',
    binds: 'automatic runs',
    bindsResumed: false,
    refusal: (rollback, { past }) => {
      const at = rolledBackAt(rollback, past)
      if (at === undefined) return undefined
      return message`${rollback.revision.slice(0, 7)} was rolled back from ${rollback.environment} at ${formatMoment(Date.parse(at))}, and a revision is rolled back automatically once`
    },
  },
  {
    name: 'cooldown',
    rule: 'There is a minimum time between two automatic rollbacks of an environment.',
    reads: 'the history, `health.cooldown`',
    binds: 'automatic runs',
    bindsResumed: false,
    refusal: (rollback, { limits, past, now }) => {
      const last = Math.max(...others(rollback, past).map(({ at }) => Date.parse(at)))
      // another runner's clock may be ahead of ours
      if (Math.max(0, now - last) >= limits.cooldownMs) return undefined
      return message`the last automatic rollback of ${rollback.environment} was at ${formatMoment(last)}, and ${setting('health.cooldown')} is ${sayDuration(limits.cooldownMs)}`
    },
  },
  {
    name: 'daily-cap',
    rule: 'An environment is rolled back automatically only a limited number of times within 24 hours.',
    reads: 'the history, `rollback.daily-cap`',
    binds: 'automatic runs',
    bindsResumed: false,
    refusal: (rollback, { limits, past, now }) => {
      const recent = others(rollback, past).filter(({ at }) => now - Date.parse(at) < parseDuration('24h'))
      const done = new Set(recent.map(({ incident }) => incident)).size
      if (done < limits.dailyCap) return undefined
      return message`${rollback.environment} was rolled back automatically ${count(done, 'time')} within 24 hours, and ${setting('rollback.daily-cap')} allows ${limits.dailyCap}`
    },
  },
  {
    name: 'max-commits',
    rule: 'An automatic rollback undoes only a limited number of commits.',
    reads: 'the plan, `code.max-commits`',
    binds: 'automatic runs',
    bindsResumed: false,
    refusal: ({ undoneCount = 0 }, { limits }) =>
      undoneCount > limits.maxCommits
        ? message`the rollback would undo ${count(undoneCount, 'commit')}, and ${setting('code.max-commits')} allows ${limits.maxCommits}`
        : undefined,
  },
  {
    name: 'max-age',
    rule: 'An old revision is not rolled back automatically: what broke is likely something else.',
    reads: 'the date of the failed revision, `rollback.max-age`',
    binds: 'automatic runs',
    bindsResumed: false,
    refusal: ({ committedAt }, { limits: { maxAgeMs }, now }) => {
      const age = committedAt === undefined ? 0 : now - committedAt.getTime()
      return maxAgeMs !== undefined && age > maxAgeMs
        ? message`the failed revision is ${sayDuration(age)} old, and ${setting('rollback.max-age')} allows ${sayDuration(maxAgeMs)}: what broke is likely something else`
        : undefined
    },
  },
]

/** A guard that does not allow a rollback, and why. */
export interface Refusal {
  readonly guard: Guard
  /** one clause */
  readonly because: Message
}

/** The first guard that does not allow it; undefined if all do. */
export function refusalOf(rollback: GuardedRollback, circumstances: Circumstances): Refusal | undefined {
  for (const guard of guards) {
    if (guard.binds === 'automatic runs' && !rollback.automatic) continue
    if (rollback.isResumed && !guard.bindsResumed) continue
    const because = guard.refusal(rollback, circumstances)
    if (because !== undefined) return { guard, because }
  }
  return undefined
}

/** When the layers were rolled back for this incident before, unless that was taken back. */
function rolledBackAt(
  { incident, layers, from, paths }: GuardedRollback,
  past: readonly Event[],
): string | undefined {
  const own = past.filter((event) => event.incident === incident)
  const undone = new Set(own.flatMap((event) => (event.kind === 'rollback-undone' ? [event.from] : [])))
  const before = own.find((event, index) => {
    if (!overlaps(pathsOf(own.slice(0, index)), paths)) return false
    // of one target of a layer, the end of a rollback of another says nothing
    if (event.kind === 'rollback-ended')
      return (
        from === undefined &&
        (event.outcome === 'complete' || event.outcome === 'rolled-back') &&
        (layers === undefined || event.layers.some(({ layer }) => layers.includes(layer)))
      )
    if (event.kind !== 'rollback-applied' || !event.automatic || undone.has(event.now)) return false
    if (from !== undefined && !event.from.split(', ').some((each) => from.includes(each))) return false
    return (layers === undefined || layers.includes(event.layer)) && !isPartial(event, own)
  })
  return before?.at
}

/** The paths of the code that the last of some rollbacks took back; empty for all, and for none. */
function pathsOf(events: readonly Event[]): readonly string[] {
  const began = events.findLast((event) => event.kind === 'rollback-began')
  return began?.layers.find(({ layer }) => layer === 'code')?.paths ?? []
}

/** The same run failed to roll back another target of the layer, such as a channel, and no run has done that since. */
function isPartial({ layer, run }: EventOf<'rollback-applied'>, own: readonly Event[]): boolean {
  const done = new Set(
    own.flatMap((event) => (event.kind === 'rollback-applied' && event.layer === layer ? [event.from] : [])),
  )
  return own
    .filter((event) => event.kind === 'rollback-failed')
    .some(
      (event) =>
        event.layer === layer && run !== undefined && event.run?.id === run.id && !done.has(event.from),
    )
}

/** The automatic rollbacks of the environment for other incidents. */
function others(
  { environment, incident }: GuardedRollback,
  past: readonly Event[],
): readonly EventOf<'rollback-applied'>[] {
  return past
    .filter((event) => event.kind === 'rollback-applied')
    .filter((event) => event.automatic && event.environment === environment && event.incident !== incident)
}
