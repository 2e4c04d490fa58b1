import { z } from 'zod'
import { InputError, message, RefusedError, setting } from '../../errors.ts'
import { askCapgo, isForPlatform } from './capgo-device.ts'
import { ask, type Call, type Connection, parseJson, read, write } from './exchange.ts'
import { markTakenBack, readIncident, readRollbackOf, readRollout, readTakenBack } from './mark.ts'
import { type Channel, type ChannelName, formatChannel, type Release } from './release.ts'
import type { AskableServer, WriteOutcome } from './update-server.ts'

const pageSize = 50
/** Older bundles are not gone back to. */
const mostPages = 4

const bundleSchema = z.object({
  id: z.number(),
  name: z.string().min(1),
  checksum: z.string().nullish(),
  comment: z.string().nullish(),
  created_at: z.string(),
})
const linkSchema = z.object({ id: z.number(), name: z.string().min(1) })
const channelSchema = z.object({
  name: z.string(),
  updated_at: z.string(),
  public: z.boolean(),
  allow_device_self_set: z.boolean().nullish(),
  version: linkSchema.nullish(),
  rollout_version_info: linkSchema.nullish(),
  rolloutEnabled: z.boolean().nullish(),
  rolloutPercentageBps: z.number().nullish(),
})
const refusalSchema = z.object({ error: z.string() })
type Bundle = z.infer<typeof bundleSchema>
type CapgoChannel = z.infer<typeof channelSchema>
/** What a channel says now, and the bundles of its app, newest first. */
interface State {
  readonly channel: CapgoChannel
  readonly bundles: readonly Bundle[]
}

const allPlatforms = ['ios', 'android'] as const
/** Bundles are for all binaries; which of them a channel holds back is its own setting. */
const binary = 'all'
/** What stands for the bundle that came from the store. */
const embeddedBundles: readonly string[] = ['builtin', 'unknown']

/**
 * Capgo, by its public API: https://capgo.app/docs/public-api/. A channel names the bundle that it offers, and perhaps another
 * that is rolled out to a part of its devices; it goes back by naming an older bundle, which ends the rollout. The channel has no
 * history, so that what was taken back is known from the comments of bundles.
 */
export function openCapgo(connection: Connection): AskableServer {
  const point = (name: ChannelName, fields: Record<string, unknown>) =>
    write(connection, callOf('POST', '/channel', { app_id: name.app, channel: name.deployment, ...fields }))
  const comment = async (name: ChannelName, label: string, text: string): Promise<WriteOutcome> => {
    const { id, comment: old } = findBundle(await readState(connection, name), label, name)
    if (old === text) return 'accepted'
    const json = { app_id: name.app, version_id: id, comment: text }
    return write(connection, callOf('POST', '/bundle/metadata', json))
  }
  const platforms = new Map<string, Promise<readonly string[]>>()
  const findPlatforms = (name: ChannelName) => {
    const found = platforms.get(formatChannel(name)) ?? platformsOf(connection, name)
    platforms.set(formatChannel(name), found)
    return found
  }
  return {
    kind: 'capgo',
    at: connection.url,
    goesBackBy: 'republishing',
    prefers: 'narrower',
    keepsOneBelowRollout: true,

    async read(name) {
      const channel = toChannel(await readState(connection, name), name)
      return channel.isUnasked === true ? channel : { ...channel, platforms: await findPlatforms(name) }
    },

    async disable(name, label, description) {
      const state = await readState(connection, name)
      if (onOffer(state)[0]?.name !== label) return 'unknown'
      // what is taken back has to be known by then: nothing else says it
      const marked = await comment(name, label, description)
      if (marked !== 'accepted') return marked
      const isRollout = onOffer(state).length > 1
      return point(name, { ...(!isRollout && { version: 'builtin' }), rollback: true })
    },

    async enable(name, label, description) {
      const percent = readRollout(description)
      const fields =
        percent === undefined
          ? { version: label, rollback: true }
          : {
              rolloutVersion: label,
              rolloutPercentageBps: Math.round(percent * 100),
              rolloutEnabled: true,
              rolloutPaused: false,
            }
      const pointed = await point(name, fields)
      return pointed === 'accepted' ? comment(name, label, description) : pointed
    },

    async release(name, { label, over, description }) {
      const state = await readState(connection, name)
      // there is no conditional write: another bundle may be on offer by now
      if (onOffer(state)[0]?.name !== over) return 'unknown'
      const bad = toChannel(state, name).releases[0]
      const incident = readIncident(description)
      if (bad !== undefined && incident !== undefined && readTakenBack(bad.description) !== incident) {
        const marked = await comment(name, over, markTakenBack(bad, incident))
        if (marked !== 'accepted') return marked
      }
      return point(name, { version: label, rollback: true })
    },

    describe: comment,
    ask: askCapgo(connection),
  }
}

/** The key is sent as it is, which is no scheme of HTTP's. */
function callOf(method: 'GET' | 'POST', path: string, json?: unknown): Call {
  return { method, path, ...(json !== undefined && { json }), isBareKey: true }
}

/** @throws InputError for an app or channel that there is not, or a wrong key */
async function readState(connection: Connection, name: ChannelName): Promise<State> {
  const { app, deployment } = name
  const channels = await readPages(connection, '/channel', name, channelSchema)
  const channel = channels.find((each) => each.name === deployment)
  if (channel !== undefined)
    return { channel, bundles: await readPages(connection, '/bundle', name, bundleSchema) }
  const names = channels.map((each) => each.name).join(', ') || 'none'
  throw new InputError(
    message`the app "${app}" has no channel "${deployment}" (it has ${names}); write one of them in ${setting('ota.channels')}, as in ${app}/${channels[0]?.name ?? 'production'}`,
  )
}

async function readPages<T>(
  connection: Connection,
  path: '/channel' | '/bundle',
  { app }: ChannelName,
  shape: z.ZodType<T>,
): Promise<readonly T[]> {
  const all: T[] = []
  for (let page = 0; page < mostPages; page += 1) {
    const query = new URLSearchParams({ app_id: app, page: String(page) })
    const call = callOf('GET', `${path}?${query}`)
    const { status, body } = await ask(connection, call)
    const refusal = refusalSchema.safeParse(parseJson(body)).data?.error
    // of an app without bundles, and of a page after the last
    if (status === 400 && path === '/bundle' && refusal === 'cannot_get_bundle') break
    if (status === 400 && refusal !== undefined)
      throw new InputError(
        message`${connection.url} has no app "${app}" that this key may read (${refusal}); write the id of an app, such as com.example.shop/production, in ${setting('ota.channels')}`,
      )
    const found = await read(connection, call, z.array(shape))
    all.push(...found)
    if (found.length < pageSize) break
  }
  return all
}

/** Those that the channel is for, which only devices are told; all of them where it is for none. */
async function platformsOf(connection: Connection, name: ChannelName): Promise<readonly string[]> {
  const told = await Promise.all(
    allPlatforms.map(async (each) => ((await isForPlatform(connection, name, each)) ? [each] : [])),
  )
  return told.flat().length === 0 ? allPlatforms : told.flat()
}

/** What devices are offered: a bundle that is rolled out to a part of them first, then that of the others. */
function onOffer({ channel }: State): readonly z.infer<typeof linkSchema>[] {
  const { version, rollout_version_info: rollout, rolloutEnabled } = channel
  const stable = version == null || embeddedBundles.includes(version.name) ? [] : [version]
  // devices that have it keep it while its rollout is paused, or is at 0 %
  return rolloutEnabled === true && rollout != null ? [rollout, ...stable] : stable
}

/** What is on offer first, then all other bundles, newest first: those that are newer were not offered, or not any more. */
function toChannel(state: State, name: ChannelName): Channel {
  const { channel, bundles } = state
  const offered = onOffer(state).map(
    (link): Bundle => bundles.find(({ id }) => id === link.id) ?? { ...link, created_at: '' },
  )
  const rest = bundles.filter(({ id, name: label }) => !isIn(offered, id) && !embeddedBundles.includes(label))
  const [top] = offered
  const latest =
    offered
      .map(({ created_at }) => created_at)
      .sort()
      .at(-1) ??
    rest[0]?.created_at ??
    ''
  const isNewer = ({ created_at }: Bundle) =>
    top === undefined ? created_at >= latest : created_at > latest && latest !== ''
  const copied = readRollbackOf(top?.comment ?? '')
  const rollout = (channel.rolloutPercentageBps ?? 0) / 100
  const releases = [
    ...offered.map((each, index) => ({
      ...toRelease(each),
      ...(index === 0 && { releasedAt: new Date(channel.updated_at) }),
      ...(index === 0 &&
        copied !== undefined && {
          method: 'Rollback' as const,
          copyOf: { label: each.name, deployment: name.deployment },
        }),
      rollout:
        index === 0 && channel.rolloutEnabled === true && each.id === channel.rollout_version_info?.id
          ? rollout
          : 100,
    })),
    ...rest.map((each) => ({
      ...toRelease(each),
      isDisabled: isNewer(each) || readTakenBack(each.comment ?? '') !== undefined,
    })),
  ]
  const isGone = copied !== undefined && releases.every(({ label }) => label !== copied)
  return {
    name,
    deviceKey: '',
    ...(!channel.public && channel.allow_device_self_set !== true && { isUnasked: true }),
    releases: isGone
      ? [...releases.slice(0, 1), deleted(copied, top?.comment ?? ''), ...releases.slice(1)]
      : releases,
  }
}

function isIn(bundles: readonly Bundle[], id: number): boolean {
  return bundles.some((each) => each.id === id)
}

function toRelease({ id, name, checksum, comment, created_at }: Bundle): Release {
  return {
    label: name,
    binary,
    packageHash: checksum == null || checksum === '' ? `bundle ${id}` : checksum,
    method: 'Upload',
    copyOf: undefined,
    isDisabled: false,
    rollout: 100,
    description: comment ?? '',
    releasedBy: '',
    releasedAt: created_at === '' ? undefined : new Date(created_at),
  }
}

/** A bundle that was taken back and is not listed any more. @param mark the comment of the one that was put in its place */
function deleted(label: string, mark: string): Release {
  const gone = toRelease({ id: 0, name: label, created_at: '' })
  return {
    ...gone,
    packageHash: `deleted ${label}`,
    isDisabled: true,
    description: markTakenBack({ description: '', rollout: 100 }, readIncident(mark) ?? ''),
  }
}

function findBundle(
  state: State,
  label: string,
  name: ChannelName,
): { id: number; comment?: string | null | undefined } {
  const found =
    state.bundles.find((each) => each.name === label) ?? onOffer(state).find((each) => each.name === label)
  if (found !== undefined) return found
  throw new RefusedError(`${formatChannel(name)} no longer has the bundle ${label}`)
}
