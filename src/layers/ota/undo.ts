import { ConflictError, RefusedError, UnavailableError } from '../../errors.ts'
import type { Circumstances } from './apply.ts'
import { isSameBinary } from './binary.ts'
import { type Change, carryOut } from './carry-out.ts'
import { markUndone, readIncident, readRollout, readTakenBack } from './mark.ts'
import { explainHidden, explainRollout } from './preconditions.ts'
import {
  type Channel,
  type ChannelName,
  describe,
  formatChannel,
  formatLabel,
  isRollback,
  type Release,
} from './release.ts'
import { leftBy, olderThan } from './target.ts'
import type { UpdateServer } from './update-server.ts'
import { verify } from './verify.ts'

/**
 * Puts a release that was taken back on top again, by its label: it is enabled, and where that is not enough a copy of it
 * is released, to as many devices as it had been offered to. Done twice, or after being killed, it does what is left.
 * @param label of the release that was taken back
 * @returns one sentence: what is on top now, and what devices are offered
 * @throws ConflictError when another release has landed since the rollback, RefusedError, UnavailableError
 */
export async function undoRollback(
  server: UpdateServer,
  name: ChannelName,
  label: string,
  circumstances: Circumstances,
): Promise<string> {
  const { incident, log } = circumstances
  let channel = await server.read(name)
  const taken = findTaken(server, channel, label)
  const refuseIfMoved = (read: Channel) => refuseIfSuperseded(server, read, taken)
  refuseIfMoved(channel)
  const before = currentOf(server, channel, taken)
  const rollout = readRollout(taken.description)

  const disabled = takenWith(taken, channel).filter((each) => !isEnabled(each))
  const isOnTop = before !== undefined && before.packageHash === taken.packageHash && isEnabled(before)
  for (const release of disabled) {
    log(`${formatChannel(name)}: enabling ${describe(release)} again`)
    const description = markUndone(release.description, incident)
    const change: Change = {
      write: () => server.enable(name, release.label, description),
      isDone: (read) => read.releases.some((each) => each.label === release.label && isEnabled(each)),
      refuseIfMoved,
    }
    channel = await carryOut(server, channel, change, circumstances)
  }
  if (!isOnTop && currentOf(server, channel, taken)?.packageHash !== taken.packageHash)
    channel = await releaseAgain(server, channel, { taken, rollout, refuseIfMoved }, circumstances)
  const now = currentOf(server, channel, taken) ?? taken
  const offered = await look(server, channel, { now, before }, circumstances)
  const what =
    now.label === taken.label
      ? formatLabel(label)
      : `${formatLabel(now.label)}, a copy of ${formatLabel(label)},`
  return `${formatChannel(name)}: ${what} is the newest release ${isOnTop ? 'already' : 'again'}; ${offered}`
}

async function releaseAgain(
  server: UpdateServer,
  channel: Channel,
  {
    taken,
    rollout,
    refuseIfMoved,
  }: { taken: Release; rollout: number | undefined; refuseIfMoved: Change['refuseIfMoved'] },
  circumstances: Circumstances,
): Promise<Channel> {
  const { name } = channel
  const current = currentOf(server, channel, taken) ?? taken
  const [top = current] = channel.releases
  const hidden = explainHidden(server, channel.releases, current, new Map())
  if (hidden !== undefined) throw new RefusedError(`${formatChannel(name)}: ${hidden}`)
  // a rollback offers the copy to all on one server, and is made only within the binary released to last
  const isOfTop = top.binary === current.binary && taken.binary === current.binary
  const by = isOfTop && rollout === undefined ? 'rollback' : 'promotion'
  const blocked = by === 'promotion' && explainRollout(server, top, current, new Map())
  if (blocked) throw new RefusedError(`${formatChannel(name)}: ${blocked}`)
  circumstances.log(`${formatChannel(name)}: making ${describe(taken)} the newest release (${by})`)
  const copy = {
    label: taken.label,
    over: current.label,
    binary: current.binary,
    by,
    description: markUndone(taken.description, circumstances.incident),
    ...(rollout !== undefined && { rollout }),
  } as const
  const change: Change = {
    write: () => server.release(name, copy),
    isDone: (read) => currentOf(server, read, taken)?.packageHash === taken.packageHash,
    refuseIfMoved,
  }
  return carryOut(server, channel, change, circumstances)
}

/** @throws RefusedError for one that is gone, or that not a rollback disabled */
function findTaken(server: UpdateServer, { name, releases }: Channel, label: string): Release {
  const found = releases.find((each) => each.label === label)
  if (found === undefined)
    throw new RefusedError(
      `${formatChannel(name)} no longer has ${formatLabel(label)}: ${server.at} keeps only its newest releases, or its history was cleared; release the bundle again`,
    )
  const isMarked = server.keepsNoMarks === true || readTakenBack(found.description) !== undefined
  if (found.isDisabled === true && !isMarked)
    throw new RefusedError(
      `${formatChannel(name)}: ${describe(found)} is disabled, and not by a rollback; enable it on the server if it is to be offered again`,
    )
  return found
}

/** What was disabled with it, in the same rollback, newest first. */
function takenWith(taken: Release, channel: Channel): readonly Release[] {
  const incident = readIncident(taken.description)
  const older = olderThan(taken, ownOf(taken, channel)).filter(
    ({ description }) => incident !== undefined && readTakenBack(description) === incident,
  )
  return [taken, ...older]
}

/** The release that devices get: the newest, or where one goes back by disabling the newest that is enabled. */
function currentOf({ goesBackBy }: UpdateServer, channel: Channel, taken: Release): Release | undefined {
  const own = ownOf(taken, channel)
  return goesBackBy === 'disabling' ? own.find(isEnabled) : own[0]
}

/** @throws ConflictError when what is on top is neither the release itself nor the rollback of it */
function refuseIfSuperseded(server: UpdateServer, channel: Channel, taken: Release): void {
  const current = currentOf(server, channel, taken)
  if (current === undefined || current.packageHash === taken.packageHash) return
  const own = ownOf(taken, channel)
  const isOurs =
    server.goesBackBy === 'disabling'
      ? olderThan(taken, own).includes(current)
      : isRollback(current, channel.name) &&
        leftBy(current, own, channel.name)?.packageHash === taken.packageHash
  if (isOurs) return
  throw new ConflictError(
    `${formatChannel(channel.name)}: ${describe(current)} was released since ${formatLabel(taken.label)} was rolled back, and was not changed; to make it the newest release, promote ${formatLabel(taken.label)} manually`,
  )
}

/** @throws UnavailableError when devices are not offered what is on top, although it is for all of them */
async function look(
  server: UpdateServer,
  channel: Channel,
  { now, before }: { now: Release; before: Release | undefined },
  circumstances: Circumstances,
): Promise<string> {
  const isForAll = now.rollout === 100
  const left = before === undefined || before.packageHash === now.packageHash ? [] : [before]
  const checks = await verify(
    server,
    channel,
    { bad: left, good: now, binary: now.binary },
    // a rollout to a part of the devices goes by device, and some servers do not tell how far it is
    { ...circumstances, verifyTimeoutMs: isForAll ? circumstances.verifyTimeoutMs : 0 },
  )
  if (checks.length === 0) return 'no device was asked'
  const failing = checks.find(({ ok }) => !ok)
  if (failing === undefined) return `devices are offered package ${now.packageHash.slice(0, 12)}`
  if (isForAll)
    throw new UnavailableError(
      `${formatChannel(channel.name)}: ${describe(now)} is the newest release, and devices ${failing.device} are offered ${failing.offered}: look at the releases on the server, or give its cache more time`,
    )
  const fresh = checks.at(-1)
  return `${fresh?.agreeing ?? 0} of ${fresh?.asked ?? 0} fresh devices are offered it, as far as its rollout goes`
}

function ownOf({ binary }: Release, { releases }: Channel): readonly Release[] {
  return releases.filter((each) => isSameBinary(each.binary, binary))
}

/** Where the server does not tell, our own mark does. */
function isEnabled({ isDisabled, description }: Release): boolean {
  return isDisabled === undefined ? readTakenBack(description) === undefined : !isDisabled
}
