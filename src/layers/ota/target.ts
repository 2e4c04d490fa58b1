import { readTakenBack } from './mark.ts'
import { type ChannelName, formatLabel, isRollback, type Release } from './release.ts'

/** Why a package is not to be gone back to, by its hash. */
export type KnownBad = ReadonlyMap<string, string>

/**
 * The packages that are known to be bad: named, marked as taken back, or ever rolled back from. A rollback onto a package
 * that was known to be bad by then says nothing of the one it left: it is the flip-flop of a rollback that was run twice.
 * @param releases those for one binary, newest first
 * @param named labels that the user calls bad
 */
export function findKnownBad(
  releases: readonly Release[],
  named: readonly string[],
  name: ChannelName,
): KnownBad {
  const bad = new Map<string, string>()
  for (const { label, packageHash, description } of releases) {
    if (named.includes(label)) bad.set(packageHash, `${formatLabel(label)} was named as bad`)
    else if (readTakenBack(description) !== undefined)
      bad.set(packageHash, `${formatLabel(label)} was taken back`)
  }
  for (const release of releases.toReversed()) {
    if (!isRollback(release, name) || bad.has(release.packageHash)) continue
    const left = leftBy(release, releases)
    if (left !== undefined) bad.set(left.packageHash, `${release.label} rolled it back`)
  }
  return bad
}

/** The release that a rollback took devices away from: the next older one with another package. */
export function leftBy(rollback: Release, releases: readonly Release[]): Release | undefined {
  return olderThan(rollback, releases).find(({ packageHash }) => packageHash !== rollback.packageHash)
}

/**
 * The newest older release for the same binary that can be gone back to: another package than the bad one, not disabled
 * as far as the server tells, not known to be bad.
 */
export function chooseGood(
  bad: Release,
  releases: readonly Release[],
  knownBad: KnownBad,
): Release | undefined {
  return olderThan(bad, releases).find(
    ({ packageHash, isDisabled }) =>
      packageHash !== bad.packageHash && isDisabled !== true && !knownBad.has(packageHash),
  )
}

/** @param releases newest first */
export function olderThan(release: Release, releases: readonly Release[]): readonly Release[] {
  return releases.slice(releases.findIndex(({ label }) => label === release.label) + 1)
}
