import { InputError } from '../../errors.ts'
import { isSameBinary, overlaps } from './binary.ts'
import { isMarked, readIncident, readTakenBack } from './mark.ts'
import { chooseBinary, find, refuseDuringRollout, refuseIfHidden, requireTarget } from './preconditions.ts'
import {
  type Channel,
  type ChannelName,
  describe,
  formatChannel,
  formatLabel,
  isRollback,
  type Release,
} from './release.ts'
import { chooseGood, findKnownBad, type KnownBad, leftBy, olderThan } from './target.ts'
import type { UpdateServer } from './update-server.ts'

export interface RollbackRequest {
  readonly name: ChannelName
  /** stop: the bad release is halted, and nothing is put in its place */
  readonly mode: 'roll-back' | 'stop'
  /** label to go back to; undefined: the newest good one */
  readonly target: string | undefined
  /** label of the bad release, as the caller knows it; undefined: the newest one */
  readonly from: string | undefined
  /** the binaries to roll back for, a version or a range; undefined: those of the newest release */
  readonly binary: string | undefined
  /** labels that are not to be gone back to */
  readonly knownBad: readonly string[]
  readonly incident: string
}

interface Situation {
  readonly channel: Channel
  readonly binary: string
  /** releases for the binary, newest first */
  readonly releases: readonly Release[]
  readonly incident: string
  /** devices are asked afterwards */
  readonly isAsked: boolean
}

/** What would be done to one channel. It is applied only if the newest release is still the one that was planned on. */
export type Plan =
  | (Situation & {
      readonly kind: 'roll-back'
      readonly bad: Release
      readonly good: Release
      readonly foundBy: string
      readonly by: 'rollback' | 'promotion' | 'disabling'
      /** newest first */
      readonly disable: readonly Release[]
    })
  | (Situation & {
      readonly kind: 'stop'
      readonly bad: Release
      readonly disable: readonly Release[]
      /** why there is nothing to go back to, when that was not asked for */
      readonly because: string | undefined
    })
  | (Situation & {
      readonly kind: 'done'
      /** what was taken back; undefined when the good release is simply the newest */
      readonly bad: Release | undefined
      /** what is on top now */
      readonly good: Release
      /** an earlier run for the same incident did it */
      readonly ours: boolean
      /** and was ended before it could say so on the release */
      readonly unmarked: boolean
    })
  | (Situation & { readonly kind: 'superseded'; readonly expected: string; readonly by: Release })

/** True when something on the channel would be changed. */
export function changes(plan: Plan): boolean {
  return plan.kind === 'roll-back' || (plan.kind === 'stop' && plan.disable.length > 0)
}

type Server = Pick<UpdateServer, 'goesBackBy' | 'prefers' | 'ask'>

/**
 * Plans the rollback of one channel; changes nothing, asks nobody.
 * @throws InputError when there is nothing to roll back, or a label or binary names nothing that can be gone back to
 */
export function planRollback(server: Server, channel: Channel, request: RollbackRequest): Plan {
  const expected = request.from === undefined ? undefined : find(channel, request.from, 'from-label')
  const binary = expected?.binary ?? chooseBinary(channel, request.binary)
  const releases = channel.releases.filter((each) => isSameBinary(each.binary, binary))
  const newest = releases[0]
  if (newest === undefined) throw new InputError(`${formatChannel(channel.name)} has no release yet`)
  const { incident } = request
  const situation = { channel, binary, releases, incident, isAsked: server.ask !== undefined }
  const knownBad = findKnownBad(releases, request.knownBad, channel.name)
  const target =
    request.target === undefined
      ? undefined
      : requireTarget(find(channel, request.target, 'target'), binary, channel.name)

  if (request.mode === 'stop') return planStop(server, situation, newest, expected, knownBad)
  if (server.goesBackBy === 'disabling')
    return planDisabling(situation, request, { expected, target, knownBad })
  const left = isRollback(newest, channel.name) ? leftBy(newest, releases) : undefined
  const done = (): Plan => ({
    ...situation,
    kind: 'done',
    bad: left,
    good: newest,
    ours:
      left !== undefined &&
      [readTakenBack(left.description), readIncident(newest.description)].includes(incident),
    unmarked: !isMarked(newest.description),
  })
  const isOn = newest.isDisabled !== true
  if (isOn && target?.packageHash === newest.packageHash) return done()
  if (expected !== undefined && expected.packageHash !== newest.packageHash) {
    if (left?.packageHash !== expected.packageHash)
      return { ...situation, kind: 'superseded', expected: expected.label, by: newest }
    if (isOn && target === undefined) return done()
  }
  // a rollback that is run again must not roll itself back
  const isNamed = expected !== undefined || target !== undefined
  if (isOn && left !== undefined && !isNamed && !knownBad.has(newest.packageHash)) return done()

  const good = target ?? chooseGood(newest, releases, knownBad)
  if (good === undefined) {
    const because = explainNoTarget(newest, releases, knownBad)
    return { ...situation, ...halt(server, newest, situation, knownBad), kind: 'stop', bad: newest, because }
  }
  refuseIfHidden(server, channel, newest)
  const [top = newest] = channel.releases
  const isOfTop = top.binary === newest.binary && good.binary === newest.binary
  if (!isOfTop) refuseDuringRollout(server, channel, top, newest)
  return {
    ...situation,
    kind: 'roll-back',
    bad: newest,
    good,
    foundBy: describeChoice(target, good, newest, binary),
    by: isOfTop ? 'rollback' : 'promotion',
    // a tool that rolls back to "the previous one" may bring any release with the bad package back
    disable:
      server.goesBackBy === 'republishing'
        ? []
        : releases.filter((each) => each.packageHash === newest.packageHash && !isHalted(each, incident)),
  }
}

/** Where the server does not tell, our own mark does: that of an earlier incident may be out of date. */
function isHalted({ isDisabled, description }: Release, incident: string): boolean {
  return isDisabled ?? readTakenBack(description) === incident
}

/** Where a release is taken back by disabling it, the newest one that is enabled is the one that devices get. */
function planDisabling(
  situation: Situation,
  request: RollbackRequest,
  {
    expected,
    target,
    knownBad,
  }: { expected: Release | undefined; target: Release | undefined; knownBad: KnownBad },
): Plan {
  const { channel, releases, binary } = situation
  const current = releases.find(({ isDisabled }) => isDisabled !== true)
  const newest = releases[0]
  if (newest === undefined) throw new InputError(`${formatChannel(channel.name)} has no release yet`)
  const done = (good: Release, bad: Release | undefined): Plan => ({
    ...situation,
    kind: 'done',
    bad,
    good,
    ours: bad !== undefined && readTakenBack(bad.description) === request.incident,
    unmarked: false,
  })
  if (current !== undefined && target === undefined) {
    const taken = expected ?? newest
    const isTakenBack = taken.isDisabled === true && olderThan(taken, releases).includes(current)
    if (isTakenBack && !knownBad.has(current.packageHash)) return done(current, taken)
  }
  if (current !== undefined && target?.label === current.label)
    return done(current, current === newest ? undefined : newest)
  const bad = current ?? newest
  if (expected !== undefined && expected.label !== bad.label && target === undefined)
    return { ...situation, kind: 'superseded', expected: expected.label, by: bad }
  const good = target ?? chooseGood(bad, releases, knownBad)
  if (good === undefined) {
    const because = explainNoTarget(bad, releases, knownBad)
    const disable = releases.filter((each) => each.isDisabled !== true)
    return { ...situation, kind: 'stop', bad, disable, because }
  }
  const newer = (each: Release) => olderThan(each, channel.releases).includes(good)
  const inTheWay = channel.releases.find(
    (each) =>
      newer(each) &&
      each.isDisabled !== true &&
      !isSameBinary(each.binary, binary) &&
      overlaps(each.binary, binary),
  )
  if (inTheWay !== undefined)
    throw new InputError(
      `${formatChannel(channel.name)}: ${describe(inTheWay)} is for some of the same binaries as ${describe(bad)}, and newer than ${describe(good)}: devices would get it; name in input "app-version" or "target" what is meant, or disable it first`,
    )
  return {
    ...situation,
    kind: 'roll-back',
    bad,
    good,
    foundBy: describeChoice(target, good, bad, binary),
    by: 'disabling',
    disable: releases.filter((each) => newer(each) && each.isDisabled !== true),
  }
}

function planStop(
  server: Server,
  situation: Situation,
  newest: Release,
  expected: Release | undefined,
  knownBad: KnownBad,
): Plan {
  const { releases } = situation
  const current =
    server.goesBackBy === 'disabling'
      ? (releases.find(({ isDisabled }) => isDisabled !== true) ?? newest)
      : newest
  const bad = expected ?? newest
  if (bad.packageHash !== current.packageHash && bad.isDisabled !== true)
    return { ...situation, kind: 'superseded', expected: bad.label, by: current }
  return { ...situation, ...halt(server, bad, situation, knownBad), kind: 'stop', bad, because: undefined }
}

/** With the bad release halted, a server may offer the one before it: not if that is known to be bad as well. */
function halt(
  { prefers }: Server,
  bad: Release,
  { releases, incident }: Situation,
  knownBad: KnownBad,
): { readonly disable: readonly Release[] } {
  const others = prefers === 'newer' ? olderThan(bad, releases) : []
  const alsoBad = others.filter(
    ({ packageHash }) => packageHash === bad.packageHash || knownBad.has(packageHash),
  )
  return { disable: [bad, ...alsoBad].filter((each) => !isHalted(each, incident)) }
}

function describeChoice(target: Release | undefined, good: Release, bad: Release, binary: string): string {
  if (target !== undefined) return `named as the target: ${formatLabel(good.label)}`
  return `the newest release for ${binary} before ${formatLabel(bad.label)} that is enabled, has another content, and was never rolled back`
}

function explainNoTarget(bad: Release, releases: readonly Release[], knownBad: KnownBad): string {
  const older = olderThan(bad, releases)
  if (older.length === 0) return `${describe(bad)} is the only release for its binaries`
  const reasons = older.slice(0, 5).map((each) => {
    const why =
      each.packageHash === bad.packageHash
        ? 'has the same content'
        : each.isDisabled === true
          ? 'is disabled'
          : `is known to be bad (${knownBad.get(each.packageHash)})`
    return `${formatLabel(each.label)} ${why}`
  })
  return `no older release can be gone back to: ${reasons.join('; ')}`
}
