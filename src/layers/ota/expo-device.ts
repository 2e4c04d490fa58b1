import { z } from 'zod'
import { RefusedError } from '../../errors.ts'
import { ask, type Connection, parseJson } from './exchange.ts'

/** A device with the expo-updates library. */
export interface ExpoDevice {
  readonly platform: 'ios' | 'android'
  readonly runtimeVersion: string
  readonly channel: string
  /** the update it runs; undefined when it runs what came from the store */
  readonly updateId: string | undefined
  /** a UUID that tells devices apart: rollouts to a part go by it */
  readonly clientId: string
}

export type ExpoAnswer =
  | {
      readonly kind: 'update'
      readonly id: string
      /** EAS says of which group it is; undefined on servers of one's own */
      readonly group: string | undefined
    }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'embedded' }

const manifestSchema = z.object({
  id: z.string().min(1),
  metadata: z.object({ updateGroup: z.string().optional() }).optional(),
})
const directiveSchema = z.object({ type: z.enum(['noUpdateAvailable', 'rollBackToEmbedded']) })

/**
 * Asks for an update as the expo-updates library does, version 1 of its protocol: on EAS Update, or on any server that
 * speaks it. https://docs.expo.dev/technical-specs/expo-updates-1/
 * @param connection its `url` is `updates.url` of the app's settings; no key is sent
 * @throws UnavailableError, RefusedError for an answer that is none of the protocol
 */
export async function askAsExpoDevice(connection: Connection, device: ExpoDevice): Promise<ExpoAnswer> {
  const { platform, runtimeVersion, channel, updateId, clientId } = device
  const headers = {
    accept: 'multipart/mixed,application/expo+json,application/json',
    'expo-protocol-version': '1',
    'expo-api-version': '1',
    'expo-platform': platform,
    'expo-runtime-version': runtimeVersion,
    'expo-channel-name': channel,
    'expo-updates-environment': 'BARE',
    'eas-client-id': clientId,
    ...(updateId !== undefined && { 'expo-current-update-id': updateId }),
  }
  const { status, body, headers: answered } = await ask(connection, { path: '', headers, withKey: false })
  if (status === 204) return { kind: 'nothing' }
  const type = answered.get('content-type') ?? ''
  const parts = type.startsWith('multipart/') ? partsOf(body, type) : new Map([['manifest', body]])
  if (status === 200) {
    const directive = directiveSchema.safeParse(parseJson(parts.get('directive') ?? ''))
    if (directive.success)
      return { kind: directive.data.type === 'rollBackToEmbedded' ? 'embedded' : 'nothing' }
    const manifest = manifestSchema.safeParse(parseJson(parts.get('manifest') ?? ''))
    if (manifest.success)
      return { kind: 'update', id: manifest.data.id, group: manifest.data.metadata?.updateGroup }
    // a multipart answer of neither is allowed, and means that there is nothing
    if (type.startsWith('multipart/') && parts.size === 0) return { kind: 'nothing' }
  }
  throw new RefusedError(
    `${connection.url} answered ${status} to a device of ${platform}, runtime version ${runtimeVersion}, channel ${channel}, with an answer that does not follow the expo-updates protocol`,
  )
}

/** The parts of a multipart body by their names. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 */
function partsOf(body: string, type: string): ReadonlyMap<string, string> {
  const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type) ?? []
  const boundary = quoted ?? bare ?? ''
  const parts = new Map<string, string>()
  for (const part of `\r\n${body}`.split(`\r\n--${boundary}`).slice(1)) {
    const [, head = '', content = ''] = /^[ \t]*\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(part) ?? []
    const name = /^content-disposition:[^\r\n]*\bname="?([^";\r\n]+)"?/im.exec(head)?.[1]
    if (name !== undefined) parts.set(name, content)
  }
  return parts
}
