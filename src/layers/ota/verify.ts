import { concreteVersion, covers, isSameBinary, kindsOfDevices } from './binary.ts'
import { predictOffers } from './offered.ts'
import { type Channel, formatChannel, formatLabel, type Release } from './release.ts'
import type { KnownBad } from './target.ts'
import type { Device, Offer, UpdateServer } from './update-server.ts'

/** What devices in one situation were answered. */
export interface DeviceCheck {
  /** `on v2, which was taken back`, `with a new install` */
  readonly device: string
  /** version of its binary */
  readonly binary: string
  /** in words, the answer that the first deviating device got, else that of all */
  readonly offered: string
  readonly packageHash: string | undefined
  readonly asked: number
  readonly agreeing: number
  readonly ok: boolean
}

/** True when every device agrees; nobody asked is nobody who agrees. */
export function isVerified(checks: readonly DeviceCheck[]): boolean {
  return checks.length > 0 && checks.every(({ ok }) => ok)
}

interface Subject {
  /** releases that were taken back */
  readonly bad: readonly Release[]
  /** undefined when nothing was put in their place */
  readonly good: Release | undefined
  readonly binary: string
  /** packages that no device may be offered, beside those of the bad releases */
  readonly knownBad?: KnownBad
}

/** A rollout to a part is by device: with twenty of them, one to a quarter is missed once in three hundred times. */
const manyDevices = 20

/**
 * Asks the server as devices do, until it answers as it should or the time is over: servers cache their answers. Devices
 * on each bad release and fresh ones have to be offered the good package; those on the good one nothing. With nothing
 * put in its place, nobody may be offered a bad one. Each kind of device is asked: one for every set of releases that are
 * for the same version.
 * @returns every check, the failing ones too; none where the server cannot be asked
 */
export async function verify(
  server: UpdateServer,
  channel: Channel,
  subject: Subject,
  {
    verifyTimeoutMs,
    now,
    sleep,
    log,
  }: {
    readonly verifyTimeoutMs: number
    readonly now: () => number
    readonly sleep: (ms: number) => Promise<void>
    readonly log: (line: string) => void
  },
): Promise<readonly DeviceCheck[]> {
  const { ask } = server
  if (ask === undefined || channel.isUnasked === true) return []
  const situations = versionsOf(channel, subject).flatMap((version) =>
    situationsOf(server, channel, subject, version),
  )
  const deadline = now() + verifyTimeoutMs
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 10_000)) {
    const checks: DeviceCheck[] = []
    for (const situation of situations) checks.push(await askDevices(ask, channel, situation))
    const failing = checks.filter(({ ok }) => !ok)
    if (failing.length === 0 || now() + pauseMs > deadline) return checks
    log(
      `${formatChannel(channel.name)}: devices ${failing[0]?.device} are offered ${failing[0]?.offered}; asking again in ${pauseMs / 1000} s`,
    )
    await sleep(pauseMs)
  }
}

interface Situation {
  readonly device: string
  readonly devices: readonly Device[]
  readonly isRight: (offer: Offer) => boolean
}

/** The versions of binaries that devices are asked for, the plainest first: one that no other release is for. */
function versionsOf({ releases }: Channel, { binary }: Subject): readonly string[] {
  const ranges = releases.map((each) => each.binary)
  const others = ranges.filter((each) => !isSameBinary(each, binary))
  const plainest = concreteVersion(binary, others)
  const kindOf = (version: string) => ranges.map((range) => covers(range, version)).join()
  const rest = kindsOfDevices(ranges).filter(
    (version) => covers(binary, version) && kindOf(version) !== kindOf(plainest),
  )
  return [plainest, ...rest]
}

function situationsOf(
  server: UpdateServer,
  { releases, platforms }: Channel,
  { bad, good, binary, knownBad = new Map() }: Subject,
  version: string,
): readonly Situation[] {
  const own = releases.filter((each) => covers(each.binary, version))
  const isPartial = own.some(({ rollout }) => rollout === undefined || rollout < 100)
  const numbers = Array.from({ length: isPartial ? manyDevices : 1 }, (_, number) => number)
  const devicesOn = (on: Release | undefined) =>
    (platforms ?? [undefined]).flatMap((platform) =>
      numbers.map((number) => ({ binary: version, on, number, platform })),
    )
  const badHashes = new Set([...bad.map(({ packageHash }) => packageHash), ...knownBad.keys()])

  const isSpared = (offer: Offer) => offer.kind !== 'update' || !badHashes.has(offer.packageHash)
  const isOffered = (offer: Offer) => offer.kind === 'update' && offer.packageHash === good?.packageHash
  // a release for some of the same binaries may be offered in its place
  const predicted = predictOffers(server, releases, version)
  const isForOthers = own.some((each) => !isSameBinary(each.binary, binary))
  const isPredicted =
    predicted.length > 0 && predicted.every(({ packageHash }) => packageHash === good?.packageHash)
  const isRight = good !== undefined && (!isForOthers || isPredicted) ? isOffered : isSpared
  // a group that is published again is another update to its devices, with the same content
  const isStill = (offer: Offer) =>
    offer.kind === 'nothing' || (server.goesBackBy === 'republishing' && isOffered(offer))
  return [
    ...bad
      .filter((each) => covers(each.binary, version))
      .map((each) => ({
        device: `on ${formatLabel(each.label)}, which was rolled back,`,
        devices: devicesOn(each),
        isRight,
      })),
    ...(good === undefined
      ? []
      : [
          {
            device: `on ${formatLabel(good.label)}, the good one,`,
            devices: devicesOn(good),
            isRight: isRight === isOffered ? isStill : isSpared,
          },
        ]),
    { device: 'with a new install', devices: devicesOn(undefined), isRight },
  ]
}

async function askDevices(
  ask: NonNullable<UpdateServer['ask']>,
  channel: Channel,
  { device, devices, isRight }: Situation,
): Promise<DeviceCheck> {
  const offers = await Promise.all(devices.map((each) => ask(channel, each)))
  const shown = offers.find((offer) => !isRight(offer)) ?? offers[0]
  const agreeing = offers.filter(isRight).length
  return {
    device,
    binary: devices[0]?.binary ?? '',
    offered: shown === undefined ? 'nothing' : formatOffer(shown),
    packageHash: shown?.kind === 'update' ? shown.packageHash : undefined,
    asked: offers.length,
    agreeing,
    ok: agreeing === offers.length,
  }
}

/** `v3, a79ff9ca8c77` */
export function formatOffer(offer: Offer): string {
  if (offer.kind === 'nothing') return 'nothing'
  if (offer.kind === 'embedded') return 'a return to what came from the store'
  return `${formatLabel(offer.label)}, package ${offer.packageHash.slice(0, 12)}${offer.isMandatory ? ', mandatory' : ''}`
}
