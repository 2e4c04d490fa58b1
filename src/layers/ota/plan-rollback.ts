import { InputError, message, setting } from '../../errors.ts'
import { covers } from './binary.ts'
import { readTakenBack } from './mark.ts'
import { findFallback, findUncovered } from './offered.ts'
import { done, type Evidence, isHalted, type Plan, type RollbackRequest, type Situation } from './plan.ts'
import { planStop } from './plan-stop.ts'
import {
  chooseBinary,
  explainHidden,
  explainInTheWay,
  explainRollout,
  find,
  requireTarget,
} from './preconditions.ts'
import {
  type Channel,
  type ChannelName,
  describe,
  formatChannel,
  formatLabel,
  isDraft,
  isRollback,
  type Release,
} from './release.ts'
import { chooseGood, type KnownBad, leftBy, olderThan, passedOver, releasesFor } from './target.ts'
import type { UpdateServer } from './update-server.ts'

type Server = Pick<
  UpdateServer,
  'goesBackBy' | 'prefers' | 'refusesSamePackage' | 'keepsOneBelowRollout' | 'warnOfReturn' | 'ask'
>

/**
 * Plans the rollback of one channel for one binary: of the release that devices are offered, which a newer one that is
 * disabled is not. Changes nothing, asks nobody.
 * @throws InputError when there is nothing to roll back, or a label or binary names nothing that can be gone back to
 */
export function planRollback(
  server: Server,
  channel: Channel,
  request: RollbackRequest,
  evidence: Evidence,
): Plan {
  const expected = request.from === undefined ? undefined : find(channel, request.from, 'from-label')
  const binary = expected?.binary ?? chooseBinary(channel, request.binary)
  const releases = releasesFor(binary, channel.releases)
  const knownBad = new Map(evidence.knownBad)
  if (expected !== undefined)
    knownBad.set(expected.packageHash, `${formatLabel(expected.label)} is named as the bad release`)
  const situation: Situation = {
    channel,
    binary,
    releases,
    incident: request.incident,
    isAsked: server.ask !== undefined,
    knownBad,
    warnings: [],
    leftAlone: [],
  }
  const top = findTop(server, releases, expected)
  const [newest] = releases
  const draft = newest !== undefined && newest !== top && isDraft(newest) ? newest : undefined
  if (top === undefined || newest === undefined) return undecided(situation, newest, undefined)
  // on one server, what is disabled hides the older ones
  const isHidden = draft !== undefined && server.prefers === 'narrower'
  const isOn = top.isDisabled !== true && !isHidden
  // one that we halted is what we were at
  if (draft !== undefined && expected === undefined && top.isDisabled !== true) {
    const offered = evidence.offers.get(binary) ?? []
    const isOffered = offered.some((each) => each.kind === 'update' && each.packageHash === top.packageHash)
    if (!isOffered) return undecided(situation, draft, undefined)
  }
  const noted = draft === undefined ? situation : { ...situation, warnings: [warnOf(draft)] }
  const left = findLeft(server, { top, releases, expected, name: channel.name })
  const target =
    request.target === undefined
      ? undefined
      : requireTarget(find(channel, request.target, 'target'), binary, channel.name, knownBad)
  const isMet = isOn && !knownBad.has(top.packageHash)

  if (target !== undefined && isOn && target.packageHash === top.packageHash) {
    const taken = left ?? releases.find((each) => isTakenBackFor(each, top))
    if (taken !== undefined) return done(noted, top, taken)
    throw new InputError(
      message`${setting('target')} is ${describe(target)}, which is what devices are offered on ${formatChannel(channel.name)} now, and no rollback put it there; write the older release to go back to`,
    )
  }
  if (request.mode === 'stop') return planStop(server, noted, { top, expected, left })
  const passes = left !== undefined && (expected === undefined || takesBack(top, left, expected, releases))
  if (left !== undefined && passes && target === undefined) {
    if (isMet) return done(noted, top, left)
    // the good one is there, under what hides it
    if (isHidden && top.isDisabled !== true && !knownBad.has(top.packageHash))
      return goBack(server, noted, {
        bad: left,
        good: top,
        foundBy: `${formatLabel(top.label)} is there already, hidden by ${formatLabel(newest.label)}`,
      })
  }
  if (expected !== undefined && expected.packageHash !== top.packageHash && !passes)
    return { ...noted, kind: 'superseded', expected: expected.label, by: top }

  const badOnes = new Map(knownBad).set(
    top.packageHash,
    knownBad.get(top.packageHash) ?? `${formatLabel(top.label)} is taken back`,
  )
  const known = { ...noted, knownBad: badOnes }
  const good = target ?? chooseGood(top, releases, badOnes)
  if (good !== undefined)
    return goBack(server, known, { bad: top, good, foundBy: describeChoice(target, good, top, binary) })
  const because = explainNoTarget(top, releases, knownBad)
  // it may be that the disabled one was the bad one, and this the good one
  if (draft !== undefined && expected === undefined) return undecided(known, draft, because)
  return (
    goBackToWider(server, known, top) ??
    planStop(server, known, { top, expected: top, left: undefined, because })
  )
}

/** What devices are offered, or what a rollback that was ended half-way has disabled. */
function findTop(
  { goesBackBy }: Server,
  releases: readonly Release[],
  expected: Release | undefined,
): Release | undefined {
  const on = goesBackBy === 'disabling' ? releases.find(({ isDisabled }) => isDisabled !== true) : undefined
  // what is disabled supersedes nothing
  const isCandidate = (each: Release) => (expected === undefined ? !isDraft(each) : each.isDisabled !== true)
  return on ?? releases.find((each) => each.label === expected?.label || isCandidate(each))
}

/** What was taken back in favour of the release on top. */
function findLeft(
  { goesBackBy }: Server,
  {
    top,
    releases,
    expected,
    name,
  }: { top: Release; releases: readonly Release[]; expected: Release | undefined; name: ChannelName },
): Release | undefined {
  if (isRollback(top, name)) return leftBy(top, releases, name)
  if (goesBackBy !== 'disabling' || top.isDisabled === true) return undefined
  const newer = releases.slice(0, releases.indexOf(top))
  return newer.find(
    (each) => each.label === expected?.label || (expected === undefined && isTakenBackFor(each, top)),
  )
}

function isTakenBackFor({ description, packageHash }: Release, top: Release): boolean {
  return readTakenBack(description) !== undefined && packageHash !== top.packageHash
}

/** True when the release on top took devices from the expected one: from it directly, or by going back past it. */
function takesBack(top: Release, left: Release, expected: Release, releases: readonly Release[]): boolean {
  if (left.packageHash === expected.packageHash) return true
  return (
    top.copyOf !== undefined &&
    passedOver(top, releases).some((each) => each.packageHash === expected.packageHash)
  )
}

function undecided(situation: Situation, draft: Release | undefined, because: string | undefined): Plan {
  const { channel, binary } = situation
  const [newest = draft] = channel.releases
  const shown = draft ?? newest
  if (shown === undefined) throw new InputError(`${formatChannel(channel.name)} has no release yet`)
  const why = because ?? `devices of ${binary} are offered none of its releases`
  return { ...situation, kind: 'undecided', draft: shown, because: why }
}

function warnOf(draft: Release): string {
  return `${describe(draft)} is the newest release and is disabled: it is not changed, and the rollback adds a newer release; to release it later, promote it`
}

function goBack(
  server: Server,
  situation: Situation,
  { bad, good, foundBy }: { readonly bad: Release; readonly good: Release; readonly foundBy: string },
): Plan {
  const { channel, binary, releases, incident, knownBad } = situation
  const [top = bad] = channel.releases
  const isOfTop = top.binary === bad.binary && good.binary === bad.binary
  const by = server.goesBackBy === 'disabling' ? 'disabling' : isOfTop ? 'rollback' : 'promotion'
  const newer = (each: Release) => olderThan(each, releases).includes(good)
  const disable = releases.filter((each) => {
    if (server.goesBackBy === 'disabling') return newer(each) && each.isDisabled !== true
    // a tool that rolls back to "the previous one" may bring any release with the bad package back
    return (
      server.goesBackBy === 'releasing' && each.packageHash === bad.packageHash && !isHalted(each, incident)
    )
  })
  const same = by === 'promotion' ? findSame(server, situation, good, disable) : undefined
  if (same !== undefined)
    return { ...situation, kind: 'roll-back', bad, good: same, foundBy, by: 'disabling', disable }
  const more = by === 'disabling' ? findUncovered(server, channel.releases, binary, disable, knownBad) : []
  const obstacle =
    by === 'disabling'
      ? explainInTheWay(channel.releases, good, bad, knownBad)
      : (explainHidden(server, channel.releases, bad, knownBad) ??
        (isOfTop ? undefined : explainRollout(server, top, bad, knownBad)))
  if (obstacle === undefined)
    return { ...situation, kind: 'roll-back', bad, good, foundBy, by, disable: [...disable, ...more] }
  const because = `${formatLabel(good.label)} cannot be put in its place: ${obstacle}`
  return planStop(server, situation, { top: bad, expected: bad, left: undefined, because })
}

/**
 * Where a server would refuse to promote the package, it may be on offer already to more binaries.
 * @returns the release that devices are offered all the same once the bad one is disabled
 */
function findSame(
  server: Server,
  { channel: { releases }, binary, knownBad }: Situation,
  good: Release,
  disable: readonly Release[],
): Release | undefined {
  const newest = releases.find((each) => covers(each.binary, good.binary))
  if (server.refusesSamePackage !== true || newest?.packageHash !== good.packageHash) return undefined
  const fallback = findFallback(server, releases, binary, disable, knownBad)
  return fallback?.packageHash === good.packageHash ? fallback : undefined
}

/** With nothing older for the same binaries, a release for a wider range may be what devices are offered: then disabling is enough. */
function goBackToWider(server: Server, situation: Situation, bad: Release): Plan | undefined {
  if (server.goesBackBy === 'republishing') return undefined
  const { channel, binary, releases, incident, knownBad } = situation
  const same = releases.filter((each) => each.packageHash === bad.packageHash)
  const more = findUncovered(server, channel.releases, binary, same, knownBad)
  const all = [...same, ...more]
  const good = findFallback(server, channel.releases, binary, all, knownBad)
  if (good === undefined) return undefined
  const disable = all.filter((each) => !isHalted(each, incident))
  if (disable.length === 0) return done(situation, good, bad)
  const foundBy = `what devices are offered once ${formatLabel(bad.label)} is disabled: ${describe(good)}`
  return { ...situation, kind: 'roll-back', bad, good, foundBy, by: 'disabling', disable }
}

function describeChoice(target: Release | undefined, good: Release, bad: Release, binary: string): string {
  if (target !== undefined) return `named as the target: ${formatLabel(good.label)}`
  return `the newest release for ${binary} before ${formatLabel(bad.label)} that is enabled, has different content, and was never rolled back`
}

function explainNoTarget(bad: Release, releases: readonly Release[], knownBad: KnownBad): string {
  const older = olderThan(bad, releases)
  if (older.length === 0) return `${describe(bad)} is the only release for just these binaries`
  const reasons = older.slice(0, 5).map((each) => {
    const why =
      each.packageHash === bad.packageHash
        ? 'has the same content'
        : each.isDisabled === true
          ? 'is disabled'
          : `is known to be bad (${knownBad.get(each.packageHash)})`
    return `${formatLabel(each.label)} ${why}`
  })
  return `no older release can be restored: ${reasons.join('; ')}`
}
