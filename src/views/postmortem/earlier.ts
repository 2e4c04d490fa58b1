import { breachedChecks, isDetection } from '../../history/detection.ts'
import type { Event, LayerName } from '../../history/event.ts'

/** An incident before this one, and what it has in common with it. */
export interface EarlierIncident {
  readonly incident: string
  /** the failed revision */
  readonly revision: string
  readonly at: string
  /** checks that called both */
  readonly checks: readonly string[]
  /** layers that were rolled back in both */
  readonly layers: readonly LayerName[]
  /** what its code was taken back from and to; undefined where no code was rolled back */
  readonly range: { readonly base: string; readonly head: string } | undefined
  readonly issue: { readonly number: number; readonly url: string } | undefined
}

const lookedBackMs = 180 * 24 * 60 * 60_000
const mostEarlier = 10

/**
 * The incidents of the environment in the half year before, the newest ten. Nothing but time and place in common is no
 * recurrence: files are compared later, as the history does not have them.
 * @param events of any incident, oldest first, without rehearsals
 */
export function earlierIncidents(
  events: readonly Event[],
  { incident, environment, own }: { incident: string; environment: string; own: readonly Event[] },
): readonly EarlierIncident[] {
  const startedAt = Date.parse(own[0]?.at ?? '')
  const [checks, layers] = [checksOf(own), layersOf(own)]
  const others = Map.groupBy(
    events.filter((event) => event.environment === environment && event.incident !== incident),
    (event) => event.incident,
  )
  return [...others]
    .flatMap(([id, theirs]): EarlierIncident[] => {
      const began = theirs.find(isBeginning)
      const [first] = theirs
      if (began === undefined || first === undefined) return []
      const at = Date.parse(first.at)
      if (at >= startedAt || startedAt - at > lookedBackMs) return []
      const code = theirs.find((event) => event.kind === 'rollback-applied' && event.layer === 'code')
      const opened = theirs.findLast((event) => event.kind === 'postmortem-opened')
      return [
        {
          incident: id,
          revision: first.revision,
          at: began.at,
          checks: checksOf(theirs).filter((each) => checks.includes(each)),
          layers: layersOf(theirs).filter((each) => layers.includes(each)),
          range: code?.kind === 'rollback-applied' ? { base: code.to, head: code.from } : undefined,
          issue: opened?.kind === 'postmortem-opened' ? { number: opened.issue, url: opened.url } : undefined,
        },
      ]
    })
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .slice(0, mostEarlier)
}

function isBeginning(event: Event): boolean {
  return isDetection(event) || event.kind === 'rollback-applied' || event.kind === 'incident-opened'
}

function checksOf(events: readonly Event[]): readonly string[] {
  return breachedChecks(events.find(isDetection)).map(({ name }) => name)
}

function layersOf(events: readonly Event[]): readonly LayerName[] {
  return [...new Set(events.flatMap((event) => (event.kind === 'rollback-applied' ? [event.layer] : [])))]
}
