import type { LayerReceipt } from '../../../src/layers/layer.ts'
import { type OtaLayerOptions, openOtaLayer } from '../../../src/layers/ota/layer.ts'
import { openCircumstances } from './connect.ts'

/** The layer on a server, of the kind that it is found to be. */
export function layerOn(
  server: { readonly url: string; readonly accessKey: string },
  channels: readonly string[],
  changes: Partial<OtaLayerOptions> = {},
) {
  return openOtaLayer({
    ...openCircumstances().circumstances,
    url: server.url,
    accessKey: server.accessKey,
    kind: 'auto',
    channels,
    fetch,
    signal: new AbortController().signal,
    ...changes,
  })
}

/** Plans and applies. */
export async function apply(layer: ReturnType<typeof layerOn>): Promise<LayerReceipt> {
  return (await layer.plan()).apply()
}
