import { z } from 'zod'
import { type LayerName, layerSchema } from '../history/event.ts'
import type { DrillDelivery } from './notifications.ts'
import type { Received } from './receiver.ts'

/** What a drill found, as `--json` prints it. Times in ms from the moment the bad revision was served. */
export interface DrillResult {
  readonly detected_ms: number
  /** the good revision was served again */
  readonly recovered_ms: number
  /** how long each phase took; the deployment goes on beside the layers that follow the code */
  readonly phases: Readonly<Record<string, number>>
  /** what the front door came to */
  readonly decision: string
  readonly layers: readonly {
    readonly name: LayerName
    readonly from: string
    readonly to: string
    readonly outcome: string
    /** true when a visitor got the good revision's bytes again, or the database its tables */
    readonly verified: boolean
  }[]
  readonly issue: {
    readonly number: number
    readonly url: string
    readonly title: string
    readonly body: string
  }
  /** in the history */
  readonly events: number
  /** to GitHub's API, by the actions */
  readonly requests: number
  /** with `--with notify`: what the history says of each delivery */
  readonly deliveries: readonly DrillDelivery[]
}

/** What people look at afterwards. */
export interface DrillPapers {
  /** the database's tables, in the bad revision and after the rollback */
  readonly schemaBad: string
  readonly schemaAfter: string
  readonly logBefore: string
  readonly logAfter: string
  readonly summaryFile: string
  readonly postmortemFile: string
  /** what the receivers of notifications got, a line each */
  readonly arrived: readonly string[]
  /** the same as it was sent */
  readonly received: readonly Received[]
}

/** What the drill reads of the front door's report. */
export const reportSchema = z.object({
  phases: z.record(z.string(), z.number()),
  layers: z.array(
    z.object({
      layer: layerSchema,
      outcome: z.string(),
      view: z.object({ from: z.string(), to: z.string() }),
    }),
  ),
})
