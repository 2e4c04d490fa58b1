import { overlaps } from './binary.ts'
import { findFallback, findUncovered } from './offered.ts'
import { done, isHalted, type Plan, type Situation } from './plan.ts'
import type { Release } from './release.ts'
import type { UpdateServer } from './update-server.ts'

type Server = Pick<UpdateServer, 'goesBackBy' | 'prefers' | 'keepsOneBelowRollout' | 'warnOfReturn'>

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
  const warning = server.warnOfReturn?.(channel.name)
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
    warnings: [...situation.warnings, ...(fallback === 'store' && warning !== undefined ? [warning] : [])],
  }
}

/** What the end of a rollout leaves its devices with, where the channel names it. */
function belowRollout(
  { keepsOneBelowRollout }: Server,
  bad: Release,
  releases: readonly Release[],
): Release | undefined {
  if (keepsOneBelowRollout !== true || (bad.rollout ?? 100) >= 100 || releases[0] !== bad) return undefined
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
