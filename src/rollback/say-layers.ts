import { isUserFacing, message, RefusedError, UnavailableError } from '../errors.ts'
import type { LayerName } from '../history/event.ts'
import type { LayerReceipt } from '../layers/layer.ts'
import { shortRevision } from '../text/revision.ts'
import { sayProposal } from './proposed.ts'

/** What a run has made of a layer. */
interface LayerNow {
  readonly layer: LayerName
  readonly outcome: string
  readonly receipt?: LayerReceipt
}

/** Where each layer is now, a clause each. */
export function sayLayers(layers: readonly LayerNow[]): readonly string[] {
  return layers.map(({ layer, outcome, receipt }) => {
    if (receipt !== undefined && outcome === 'proposed')
      return `${layer} is not rolled back until ${sayProposal(receipt)} is merged`
    const isBack = receipt !== undefined && outcome !== 'undone' && outcome !== 'failed'
    return isBack
      ? `${layer} is at ${shortRevision(receipt.now) || 'nothing'}`
      : `${layer} is ${words[outcome]}`
  })
}

const words: Partial<Readonly<Record<string, string>>> = {
  failed: 'not rolled back',
  'not-tried': 'not rolled back: it was not tried',
  undone: 'as it was before',
}

/**
 * Waits until the history has what a run did. A run that it does not have ends there, and says what it has changed: no ending does.
 * @throws RefusedError, UnavailableError that say where each layer is
 */
export async function demandRecorded(
  layers: readonly LayerNow[],
  recordings: readonly Promise<void>[],
): Promise<void> {
  const [lost] = (await Promise.allSettled(recordings)).flatMap((each) =>
    each.status === 'rejected' ? [each.reason as unknown] : [],
  )
  if (lost === undefined) return
  if (!isUserFacing(lost)) throw lost
  const now = sayLayers(layers).join('; ')
  const said = message`${lost}. The history does not contain everything that this run did: ${now}. Run it again: it continues from there`
  throw lost instanceof RefusedError
    ? new RefusedError(said, { cause: lost })
    : new UnavailableError(said, { cause: lost })
}
