import { InputError, message, setting } from '../errors.ts'
import type { Severity } from '../text/severity.ts'
import { carryOutWish, type Responded, type ResponseMeans } from './carry-out.ts'
import { type Incident, incidentOf } from './incident.ts'
import type { Wish } from './respond.ts'
import type { UserText } from './user-text.ts'

/** What is asked for, as inputs have it; '' for what is not given. */
export interface Request {
  readonly operation: 'open' | 'update' | 'acknowledge' | 'escalate' | 'publish' | 'resolve'
  readonly severity: Severity | ''
  readonly note: string
  readonly reason: string
  /** for the users of the product; '' for the draft */
  readonly text: string
  /** a login */
  readonly by: string
}

export interface OpenRequest extends Request {
  readonly incident: string
}

/**
 * The wishes that a request has.
 * @param draft what users would be told
 * @throws InputError for an update without anything to update
 */
export function wishesOf(
  { operation, severity, note, reason, text }: Request,
  now: Date,
  draft: UserText,
): readonly Wish[] {
  if (operation === 'publish') return [{ kind: 'publish', ...draft, text: text || draft.text }]
  const because = reason || 'no reason given'
  if (operation === 'escalate') return [{ kind: 'escalate', when: 'now', because }]
  if (operation === 'acknowledge' || operation === 'resolve') return [{ kind: operation, because }]
  const wishes: Wish[] = [
    ...(severity === '' ? [] : [{ kind: 'severity', severity, because } as const]),
    ...(note === '' ? [] : [{ kind: 'note', note, happenedAt: now } as const]),
  ]
  if (wishes.length === 0)
    throw new InputError(
      message`${setting('severity')} and ${setting('note')} are empty: there is nothing to update; write one of them`,
    )
  return wishes
}

/** Carries out several wishes, one after the other. @returns the last of them; changed when any changed something */
export async function respondToAll(
  incident: Incident,
  wishes: readonly Wish[],
  means: ResponseMeans,
): Promise<Responded> {
  let last: Responded = { incident, changed: false, reasonCode: 'done-before', why: '' }
  for (const wish of wishes) {
    const next = await carryOutWish(last.incident, wish, means)
    last = { ...next, changed: next.changed || last.changed }
  }
  return last
}

/** Opens an incident of a revision; one that is open stays as it is. */
export async function openIncident(
  { incident, severity, reason, by }: OpenRequest,
  about: { readonly environment: string; readonly revision: string },
  { readHistory, claim }: ResponseMeans,
): Promise<Responded> {
  const before = incidentOf(await readHistory(), incident)
  if (before !== undefined && before.status !== 'resolved')
    return { incident: before, changed: false, reasonCode: 'done-before', why: 'the incident is open' }
  const episode = (before?.episode ?? 0) + 1
  const { environment, revision } = about
  const because = reason || `reported by ${by}`
  const isFirst = await claim(
    { kind: 'incident-opened', severity: severity || 'high', because },
    [String(episode)],
    { incident, environment, revision },
  )
  const opened = incidentOf(await readHistory(), incident)
  if (opened === undefined) throw new Error('the history does not have the incident that was opened')
  return { incident: opened, changed: isFirst, reasonCode: isFirst ? 'done' : 'done-before', why: '' }
}
