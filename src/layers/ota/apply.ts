import { ConflictError, message, RefusedError, setting } from '../../errors.ts'
import { isSameBinary } from './binary.ts'
import { type Change, carryOut } from './carry-out.ts'
import { explainUndecided } from './explain.ts'
import { markPutBack, markTakenBack } from './mark.ts'
import type { Plan } from './plan.ts'
import { type Channel, describe, formatChannel, formatLabel, type Release } from './release.ts'
import type { UpdateServer } from './update-server.ts'
import { type DeviceCheck, verify } from './verify.ts'

/** What a rollback did, or had done before. */
export interface Receipt {
  readonly outcome: 'rolled-back' | 'already-rolled-back' | 'stopped'
  /** what was taken back */
  readonly bad: Release
  /** what was gone back to; undefined when nothing was put in its place */
  readonly good: Release | undefined
  /** what is on top now */
  readonly now: Release | undefined
  /** what devices are answered, as they see it */
  readonly devices: readonly DeviceCheck[]
}

export interface Circumstances {
  readonly incident: string
  /** how long devices may be answered from a cache, ms */
  readonly verifyTimeoutMs: number
  /** ms since the epoch */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly log: (line: string) => void
}

/**
 * Applies a plan, or finishes what an earlier run of it began: the bad release is disabled first, because on one server a
 * rollback lifts the limit of its rollout; then the good one is put on top by its label, because "the previous one" is
 * the bad one after one rollback; then the result is read again, and devices are asked.
 * Can be killed between any two requests and run again.
 * @throws ConflictError when another release has landed since the plan, RefusedError, UnavailableError
 */
export async function applyPlan(
  server: UpdateServer,
  plan: Plan,
  circumstances: Circumstances,
): Promise<Receipt> {
  const { incident } = circumstances
  const { name } = plan.channel
  if (plan.kind === 'superseded') throw superseded(plan, plan.by)
  if (plan.kind === 'undecided') throw undecided(plan)
  const fresh = await server.read(name)
  refuseIfMoved(plan, fresh)

  if (plan.kind === 'done') {
    if (plan.unmarked && plan.ours) await describeOnTop(server, plan.good, plan.bad, fresh, circumstances)
    return lookAt(server, plan, fresh, circumstances)
  }

  let channel = fresh
  for (const release of plan.disable) {
    circumstances.log(`${formatChannel(name)}: disabling ${describe(release)}`)
    const description = markTakenBack(release, incident)
    const change: Change = {
      write: () => server.disable(name, release.label, description),
      isDone: (read, outcome) => isDisabledIn(read, release) ?? outcome === 'accepted',
      refuseIfMoved: (read) => refuseIfMoved(plan, read),
    }
    channel = await carryOut(server, channel, change, circumstances)
  }
  if (plan.kind === 'stop') return lookAt(server, plan, channel, circumstances)

  const { bad, good } = plan
  if (plan.by !== 'disabling') {
    const by = waysNow(plan, channel)
    circumstances.log(`${formatChannel(name)}: making ${describe(good)} the newest release (${by})`)
    const description = markPutBack(good.description, bad.label, incident)
    const change: Change = {
      write: () =>
        server.release(name, { label: good.label, over: bad.label, binary: bad.binary, by, description }),
      isDone: (read) => isOnTop(plan, read),
      refuseIfMoved: (read) => refuseIfMoved(plan, read),
    }
    channel = await carryOut(server, channel, change, circumstances)
    refuseIfOvertaken(plan, channel)
    const top = topOf(plan, channel)
    if (top !== undefined && top.description !== description)
      await describeOnTop(server, top, bad, channel, circumstances)
  }
  const now = plan.by === 'disabling' ? good : topOf(plan, channel)
  const devices = await verify(server, channel, { ...plan, bad: badOf(plan) }, circumstances)
  return { outcome: 'rolled-back', bad, good, now, devices }
}

/** Asks devices whether what was done to a channel holds; writes nothing. @param read the channel as it is now */
export async function lookAt(
  server: UpdateServer,
  plan: Extract<Plan, { kind: 'done' | 'stop' }>,
  read: Channel,
  circumstances: Omit<Circumstances, 'incident'>,
): Promise<Receipt> {
  const good = plan.kind === 'done' ? plan.good : undefined
  const devices = await verify(server, read, { ...plan, bad: badOf(plan), good }, circumstances)
  const outcome = plan.kind === 'done' ? 'already-rolled-back' : 'stopped'
  return { outcome, bad: plan.bad, good, now: good, devices }
}

/** The mark is a help for people and later runs: devices do not need it, so its failure is no failure of the rollback. */
async function describeOnTop(
  server: UpdateServer,
  top: Release,
  bad: Release,
  { name }: Channel,
  { incident, log }: Circumstances,
): Promise<void> {
  try {
    // by its label: without one, a server would take whatever is newest by now
    await server.describe(name, top.label, markPutBack(top.description, bad.label, incident))
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    log(`${formatChannel(name)}: ${top.label} could not be marked as a rollback: ${error.message}`)
  }
}

/** @throws ConflictError when the newest release for the binaries is neither the one planned on, nor already the good one */
function refuseIfMoved(plan: Plan, read: Channel): void {
  const planned = plan.releases[0]
  const top = topOf(plan, read)
  if (planned === undefined || top === undefined || top.label === planned.label) return
  if (plan.kind === 'roll-back' && isOnTop(plan, read)) return
  throw superseded(plan, top)
}

/** True when a release that was not there at the plan is on top, enabled, with the good package. */
function isOnTop(plan: Extract<Plan, { kind: 'roll-back' }>, read: Channel): boolean {
  const top = topOf(plan, read)
  if (top === undefined || top.label === plan.releases[0]?.label) return false
  return top.packageHash === plan.good.packageHash && top.isDisabled !== true
}

/** A release for other binaries may have come on top since the plan, by the same run. */
function waysNow({ bad, good }: Extract<Plan, { kind: 'roll-back' }>, { releases }: Channel) {
  const [top] = releases
  return top?.binary === bad.binary && good.binary === bad.binary ? 'rollback' : 'promotion'
}

/**
 * No server can be told to release only if nothing else was released meanwhile: what was, in the moment between our
 * last look and our write, is under our release now.
 * @throws ConflictError that names it
 */
function refuseIfOvertaken(plan: Extract<Plan, { kind: 'roll-back' }>, read: Channel): void {
  const own = read.releases.filter((each) => isSameBinary(each.binary, plan.binary))
  const known = new Set(plan.releases.map(({ label }) => label))
  const settled = new Set([plan.good.packageHash, plan.bad.packageHash])
  const hidden = own.slice(1).find(({ label, packageHash }) => !known.has(label) && !settled.has(packageHash))
  if (hidden === undefined) return
  throw new ConflictError(
    `${formatChannel(plan.channel.name)}: ${describe(hidden)} was released at the same moment, and is under ${describe(own[0] ?? plan.good)} now; check it, and promote it again if it is good`,
  )
}

function superseded(plan: Plan, by: Release): ConflictError {
  const from = by.releasedBy === '' ? '' : ` by ${by.releasedBy}`
  const expected = plan.kind === 'superseded' ? plan.expected : plan.releases[0]?.label
  return new ConflictError(
    message`${formatChannel(plan.channel.name)}: ${formatLabel(expected ?? '')} is superseded by ${describe(by)}, released${from} meanwhile. It was not changed: check it, and if it is bad, run this again with ${setting('from-label')}: ${by.label}`,
  )
}

function undecided(plan: Extract<Plan, { kind: 'undecided' }>): RefusedError {
  return new RefusedError(message`${formatChannel(plan.channel.name)}: ${explainUndecided(plan)}`)
}

/** The newest release for the binaries of the plan. */
function topOf({ binary }: Plan, { releases }: Channel): Release | undefined {
  return releases.find((each) => isSameBinary(each.binary, binary))
}

function isDisabledIn({ releases }: Channel, { label }: Release): boolean | undefined {
  return releases.find((each) => each.label === label)?.isDisabled
}

/** The releases whose devices have to be offered something else. */
function badOf(plan: Exclude<Plan, { kind: 'superseded' | 'undecided' }>): readonly Release[] {
  if (plan.kind === 'done') return [plan.bad]
  const others = plan.disable.filter(({ label }) => label !== plan.bad.label)
  return [plan.bad, ...others]
}
