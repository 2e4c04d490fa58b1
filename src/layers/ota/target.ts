import { isSameBinary } from './binary.ts'
import { isUndone, readRollbackOf, readTakenBack } from './mark.ts'
import { type Channel, type ChannelName, formatLabel, isDraft, isRollback, type Release } from './release.ts'

/** Why a package must not be offered, by its hash. */
export type KnownBad = ReadonlyMap<string, string>

/**
 * The packages that are known to be bad, on any of the channels and for any binary: named, marked as taken back, or ever
 * rolled back from. A rollback onto a package that was known to be bad by then says nothing of the one it left: it is the
 * flip-flop of a rollback that was run twice. A rollback that was undone says nothing either.
 * @param named labels that the user calls bad
 */
export function findKnownBad(channels: readonly Channel[], named: readonly string[]): KnownBad {
  const bad = new Map<string, string>()
  for (const { name, releases } of channels) {
    const isTakenBack = ({ description }: Release) => readTakenBack(description) !== undefined
    const taken = releases.filter(isTakenBack)
    const cleared = new Set(
      releases.filter(({ description }) => isUndone(description)).map(({ packageHash }) => packageHash),
    )
    for (const { packageHash } of taken) cleared.delete(packageHash)
    for (const { label, packageHash } of taken) bad.set(packageHash, `${formatLabel(label)} was rolled back`)
    for (const { label, packageHash } of releases)
      if (named.includes(label)) bad.set(packageHash, `${formatLabel(label)} was named as bad`)
    for (const release of releases.toReversed()) {
      if (!isRollback(release, name) || bad.has(release.packageHash)) continue
      const left = leftBy(release, releasesFor(release.binary, releases), name)
      if (left !== undefined && !cleared.has(left.packageHash) && !bad.has(left.packageHash))
        bad.set(left.packageHash, `${formatLabel(release.label)} rolled it back`)
    }
  }
  return bad
}

/** The releases for just these binaries, however their range is written; newest first. */
export function releasesFor(binary: string, releases: readonly Release[]): readonly Release[] {
  return releases.filter((each) => isSameBinary(each.binary, binary))
}

/**
 * The release that a rollback took devices away from: the one its mark names, else the next older one with another
 * package. Undefined for a promotion of the package that was on offer anyway, which took nothing back.
 * @param releases those for its binary, newest first
 */
export function leftBy(
  rollback: Release,
  releases: readonly Release[],
  name: ChannelName,
): Release | undefined {
  // a copy has the description of its original, mark included: one that names something older is not its own
  const marked = readRollbackOf(rollback.description)
  const named = passedOver(rollback, releases).find(({ label }) => label === marked)
  if (named !== undefined && named.packageHash !== rollback.packageHash) return named
  for (const each of olderThan(rollback, releases)) {
    if (isDraft(each)) continue
    if (each.packageHash !== rollback.packageHash) return each
    if (!isRollback(each, name)) return undefined
  }
  return undefined
}

/** What is between a copy and its original, or all that is older where the original is not listed any more. */
export function passedOver(copy: Release, releases: readonly Release[]): readonly Release[] {
  const older = olderThan(copy, releases)
  const original = older.findIndex(({ label }) => label === copy.copyOf?.label)
  return original === -1 ? older : older.slice(0, original)
}

/**
 * The newest older release for the same binary that can be gone back to: another package than the bad one, not disabled
 * as far as the server tells, not known to be bad. One that reached all devices comes before one that did not.
 */
export function chooseGood(
  bad: Release,
  releases: readonly Release[],
  knownBad: KnownBad,
): Release | undefined {
  const candidates = olderThan(bad, releases).filter(
    ({ packageHash, isDisabled }) =>
      packageHash !== bad.packageHash && isDisabled !== true && !knownBad.has(packageHash),
  )
  return candidates.find(({ rollout }) => rollout === undefined || rollout >= 100) ?? candidates[0]
}

/** @param releases newest first */
export function olderThan(release: Release, releases: readonly Release[]): readonly Release[] {
  return releases.slice(releases.findIndex(({ label }) => label === release.label) + 1)
}
