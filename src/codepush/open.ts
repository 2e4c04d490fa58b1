import { detectKind, openCodePush } from './code-push.ts'
import type { Connection } from './exchange.ts'
import { openHotUpdater } from './hot-updater.ts'
import type { ServerKind, UpdateServer } from './update-server.ts'

/**
 * Opens a server of the kind, or of the one that it is found to be.
 * @throws InputError when it answers as none of those we know, UnavailableError
 */
export async function openUpdateServer(
  connection: Connection,
  kind: ServerKind | 'auto',
): Promise<UpdateServer> {
  const found = kind === 'auto' ? await detectKind(connection) : kind
  return found === 'hot-updater' ? openHotUpdater(connection) : openCodePush(connection, found)
}
