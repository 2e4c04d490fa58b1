import { sealWith } from '../../src/layers/flags/kept-state.ts'
import { openFlagsLayer } from '../../src/layers/flags/layer.ts'
import type { FlagsLayerOptions } from '../../src/layers/flags/layer-options.ts'
import type { FlagService } from '../../src/layers/flags/service.ts'

/** The layer of flags on a service, without a storage, a history or a wait; @param given what is other than that */
export function openLayerOn(
  service: () => FlagService,
  given: Pick<FlagsLayerOptions, 'disable'> & Partial<FlagsLayerOptions>,
) {
  return openFlagsLayer({
    open: async () => service(),
    only: [],
    findSnapshot: async () => {
      throw new Error('there is no backup')
    },
    backups: undefined,
    begun: undefined,
    redact: (text) => text,
    seal: sealWith(undefined),
    earlier: undefined,
    sleep: async () => {},
    log: () => {},
    ...given,
  })
}
