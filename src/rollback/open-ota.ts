import { readCommit } from '../github/commits.ts'
import type { Layer } from '../layers/layer.ts'
import { openOtaLayer } from '../layers/ota/layer.ts'
import { type LayerSurroundings, readVariable } from './layer-surroundings.ts'

/** Opens the over-the-air updates as the settings describe them. */
export async function openOta(surroundings: LayerSurroundings): Promise<Layer> {
  const { repository, config, bad, env, choice } = surroundings
  const settings = config.ota
  if (settings === undefined) throw new TypeError('there are no over-the-air updates in the settings')
  const { serverUrl: url, serverKind: kind, channels, verifyTimeoutMs } = settings
  return openOtaLayer({
    ...surroundings,
    url,
    accessKey: settings.accessKey && readVariable(env, 'ota.access-key', settings.accessKey.env),
    kind,
    eas: { folder: settings.project, env },
    channels,
    verifyTimeoutMs,
    since: choice === 'changed' ? (await readCommit(repository, bad)).committedAt : undefined,
  })
}
