import { InputError, listLines } from '../../errors.ts'
import { concreteVersion, isSameBinary } from './binary.ts'
import { readTakenBack } from './mark.ts'
import type { Evidence, Plan, RollbackRequest } from './plan.ts'
import { planRollback } from './plan-rollback.ts'
import { requireKnown } from './preconditions.ts'
import { type Channel, describe, isDraft, isRollback, type Release } from './release.ts'
import { findKnownBad, type KnownBad, leftBy, releasesFor } from './target.ts'
import type { Offer, UpdateServer } from './update-server.ts'

/** How many fresh devices are asked where a rollout may be to a part of them. */
const asked = 20

/**
 * Plans all channels before anything is written: with a mistake in one of them, none is touched. Where the package that is
 * taken back was released for other binaries of these channels as well, they are planned with it.
 * @returns plans in the order in which they are applied: by channel, in a channel that of the oldest bad release first
 * @throws InputError that lists what is wrong with each channel, RefusedError, UnavailableError
 */
export async function planAll(
  server: UpdateServer,
  requests: readonly RollbackRequest[],
): Promise<readonly Plan[]> {
  const channels = await collect(requests.map(({ name }) => readChannel(server, name)))
  const named = [...new Set(requests.flatMap(({ knownBad }) => knownBad))]
  requireKnown(channels, named)
  const pairs = await collect(
    requests.flatMap((request, index) => {
      const channel = channels[index]
      return channel === undefined
        ? []
        : [askAboveDrafts(server, channel).then((offers) => ({ request, channel, offers }))]
    }),
  )
  // what one plan takes back is nothing that another may go back to
  for (let knownBad = findKnownBad(channels, named); ; ) {
    const plans = await collect(
      pairs.map(async ({ request, channel, offers }) =>
        planChannel(server, channel, request, { knownBad, offers }),
      ),
    )
    const found = new Map([...plans.flat().flatMap((plan) => [...plan.knownBad]), ...knownBad])
    if (found.size === knownBad.size) return plans.flat()
    knownBad = found
  }
}

/** The plan that is asked for, and those for the other binaries of the channel with a bad package. */
function planChannel(
  server: UpdateServer,
  channel: Channel,
  request: RollbackRequest,
  evidence: Evidence,
): readonly Plan[] {
  const plan = planRollback(server, channel, request, evidence)
  const knownBad = new Map([...plan.knownBad, ...evidence.knownBad])
  const others = planOthers(server, channel, { request, plan, evidence: { ...evidence, knownBad } })
  if (request.binary !== undefined) return [{ ...plan, ...leave(others) }]
  return inOrder([plan, ...others], channel)
}

/** A server that does not list what is disabled says it to a device: the newest release for each binary is filled in. */
async function readChannel(server: UpdateServer, name: RollbackRequest['name']): Promise<Channel> {
  const channel = await server.read(name)
  const { ask } = server
  if (ask === undefined || channel.releases.every(({ isDisabled }) => isDisabled !== undefined))
    return channel
  const told = await Promise.all(
    binariesOf(channel).map((binary) => ask(channel, freshDevice(channel, binary, 0))),
  )
  const disabled = new Map(
    told.flatMap((offer): [string, boolean][] => {
      if (offer.kind === 'update') return [[offer.label, false]]
      return offer.kind === 'nothing' && offer.withheld !== undefined
        ? [[offer.withheld.label, offer.withheld.isDisabled]]
        : []
    }),
  )
  const fill = (each: Release) => ({ ...each, isDisabled: each.isDisabled ?? disabled.get(each.label) })
  return { ...channel, releases: channel.releases.map(fill) }
}

/** What fresh devices are offered, for each binary whose newest release is disabled, and not by us. */
async function askAboveDrafts(server: UpdateServer, channel: Channel): Promise<Evidence['offers']> {
  const offers = new Map<string, readonly Offer[]>()
  const { ask } = server
  if (ask === undefined) return offers
  for (const binary of binariesOf(channel)) {
    const [newest] = releasesFor(binary, channel.releases)
    if (newest === undefined || !isDraft(newest)) continue
    const devices = Array.from({ length: asked }, (_, number) => freshDevice(channel, binary, number))
    offers.set(binary, await Promise.all(devices.map((each) => ask(channel, each))))
  }
  return offers
}

function freshDevice({ releases, platforms }: Channel, binary: string, number: number) {
  const others = releases.map((each) => each.binary).filter((each) => !isSameBinary(each, binary))
  return { binary: concreteVersion(binary, others), on: undefined, number, platform: platforms?.[0] }
}

/** Each as its newest release has it. */
function binariesOf({ releases }: Pick<Channel, 'releases'>): readonly string[] {
  const binaries: string[] = []
  for (const { binary } of releases)
    if (!binaries.some((each) => isSameBinary(each, binary))) binaries.push(binary)
  return binaries
}

/** Plans for the other binaries of the channel that are offered a bad package, or were until it was taken back. */
function planOthers(
  server: UpdateServer,
  channel: Channel,
  { request, plan, evidence }: { request: RollbackRequest; plan: Plan; evidence: Evidence },
): readonly Plan[] {
  return binariesOf(channel).flatMap((binary) => {
    if (isSameBinary(binary, plan.binary)) return []
    const own = releasesFor(binary, channel.releases)
    const from = findBad(own, channel, plan, evidence.knownBad)
    if (from === undefined) return []
    const other = { ...request, target: undefined, binary: undefined, from: from.label }
    return [planRollback(server, channel, other, evidence)]
  })
}

/** The release that is bad and offered, or was taken back for the same incident. */
function findBad(
  releases: readonly Release[],
  { name }: Channel,
  { incident, knownBad }: Plan,
  allBad: KnownBad,
): Release | undefined {
  const isOurs = ({ description }: Release) => readTakenBack(description) === incident
  const top = releases.find((each) => each.isDisabled !== true || isOurs(each))
  if (top === undefined) return undefined
  if (allBad.has(top.packageHash)) return top
  const left = isRollback(top, name) ? leftBy(top, releases, name) : releases.find(isOurs)
  // of another incident, or of another package, it is no business of this one
  return left !== undefined && isOurs(left) && knownBad.has(left.packageHash) ? left : undefined
}

/** What the user limited the rollback to leaves the others as they are, and is said. */
function leave(others: readonly Plan[]): Pick<Plan, 'leftAlone' | 'warnings'> {
  const left = others.flatMap((each) => (each.kind === 'roll-back' || each.kind === 'stop' ? [each.bad] : []))
  return {
    leftAlone: left,
    warnings: left.map(
      (each) =>
        `${describe(each)} is also bad, and is still offered: the rollback is limited to other binaries`,
    ),
  }
}

/**
 * A copy for a wider range is put on top before one for a narrower. What is bad is disabled for all of them first: a
 * release on top of it may lift the limit of its rollout, or be refused until it is disabled.
 */
function inOrder(plans: readonly Plan[], { releases }: Channel): readonly Plan[] {
  const age = (plan: Plan) =>
    'bad' in plan ? releases.findIndex(({ label }) => label === plan.bad.label) : -1
  const sorted = plans.toSorted((a, b) => age(b) - age(a))
  const disable = sorted.flatMap((plan) => ('disable' in plan ? plan.disable : []))
  const first = sorted.findIndex((plan) => 'disable' in plan)
  return sorted.map((plan, index) =>
    index === first && 'disable' in plan ? { ...plan, disable: [...new Set(disable)] } : plan,
  )
}

/** @throws InputError that lists all that were thrown; else what was thrown first */
async function collect<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(work)
  const errors = outcomes.flatMap((outcome): unknown[] =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  )
  const other = errors.find((error) => !(error instanceof InputError))
  if (other !== undefined) throw other
  const distinct = errors.filter(
    (error, index) => errors.findIndex((each) => String(each) === String(error)) === index,
  )
  if (distinct.length > 0) throw new InputError(listLines(distinct))
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}
