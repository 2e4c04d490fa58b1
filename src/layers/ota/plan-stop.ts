import { overlaps } from './binary.ts'
import { findFallback, findUncovered } from './offered.ts'
import { done, isHalted, type Plan, type Situation } from './plan.ts'
import type { Channel, Release } from './release.ts'
import type { UpdateServer } from './update-server.ts'

type Server = Pick<UpdateServer, 'kind' | 'goesBackBy' | 'prefers'>

interface Found {
  /** what devices are offered, or what was halted by a run that was ended half-way */
  readonly top: Release
  readonly expected: Release | undefined
  /** what was taken back in favour of the one on top */
  readonly left: Release | undefined
  /** why nothing is put in its place, when that was not asked for */
  readonly because?: string
}

/** Plans to halt a release with nothing in its place, and with it those known to be bad that would be offered instead. */
export function planStop(
  server: Server,
  situation: Situation,
  { top, expected, left, because }: Found,
): Plan {
  const { channel, binary, releases, incident } = situation
  if (left !== undefined && expected === undefined && !situation.knownBad.has(top.packageHash))
    return done(situation, top, left)
  const bad = expected ?? top
  if (bad.packageHash !== top.packageHash && bad.isDisabled !== true)
    return { ...situation, kind: 'superseded', expected: bad.label, by: top }
  const knownBad = new Map(situation.knownBad)
  if (!knownBad.has(bad.packageHash)) knownBad.set(bad.packageHash, 'it is halted')
  const same =
    server.prefers === 'newer' ? releases.filter(({ packageHash }) => packageHash === bad.packageHash) : [bad]
  const all = [...same, ...findUncovered(server, channel.releases, binary, same, knownBad)]
  const fallback =
    belowRollout(server, bad, releases) ??
    findFallback(server, channel.releases, binary, all, knownBad) ??
    toStore(server, channel.releases, binary, all)
  return {
    ...situation,
    knownBad,
    kind: 'stop',
    bad,
    disable: all.filter((each) => !isHalted(each, incident)),
    because,
    fallback,
    warnings: [...situation.warnings, ...(fallback === 'store' ? warnOfReturn(server, channel) : [])],
  }
}

/** On a channel that names what it offers, the end of a rollout leaves all devices with what the others have. */
function belowRollout({ kind }: Server, bad: Release, releases: readonly Release[]): Release | undefined {
  if (kind !== 'capgo' || (bad.rollout ?? 100) >= 100 || releases[0] !== bad) return undefined
  return releases.slice(1).find(({ isDisabled }) => isDisabled !== true)
}

/** Where a halted release is taken from its devices, and nothing is left for them, they return to what came from the store. */
function toStore(
  { goesBackBy }: Server,
  releases: readonly Release[],
  binary: string,
  disable: readonly Release[],
): 'store' | undefined {
  if (goesBackBy === 'releasing') return undefined
  const labels = new Set(disable.map(({ label }) => label))
  const isLeft = ({ label, isDisabled, ...each }: Release) =>
    !labels.has(label) && isDisabled !== true && overlaps(each.binary, binary)
  return goesBackBy === 'disabling' && releases.some(isLeft) ? undefined : 'store'
}

/** https://github.com/gronxb/hot-updater/issues/1104 */
function warnOfReturn({ kind }: Server, { name }: Channel): readonly string[] {
  if (kind !== 'hot-updater' || name.app !== 'ios') return []
  return [
    'devices return to the bundle from the store, and some versions of the hot-updater library hang on iOS when they do (gronxb/hot-updater#1104); test it on a device, or release a fixed bundle instead',
  ]
}
