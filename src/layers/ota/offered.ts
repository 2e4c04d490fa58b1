import { covers, isSameBinary, isWithin, kindsOfDevices } from './binary.ts'
import type { Release } from './release.ts'
import type { KnownBad } from './target.ts'
import type { UpdateServer } from './update-server.ts'

type Server = Pick<UpdateServer, 'prefers'>

/**
 * What fresh devices of a version are offered, by the releases alone: one, or several while a rollout is to a part of the
 * devices. Empty when it is nothing, and where that cannot be told.
 * @param releases newest first
 */
export function predictOffers(
  { prefers }: Server,
  releases: readonly Release[],
  version: string,
): readonly Release[] {
  const own = releases.filter(({ binary }) => covers(binary, version))
  if (prefers === 'narrower') {
    const narrowest = own.find(({ binary }) => own.every((each) => isWithin(binary, each.binary)))
    const top = own.find(({ binary }) => narrowest !== undefined && isSameBinary(binary, narrowest.binary))
    return top === undefined || top.isDisabled === true ? [] : [top]
  }
  const enabled = own.filter(({ isDisabled }) => isDisabled !== true)
  const whole = enabled.findIndex(({ rollout }) => rollout === undefined || rollout >= 100)
  return whole === -1 ? enabled : enabled.slice(0, whole + 1)
}

/** Versions of the devices that a release for the binaries is for, one for each kind; first those that fewest releases are for. */
function versionsFor(binary: string, releases: readonly Release[]): readonly string[] {
  const ranges = [...new Set(releases.map((each) => each.binary))]
  const countOf = (version: string) => ranges.filter((range) => covers(range, version)).length
  return kindsOfDevices(ranges)
    .filter((version) => covers(binary, version))
    .toSorted((a, b) => countOf(a) - countOf(b))
}

/**
 * With some releases disabled, a server may offer older ones in their place, for these or for a wider range of binaries.
 * @param disable what is disabled
 * @returns those of them that are known to be bad, and have to be disabled as well; newest first
 */
export function findUncovered(
  server: Server,
  releases: readonly Release[],
  binary: string,
  disable: readonly Release[],
  knownBad: KnownBad,
): readonly Release[] {
  const versions = versionsFor(binary, releases)
  const uncovered: Release[] = []
  for (;;) {
    const left = without(releases, [...disable, ...uncovered])
    const next = versions
      .flatMap((version) => predictOffers(server, left, version))
      .find(({ packageHash }) => knownBad.has(packageHash))
    if (next === undefined) return uncovered
    uncovered.push(next)
  }
}

/**
 * What devices of the binaries are offered once some releases are disabled, where that is good for all of them.
 * @returns undefined when some device would be offered nothing, only a part of them something, or something known to be bad
 */
export function findFallback(
  server: Server,
  releases: readonly Release[],
  binary: string,
  disable: readonly Release[],
  knownBad: KnownBad,
): Release | undefined {
  // elsewhere, a disabled release hides the older ones
  if (server.prefers === 'narrower') return undefined
  const left = without(releases, disable)
  const offers = versionsFor(binary, releases).map((version) => predictOffers(server, left, version))
  const isGood = (offered: readonly Release[]) => {
    const rollout = offered.at(-1)?.rollout ?? 100
    return offered.length > 0 && rollout >= 100 && offered.every((each) => !knownBad.has(each.packageHash))
  }
  return offers.every(isGood) ? offers[0]?.[0] : undefined
}

function without(releases: readonly Release[], disabled: readonly Release[]): readonly Release[] {
  const labels = new Set(disabled.map(({ label }) => label))
  return releases.filter(({ label }) => !labels.has(label))
}
