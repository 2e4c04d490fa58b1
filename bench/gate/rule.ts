import type { Gate } from './gates.ts'

/**
 * A rule as a score after each poll: it calls the gate bad at the first poll whose score reaches its knob. So one pass
 * over a gate serves every setting of the knob.
 */
export interface Rule {
  readonly name: string
  readonly scores: (gate: Gate) => readonly number[]
  /** the knob as the rule's authors, or its documentation, ship it */
  readonly shipped?: number
}

export const never = Number.NEGATIVE_INFINITY

/** The share of bad ones in the last so many polls; undefined without traffic. */
export function shareOfLast(gate: Gate, poll: number, polls: number): number | undefined {
  let bad = 0
  let of = 0
  for (let at = Math.max(0, poll - polls + 1); at <= poll; at += 1) {
    bad += gate.polls[at]?.bad ?? 0
    of += gate.polls[at]?.of ?? 0
  }
  return of === 0 ? undefined : bad / of
}
