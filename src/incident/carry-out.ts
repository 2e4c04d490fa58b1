import type { Event, Occurrence } from '../history/event.ts'
import { type EscalationPolicy, nextDeadline } from './escalation.ts'
import { type Incident, incidentOf, openIncidents } from './incident.ts'
import { respond, type Unchanged, type Wish } from './respond.ts'

/** What a wish is carried out with. */
export interface ResponseMeans {
  readonly readHistory: () => Promise<readonly Event[]>
  /** Appends an event; false when it was there before. */
  readonly claim: (
    what: Occurrence,
    naturalKey: readonly string[],
    about: Pick<Incident, 'incident' | 'environment' | 'revision'>,
  ) => Promise<boolean>
  readonly policy: EscalationPolicy
  readonly now: () => Date
  /** of this wish alone, the same each time it is run again */
  readonly key: string
}

/** What became of a wish. */
export interface Responded {
  readonly incident: Incident
  readonly changed: boolean
  readonly reasonCode: Unchanged | 'done' | 'done-before'
  /** one clause, where nothing changed */
  readonly why: string
}

/** Carries a wish out on an incident: decides, and appends what follows. Run again, it changes nothing. */
export async function carryOutWish(incident: Incident, wish: Wish, means: ResponseMeans): Promise<Responded> {
  const response = respond(incident, wish, { ...means, now: means.now() })
  if (response.kind === 'unchanged')
    return { incident, changed: false, reasonCode: response.reasonCode, why: response.why }
  const isFirst = await means.claim(response.what, response.naturalKey, incident)
  const after = incidentOf(await means.readHistory(), incident.incident) ?? incident
  return isFirst
    ? { incident: after, changed: true, reasonCode: 'done', why: '' }
    : {
        incident: after,
        changed: false,
        reasonCode: 'done-before',
        why: 'another run did the same at that moment',
      }
}

/** Notifies the levels that are due, of every incident of the environment. @returns what changed */
async function escalateDue(environment: string, means: ResponseMeans): Promise<readonly Responded[]> {
  const open = openIncidents(await means.readHistory(), environment)
  const done: Responded[] = []
  for (const incident of open) {
    const wish = { kind: 'escalate', when: 'due', because: '' } as const
    const responded = await carryOutWish(incident, wish, means)
    if (responded.changed) done.push(responded)
  }
  return done
}

/** An acknowledgement by another job is seen after so long, at the latest. */
const lookEveryMs = 60_000

/**
 * The same, again and again, until no level is left that could become due, or the time is over.
 * @param sleep ms
 */
export async function escalateFor(
  environment: string,
  {
    forMs,
    sleep,
    onEscalated,
    ...means
  }: ResponseMeans & {
    readonly forMs: number
    readonly sleep: (ms: number) => Promise<void>
    readonly onEscalated: (responded: Responded) => void
  },
): Promise<void> {
  const endsAt = means.now().getTime() + forMs
  for (;;) {
    for (const responded of await escalateDue(environment, means)) onEscalated(responded)
    const now = means.now().getTime()
    const next = openIncidents(await means.readHistory(), environment)
      .flatMap((incident) => nextDeadline(incident, means.policy)?.getTime() ?? [])
      .reduce((first, each) => Math.min(first, each), Number.POSITIVE_INFINITY)
    if (next > endsAt || now >= endsAt) return
    await sleep(Math.min(lookEveryMs, Math.max(0, next - now) + 1))
  }
}
