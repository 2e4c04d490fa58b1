import type { GateReport } from './report.ts'

/** What is to be done about a verdict. */
export interface Response {
  /** hold: unhealthy, but not to be rolled back automatically now: see `reasonCode` */
  readonly decision: 'roll-back' | 'hold' | 'keep'
  /** one word; that of the verdict, or the name of the guard that holds it, such as `cooldown` */
  readonly reasonCode: string
  /** one clause */
  readonly because: string
}

/** Why a machine must not roll back now. */
export interface Held {
  /** one word */
  readonly reasonCode: string
  /** one clause */
  readonly because: string
}

/**
 * Decides what to do: an unhealthy production is rolled back, unless a guard holds that.
 * @param held what the guards say; undefined when all of them allow it
 */
export function chooseResponse(
  { verdict, reasonCode, because }: Pick<GateReport, 'verdict' | 'reasonCode' | 'because'>,
  held: Held | undefined,
): Response {
  if (verdict !== 'unhealthy') return { decision: 'keep', reasonCode, because }
  if (held === undefined) return { decision: 'roll-back', reasonCode, because }
  return {
    decision: 'hold',
    reasonCode: held.reasonCode,
    because: `${because}; held, because ${held.because}`,
  }
}
