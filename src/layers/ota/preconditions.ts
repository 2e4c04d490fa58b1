import { InputError, message, setting } from '../../errors.ts'
import { covers, isSameBinary, overlaps } from './binary.ts'
import {
  type Channel,
  type ChannelName,
  describe,
  formatChannel,
  formatLabel,
  isDraft,
  type Release,
} from './release.ts'
import type { KnownBad } from './target.ts'
import type { UpdateServer } from './update-server.ts'

type Server = Pick<UpdateServer, 'prefers'>

/** The release that an input names. @throws InputError that lists those there are */
export function find({ name, releases }: Channel, label: string, input: string): Release {
  const found = releases.find((each) => each.label === label)
  if (found !== undefined) return found
  throw new InputError(
    message`${setting(input)} is "${label}", which ${formatChannel(name)} does not have; write one of ${listLabels(releases)}`,
  )
}

/** @throws InputError for a label that none of the channels has */
export function requireKnown(channels: readonly Channel[], labels: readonly string[]): void {
  const unknown = labels.find((label) =>
    channels.every(({ releases }) => releases.every((each) => each.label !== label)),
  )
  if (unknown === undefined) return
  const names = channels.map(({ name }) => formatChannel(name)).join(', ')
  const known = listLabels(channels.flatMap(({ releases }) => releases))
  throw new InputError(
    message`${setting('known-bad')} has "${unknown}", which is not a release of ${names}; write one of ${known}`,
  )
}

function listLabels(releases: readonly Release[]): string {
  const labels = [...new Set(releases.map(({ label }) => label))].slice(0, 10)
  return labels.join(', ') || '(it has no release yet)'
}

/** The binaries to roll back for. @throws InputError when there is no release, or none for those that are named */
export function chooseBinary({ name, releases }: Channel, named: string | undefined): string {
  const [newest] = releases
  if (newest === undefined)
    throw new InputError(`${formatChannel(name)} has no release yet: there is nothing to roll back`)
  // what was uploaded to be offered later is not what devices have
  const [released = newest] = releases.filter((each) => !isDraft(each))
  if (named === undefined) return released.binary
  const covering = releases.filter(({ binary }) => covers(binary, named))
  const found = covering.find((each) => !isDraft(each)) ?? covering[0]
  if (found !== undefined) return found.binary
  const binaries = [...new Set(releases.map(({ binary }) => binary))].join(', ')
  throw new InputError(
    message`${setting('app-version')} is "${named}", and ${formatChannel(name)} has no release for it; write one of ${binaries}`,
  )
}

/** @throws InputError for a target that devices of the bad release could not be given, or should not */
export function requireTarget(
  target: Release,
  binary: string,
  name: ChannelName,
  knownBad: KnownBad,
): Release {
  const named = message`${setting('target')} is ${describe(target)}`
  if (!isSameBinary(target.binary, binary))
    throw new InputError(
      message`${named}, and the release to roll back on ${formatChannel(name)} is for ${binary}: its binaries cannot run the other's updates; name a release for ${binary}`,
    )
  const why = knownBad.get(target.packageHash)
  if (why !== undefined)
    throw new InputError(
      message`${named}, which is known to be bad on ${formatChannel(name)} (${why}); name another release, or release its content again if it is good after all`,
    )
  if (target.isDisabled === true)
    throw new InputError(
      message`${named}, which is disabled on ${formatChannel(name)}: no device would be offered it; enable it first, or name another release`,
    )
  return target
}

/** A copy on top would hide newer releases for some of the same binaries from their devices. @returns which, and what to do */
export function explainHidden(
  { prefers }: Server,
  releases: readonly Release[],
  bad: Release,
  knownBad: KnownBad,
): string | undefined {
  if (prefers === 'narrower') return undefined
  const hidden = findOverlapping(releases.slice(0, releases.indexOf(bad)), bad, knownBad)
  if (hidden === undefined) return undefined
  return `${describe(hidden)} is newer than ${describe(bad)} and for some of the same binaries: a newer copy would take ${formatLabel(hidden.label)} from its devices. Release a fixed bundle for ${bad.binary} to replace ${formatLabel(bad.label)}`
}

/** Where one goes back by disabling, a newer release for some of the same binaries is offered before the good one. @returns which, and what to do */
export function explainInTheWay(
  releases: readonly Release[],
  good: Release,
  bad: Release,
  knownBad: KnownBad,
): string | undefined {
  const found = findOverlapping(releases.slice(0, releases.indexOf(good)), bad, knownBad)
  if (found === undefined) return undefined
  return `${describe(found)} is for some of the same binaries as ${describe(bad)} and newer than ${describe(good)}: its devices are offered it. Disable it too if it is bad`
}

function findOverlapping(
  releases: readonly Release[],
  bad: Release,
  knownBad: KnownBad,
): Release | undefined {
  return releases.find(
    (each) =>
      each.isDisabled !== true &&
      // that is disabled first
      !knownBad.has(each.packageHash) &&
      !isSameBinary(each.binary, bad.binary) &&
      overlaps(each.binary, bad.binary),
  )
}

/** Microsoft's server promotes nothing on top of an unfinished rollout, whatever binaries that is for. @returns which, and what to do */
export function explainRollout(
  { prefers }: Server,
  top: Release,
  bad: Release,
  knownBad: KnownBad,
): string | undefined {
  if (prefers === 'narrower' || top.label === bad.label || top.isDisabled === true) return undefined
  if (knownBad.has(top.packageHash) || top.rollout === undefined || top.rollout >= 100) return undefined
  return `the newest release, ${describe(top)}, is offered to ${top.rollout} % of its devices, and the server accepts no new release until that rollout ends. Finish or disable that rollout, then run this again`
}
