import { z } from 'zod'
import { InputError, message, setting } from '../../errors.ts'
import { pathOf } from '../../http/api-request.ts'
import { type Connection, read, write } from './exchange.ts'
import type { ChannelName, Release } from './release.ts'
import type { AskableServer, Device, Offer } from './update-server.ts'

/** https://github.com/gronxb/hot-updater: what stands for the bundle that came from the store */
const embeddedBundle = '00000000-0000-0000-0000-000000000000'
/** devices are put into a thousand groups, and a rollout reaches so many of them */
const cohorts = 1000
const pageSize = 100
const fingerprint = 'fingerprint:'

const bundleSchema = z.object({
  id: z.string().min(1),
  platform: z.string(),
  channel: z.string(),
  enabled: z.boolean(),
  fileHash: z.string().min(1),
  message: z.string().nullish(),
  targetAppVersion: z.string().nullish(),
  fingerprintHash: z.string().nullish(),
  rolloutCohortCount: z.number().nullish(),
})
/** One page of bundles, as the API and the command line have it. */
export const pageSchema = z.object({
  data: z.array(bundleSchema),
  pagination: z.object({ hasNextPage: z.boolean().nullish(), nextCursor: z.string().nullish() }).nullish(),
})
const offerSchema = z
  .object({
    status: z.enum(['UPDATE', 'ROLLBACK', 'UP_TO_DATE']),
    id: z.string().optional(),
    fileHash: z.string().nullish(),
    shouldForceUpdate: z.boolean().optional(),
  })
  .nullable()

/**
 * A hot-updater server with its bundles API. A channel's app is the platform, `ios` or `android`. A release goes back by
 * being disabled: its devices are told to return to the newest enabled one before it.
 */
export function openHotUpdater(connection: Connection): AskableServer {
  const change = (label: string, json: { readonly enabled: boolean; readonly message: string }) =>
    write(connection, { method: 'PATCH', path: pathOf('api', 'bundles', label), json })
  return {
    kind: 'hot-updater',
    at: connection.url,
    goesBackBy: 'disabling',
    prefers: 'newer',
    warnOfReturn,
    read: async (name) => ({ name, deviceKey: '', releases: await listReleases(connection, name) }),
    disable: (_, label, message) => change(label, { enabled: false, message }),
    enable: (_, label, message) => change(label, { enabled: true, message }),
    release: () => Promise.reject(new TypeError('hot-updater is rolled back by disabling')),
    describe: () => Promise.reject(new TypeError('hot-updater is rolled back by disabling')),
    ask: ({ name }, device) => askForUpdate(connection, name, device),
  }
}

/** https://github.com/gronxb/hot-updater/issues/1104 */
export function warnOfReturn({ app }: ChannelName): string | undefined {
  if (app !== 'ios') return undefined
  return 'devices return to the bundle from the store, and some versions of the hot-updater library hang on iOS when they do (gronxb/hot-updater#1104); test it on a device, or release a fixed bundle instead'
}

/** @throws InputError for a channel whose app is no platform */
export function demandPlatform({ app, deployment }: ChannelName): void {
  if (app === 'ios' || app === 'android') return
  throw new InputError(
    message`${setting('ota.channels')} names "${app}/${deployment}"; on a hot-updater server write ios/${deployment} or android/${deployment}`,
  )
}

async function listReleases(connection: Connection, name: ChannelName): Promise<readonly Release[]> {
  demandPlatform(name)
  const { app, deployment } = name
  const bundles: z.infer<typeof bundleSchema>[] = []
  let after: string | undefined
  do {
    const query = new URLSearchParams({
      channel: deployment,
      platform: app,
      limit: String(pageSize),
      ...(after && { after }),
    })
    const { data, pagination } = await read(connection, { path: `/api/bundles?${query}` }, pageSchema)
    bundles.push(...data)
    after =
      pagination?.hasNextPage === true && data.length > 0 ? (pagination.nextCursor ?? undefined) : undefined
  } while (after !== undefined)
  return toReleases(bundles)
}

/** Newest first: ids are UUIDs of version 7, which sort by time. */
export function toReleases(bundles: z.infer<typeof pageSchema>['data']): readonly Release[] {
  return bundles.map(toRelease).sort((a, b) => (a.label < b.label ? 1 : -1))
}

function toRelease(bundle: z.infer<typeof bundleSchema>): Release {
  const { rolloutCohortCount: reached } = bundle
  return {
    label: bundle.id,
    binary: bundle.targetAppVersion ?? `${fingerprint}${bundle.fingerprintHash ?? ''}`,
    packageHash: bundle.fileHash,
    method: 'Upload',
    copyOf: undefined,
    isDisabled: !bundle.enabled,
    rollout: reached === null || reached === undefined ? 100 : (reached / cohorts) * 100,
    description: bundle.message ?? '',
    releasedBy: '',
    releasedAt: timeOf(bundle.id),
  }
}

/** The first 48 bits of a UUID of version 7 are ms since the epoch: https://www.rfc-editor.org/rfc/rfc9562#section-5.7 */
function timeOf(id: string): Date | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/i.exec(id) ?? []
  return high === undefined || low === undefined ? undefined : new Date(Number.parseInt(high + low, 16))
}

/** Asks as a device does. @param connection its `url` is the base of the addresses that devices ask */
export async function askForUpdate(
  connection: Connection,
  { app, deployment }: ChannelName,
  { binary, on, number }: Device,
): Promise<Offer> {
  const how = binary.startsWith(fingerprint)
    ? ['fingerprint', app, binary.slice(fingerprint.length)]
    : ['app-version', app, binary]
  // spread over all groups: neighbours are reached together
  const cohort = 1 + ((number * 389) % cohorts)
  const path = pathOf(...how, deployment, embeddedBundle, on?.label ?? embeddedBundle, String(cohort))
  const headers = { 'hot-updater-sdk-version': '0.36.0' }
  const offer = await read(connection, { path, headers, withKey: false }, offerSchema)
  if (offer === null || offer.status === 'UP_TO_DATE' || offer.id === undefined) return { kind: 'nothing' }
  if (offer.id === embeddedBundle) return { kind: 'embedded' }
  return {
    kind: 'update',
    label: offer.id,
    packageHash: offer.fileHash ?? '',
    isMandatory: offer.shouldForceUpdate ?? false,
  }
}
