import { InputError } from '../../errors.ts'
import { covers, isSameBinary, overlaps } from './binary.ts'
import { type Channel, type ChannelName, describe, formatChannel, type Release } from './release.ts'
import type { UpdateServer } from './update-server.ts'

type Server = Pick<UpdateServer, 'prefers'>

/** The release that an input names. @throws InputError that lists those there are */
export function find({ name, releases }: Channel, label: string, input: string): Release {
  const found = releases.find((each) => each.label === label)
  if (found !== undefined) return found
  const known = releases
    .slice(0, 10)
    .map((each) => each.label)
    .join(', ')
  throw new InputError(
    `input "${input}" is "${label}", which ${formatChannel(name)} does not have; write one of ${known || '(it has no release yet)'}`,
  )
}

/** The binaries to roll back for. @throws InputError when there is no release, or none for those that are named */
export function chooseBinary({ name, releases }: Channel, named: string | undefined): string {
  const [newest] = releases
  if (newest === undefined)
    throw new InputError(`${formatChannel(name)} has no release yet: there is nothing to roll back`)
  if (named === undefined) return newest.binary
  const found = releases.find(({ binary }) => covers(binary, named))
  if (found !== undefined) return found.binary
  const binaries = [...new Set(releases.map(({ binary }) => binary))].join(', ')
  throw new InputError(
    `input "app-version" is "${named}", and ${formatChannel(name)} has no release for it; write one of ${binaries}`,
  )
}

/** @throws InputError for a target that devices of the bad release could not be given */
export function requireTarget(target: Release, binary: string, name: ChannelName): Release {
  if (!isSameBinary(target.binary, binary))
    throw new InputError(
      `input "target" is ${describe(target)}, and the release to take back on ${formatChannel(name)} is for ${binary}: its binaries cannot run the other's updates; name a release for ${binary}`,
    )
  if (target.isDisabled === true)
    throw new InputError(
      `input "target" is ${describe(target)}, which is disabled on ${formatChannel(name)}: no device would be offered it; enable it first, or name another release`,
    )
  return target
}

/** A copy on top would hide newer releases for some of the same binaries from their devices. @throws InputError */
export function refuseIfHidden({ prefers }: Server, { name, releases }: Channel, bad: Release): void {
  if (prefers === 'narrower') return
  const newer = releases.slice(0, releases.indexOf(bad))
  const hidden = newer.find(
    (each) =>
      each.isDisabled !== true && !isSameBinary(each.binary, bad.binary) && overlaps(each.binary, bad.binary),
  )
  if (hidden === undefined) return
  throw new InputError(
    `${formatChannel(name)}: ${describe(hidden)} is newer than ${describe(bad)} and for some of the same binaries: a rollback of ${bad.label} would take ${hidden.label} from its devices; name in input "app-version" the binaries that are meant, or release a mended bundle`,
  )
}

/** Microsoft's server promotes nothing on top of an unfinished rollout, whatever binaries that is for. @throws InputError */
export function refuseDuringRollout(
  { prefers }: Server,
  { name }: Channel,
  top: Release,
  bad: Release,
): void {
  if (prefers === 'narrower' || top === bad || top.isDisabled === true) return
  if (top.rollout === undefined || top.rollout >= 100) return
  throw new InputError(
    `${formatChannel(name)}: the newest release, ${describe(top)}, is offered to ${top.rollout} % of its devices, and the server puts nothing on top of an unfinished rollout; finish or disable it, then run this again`,
  )
}
