import type { Fact, Facts } from './facts.ts'

/**
 * ok: a rollback would not fail for it. wrong: it would. warning: it would work, and not as well as it could. unknown: it could not be looked
 * at, and is not known to be well.
 */
export interface Finding {
  readonly state: 'ok' | 'wrong' | 'warning' | 'unknown'
  /** one clause: the finding */
  readonly says: string
  /** what to do, one sentence; absent if nothing is wrong */
  readonly cure?: string
}

export interface Check {
  readonly name: string
  /** what it reads, for the documentation */
  readonly reads: string
  /** @returns undefined where the settings have no use for it */
  readonly judge: (facts: Facts) => Finding | undefined
}

export const ok = (says: string): Finding => ({ state: 'ok', says })
export const wrong = (says: string, cure: string): Finding => ({ state: 'wrong', says, cure })
export const warning = (says: string, cure: string): Finding => ({ state: 'warning', says, cure })
export const unknown = (says: string, cure: string): Finding => ({ state: 'unknown', says, cure })

/** @param what was looked at, for people */
export function known<T>(fact: Fact<T>, what: string, judge: (value: T) => Finding): Finding {
  if (fact.seen) return judge(fact.value)
  return unknown(`${what} could not be read: ${fact.why}`, 'Fix the cause, and run this again')
}

/** A mistake, or something missing, will be there tonight, too; a server that did not answer now may answer then. */
export function failed(fact: Fact<unknown> & { seen: false }, says: string, cure: string): Finding {
  return (fact.isRefused ? wrong : unknown)(`${says}: ${fact.why}`, cure)
}
