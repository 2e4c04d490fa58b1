import { Range, SemVer, satisfies, subset, valid, validRange } from 'semver'

/** True when both mean the same binaries, however they are written: `^1.0.0` and `1.x` do. */
export function isSameBinary(a: string, b: string): boolean {
  return a === b || (validRange(a) !== null && validRange(a) === validRange(b))
}

/** True when some binary is meant by both. What is no range (a fingerprint) meets only itself. */
export function overlaps(a: string, b: string): boolean {
  if (a === b) return true
  if (validRange(a) === null || validRange(b) === null) return false
  return new Range(a).intersects(new Range(b))
}

/** True when a release for `range` is for the binary a person names: the same text, or a version within it. */
export function covers(range: string, named: string): boolean {
  return isSameBinary(range, named) || (valid(named) !== null && satisfies(named, range))
}

/**
 * A version of a binary that is within the range and, if there is one, in none of the others: what a device says of
 * itself when it asks for updates. What is no range (a fingerprint) stands for itself.
 */
export function concreteVersion(range: string, others: readonly string[] = []): string {
  const candidates = candidatesOf(range)
  const alone = candidates.find((version) => !others.some((other) => covers(other, version)))
  return alone ?? candidates[0] ?? range
}

/**
 * One version for each kind of device: two versions are of the same kind when the same ranges are for both. What is no
 * range (a fingerprint) stands for itself.
 */
export function kindsOfDevices(ranges: readonly string[]): readonly string[] {
  const distinct = [...new Set(ranges)]
  const kinds = new Map<string, string>()
  // the least version of any overlap is the bound of some range, or follows one
  const versions = distinct.flatMap((range) => (validRange(range) === null ? [range] : near(range)))
  for (const version of versions) {
    const kind = distinct.map((range) => (covers(range, version) ? '1' : '0')).join('')
    if (kind.includes('1') && !kinds.has(kind)) kinds.set(kind, version)
  }
  return [...kinds.values()]
}

/** True when each version within `range` is within `other` as well. */
export function isWithin(range: string, other: string): boolean {
  if (isSameBinary(range, other)) return true
  return validRange(range) !== null && validRange(other) !== null && subset(range, other)
}

/** The lower bounds of the range, and what follows them most closely. */
function candidatesOf(range: string): readonly string[] {
  if (validRange(range) === null) return []
  return near(range).filter((version) => satisfies(version, range))
}

/** The bounds of the range and versions that follow them, within the range or not. */
function near(range: string): readonly string[] {
  const bounds = new Range(range).set.flatMap((comparators) =>
    comparators.map(({ semver }) => (semver instanceof SemVer ? semver.version : '0.0.0')),
  )
  return [...bounds, '0.0.0', '1.0.0'].flatMap((bound) => {
    const at = new SemVer(bound)
    return [
      bound,
      ...[1, 2, 3].flatMap((n) => [
        `${at.major}.${at.minor}.${at.patch + n}`,
        `${at.major}.${at.minor + n}.0`,
        `${at.major + n}.0.0`,
      ]),
    ]
  })
}
