import type { Message } from '../errors.ts'
import type { Ending } from '../history/event.ts'
import type { LayerOutcome } from './apply.ts'

/** The state of production after the rollback. */
export interface Recovery {
  readonly outcome: 'recovered' | 'not-recovered' | 'unknown'
  readonly because: string
  /** what checks saw in this run before anything was changed, one clause; absent where they were not read */
  readonly before?: string | undefined
  /** false when nothing could be looked at: no check is configured, or the rollback has not reached production */
  readonly looked: boolean
  /** not looked at as something outside of this run deploys the restored revision, or verifies production */
  readonly isHandedOver?: true
  /** which revision was served in the place of the restored one, or beside it, where a check looks for that */
  readonly serves?: 'other' | 'mixed' | undefined
}

/** Where the restored revision was deployed. */
export interface Redeployed {
  readonly revision: string
  readonly workflow: string
  readonly url: string
}

/** The result of the deployment of the restored revision. */
export interface Deployment {
  readonly done?: Redeployed
  /** why it is not deployed, and what to do; absent when it is, or when something outside of this run deploys it */
  readonly problem?: string | Message
  /** ms */
  readonly tookMs: number
}

/** What this run checked. */
export interface Seen {
  readonly layers: readonly Pick<LayerOutcome, 'outcome' | 'problem'>[]
  /** undefined when no code was to be deployed */
  readonly deployment: Pick<Deployment, 'problem'> | undefined
  readonly recovery: Pick<Recovery, 'outcome' | 'looked' | 'isHandedOver' | 'serves'>
}

/**
 * One word for how things stand after a run. The only place where a rollback is called complete: every layer is back and was
 * seen to be, what was to be deployed is, and production was seen to be well.
 */
export function endOf({ layers, deployment, recovery }: Seen): Ending {
  const broken = endOfLayers(layers)
  if (broken !== 'whole') return broken
  if (layers.some(({ outcome }) => outcome === 'proposed')) return 'proposed'
  if (deployment?.problem !== undefined) return 'not-deployed'
  if (recovery.serves === 'other') return 'not-deployed'
  if (recovery.outcome === 'not-recovered') return 'not-recovered'
  if (layers.some(({ problem }) => problem !== undefined)) return 'not-verified'
  if (recovery.isHandedOver) return 'rolled-back'
  return recovery.outcome === 'recovered' ? 'complete' : 'not-verified'
}

const incomplete: readonly LayerOutcome['outcome'][] = ['failed', 'not-tried', 'partial', 'undone']

/** The same of the layers alone. */
export function endOfLayers(
  layers: readonly Pick<LayerOutcome, 'outcome'>[],
): 'whole' | 'partial' | 'failed' | 'undone' {
  const words = new Set(layers.map(({ outcome }) => outcome))
  if (incomplete.every((word) => !words.has(word))) return 'whole'
  if (words.has('undone')) return 'undone'
  const isAnyDone = layers.some(({ outcome }) => outcome !== 'failed' && outcome !== 'not-tried')
  return isAnyDone ? 'partial' : 'failed'
}
