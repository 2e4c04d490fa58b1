import { coerce, lt, major } from 'semver'
import { z } from 'zod'
import { RefusedError } from '../../errors.ts'
import { deviceIdOf } from './eas-device.ts'
import { type Connection, read } from './exchange.ts'
import type { Channel, ChannelName } from './release.ts'
import type { AskableServer, Device, Offer } from './update-server.ts'

/** Devices of the hosted service ask another address than its API's. */
const hosted = { api: 'https://api.capgo.app', devices: 'https://plugin.capgo.app' }
/** of the capacitor-updater plugin that we ask as */
const pluginVersion = '8.40.0'
/** What the channel's own settings hold back from a device, and what it has already. */
const nothing = /^(?:no_new_version_available|no_bundle|no_bundle_url|disable_\w+|disabled_platform_\w+)$/

const answerSchema = z.object({
  version: z.string().optional(),
  checksum: z.string().nullish(),
  url: z.string().optional(),
  error: z.string().optional(),
  message: z.string().optional(),
})

/**
 * Asks as the capacitor-updater plugin does, without a key: https://capgo.app/docs/plugin/self-hosted/auto-update/. Capgo counts
 * each device that asks as a monthly active user; the same ones are used every time.
 * @throws UnavailableError, RefusedError for an answer that is none to a device
 */
export function askCapgo(connection: Connection): AskableServer['ask'] {
  return async ({ name, releases }, device) => {
    const answer = await askAs(connection, name, {
      number: device.number,
      platform: device.platform ?? 'ios',
      on: device.on?.label ?? 'builtin',
      build: nativeVersion(releases, device),
    })
    if (answer.error === 'already_on_builtin')
      return device.on === undefined ? { kind: 'nothing' } : { kind: 'embedded' }
    if (answer.error === undefined && answer.version !== undefined && answer.url !== undefined)
      return offerOf(answer.version, answer.checksum, releases)
    if (answer.error !== undefined && nothing.test(answer.error)) return { kind: 'nothing' }
    throw new RefusedError(
      `${connection.url} answered a device of the channel ${name.deployment} with ${answer.error ?? 'neither a bundle nor an error'}${answer.message === undefined ? '' : ` (${answer.message})`}`,
    )
  }
}

/** Whether the channel offers anything to devices of a platform. @throws UnavailableError, RefusedError */
export async function isForPlatform(
  connection: Connection,
  name: ChannelName,
  platform: string,
): Promise<boolean> {
  const device = { number: 0, platform, on: 'builtin', build: '1.0.0' }
  return (await askAs(connection, name, device)).error !== `disabled_platform_${platform}`
}

function askAs(
  connection: Connection,
  { app, deployment }: ChannelName,
  device: { readonly number: number; readonly platform: string; readonly on: string; readonly build: string },
): Promise<z.infer<typeof answerSchema>> {
  const url = connection.url === hosted.api ? hosted.devices : connection.url
  const json = {
    app_id: app,
    device_id: deviceIdOf(device.number),
    version_name: device.on,
    version_build: device.build,
    is_emulator: false,
    is_prod: true,
    platform: device.platform,
    plugin_version: pluginVersion,
    defaultChannel: deployment,
  }
  return read(
    { ...connection, url },
    { method: 'POST', path: '/updates', json, withKey: false },
    answerSchema,
  )
}

function offerOf(label: string, checksum: string | null | undefined, releases: Channel['releases']): Offer {
  const found = releases.find((each) => each.label === label)
  return {
    kind: 'update',
    label,
    packageHash: found?.packageHash ?? checksum ?? label,
    isMandatory: false,
  }
}

/**
 * The version of the binary that a device says it has. A channel may hold back what is of another major version, or older than the
 * binary: within one major version it is the older of the bundles that the device has and is to have, else that of the one it has.
 */
function nativeVersion([top]: Channel['releases'], { on }: Device): string {
  const [now, next] = [coerce(on?.label ?? ''), coerce(top?.label ?? '')]
  if (now === null) return next?.version ?? '1.0.0'
  if (next === null) return now.version
  if (major(now) !== major(next)) return `${major(now)}.0.0`
  return lt(now, next) ? now.version : next.version
}
