import { InputError, message, setting } from '../../errors.ts'
import { openCapgo } from './capgo.ts'
import { detectKind, openCodePush } from './code-push.ts'
import { openEas } from './eas.ts'
import type { EasProject } from './eas-command.ts'
import { askEas, readUpdatesUrl } from './eas-device.ts'
import type { Connection } from './exchange.ts'
import { askForUpdate, openHotUpdater } from './hot-updater.ts'
import { openHotUpdaterCli } from './hot-updater-cli.ts'
import type { Channel } from './release.ts'
import { readServerUrl } from './request.ts'
import { commandLineKinds, type Device, type ServerKind, type UpdateServer } from './update-server.ts'

/** An update server, as the user names it. */
export interface ServerOptions extends Connection, EasProject {
  readonly kind: ServerKind | 'auto'
}

/**
 * Checks what the user says of the server.
 * @returns what opens it: of the kind, or of the one that it is found to be. It throws InputError when it is none of those we know, UnavailableError
 * @throws InputError
 */
export function prepareServer(options: ServerOptions): () => Promise<UpdateServer> {
  const { kind, url: text, accessKey, env } = options
  if (commandLineKinds.includes(kind) && accessKey !== '')
    throw new InputError(
      message`${setting('ota.access-key')} is not for server-kind ${kind}; leave it out, and set ${kind === 'eas' ? 'EXPO_TOKEN' : 'what hot-updater.config reads'} in the step's env`,
    )
  if (kind === 'hot-updater-cli') {
    const connection = text === '' ? undefined : { ...options, url: readServerUrl(text) }
    const ask = connection && (({ name }: Channel, device: Device) => askForUpdate(connection, name, device))
    return async () => openHotUpdaterCli(options, ask)
  }
  if (kind === 'eas') {
    if ((env['EXPO_TOKEN'] ?? '') === '')
      throw new InputError(
        "EXPO_TOKEN is not set, and server-kind eas needs it; set it in the step's env to an access token of Expo, from a secret",
      )
    const given = text === '' ? undefined : readServerUrl(text)
    return async () => {
      const url = given ?? (await readUpdatesUrl(options.folder))
      return openEas(options, url === undefined ? undefined : askEas(options, { ...options, url }))
    }
  }
  const url = readServerUrl(text)
  if (accessKey === '')
    throw new InputError(message`${setting('ota.access-key')} is required; take it from a secret`)
  const connection = { ...options, url }
  return async () => {
    const found = kind === 'auto' ? await detectKind(connection) : kind
    if (found === 'capgo') return openCapgo(connection)
    return found === 'hot-updater' ? openHotUpdater(connection) : openCodePush(connection, found)
  }
}
