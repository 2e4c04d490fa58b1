import { type Message, message, setting } from '../../errors.ts'
import type { Plan } from './plan.ts'
import { describe, formatLabel } from './release.ts'

/** What devices get once a release is halted. */
export function haltMeans({ bad, fallback }: Extract<Plan, { kind: 'stop' }>): string {
  if (fallback === 'store') return 'devices that run it return to the bundle from the store'
  if (fallback !== undefined) return `devices are offered ${describe(fallback)} instead`
  return `devices that run ${formatLabel(bad.label)} keep it, and no other device is offered it`
}

/** What is not known, and how the user says it. */
export function explainUndecided({ draft, because }: Extract<Plan, { kind: 'undecided' }>): Message {
  return message`${describe(draft)} is the newest release and is disabled, and no rollback disabled it; ${because}. Write the label of the bad release in ${setting('from-label')}: ${draft.label}, or that of an older release`
}
