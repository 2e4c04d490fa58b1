import type { Event, EventOf, LayerName } from '../../history/event.ts'
import { methodOf } from '../../history/method.ts'
import { SeenIds } from './seen.ts'

/** A deployment as GitHub's own records have it. */
export interface DeploymentFact {
  /** `owner/name`; the same for all facts and events of a repository */
  readonly repository: string
  readonly environment: string
  /** full commit id */
  readonly revision: string
  /** ms since the epoch */
  readonly createdAt: number
  /** when it had succeeded; undefined for one that has not */
  readonly deployedAt: number | undefined
  /** failed: it never reached the environment. pending: it is under way, or waits */
  readonly outcome: 'succeeded' | 'failed' | 'pending'
  /** when the deployed commit was made; undefined where that is not known */
  readonly committedAt: number | undefined
  /** true for one that a rollback made */
  readonly isRollback: boolean
}

/** What is kept of an event of a rollback. Times are ms since the epoch. */
export type Mark =
  | {
      readonly kind: 'began'
      readonly at: number
      readonly startedAt: number
      readonly automatic: boolean
      readonly reason: string
      readonly url: string | undefined
    }
  | {
      readonly kind: 'ended'
      readonly at: number
      readonly outcome: EventOf<'rollback-ended'>['outcome']
      readonly layers: readonly { readonly layer: LayerName; readonly outcome: string }[]
      readonly phases: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'applied' | 'proposed' | 'failed'
      readonly at: number
      readonly layer: LayerName
      readonly method: string
      /** undefined where the event does not say */
      readonly automatic: boolean | undefined
      readonly reason: string
      readonly url: string | undefined
    }
  | { readonly kind: 'undone'; readonly at: number; readonly layer: LayerName }
  | {
      readonly kind: 'recovery'
      readonly at: number
      readonly outcome: EventOf<'recovery-verified'>['outcome']
    }

/** What is kept of an incident: of one deployment, that is, as its environment and revision make the incident's id. */
export interface IncidentRecord {
  readonly repository: string
  readonly incident: string
  readonly environment: string
  readonly revision: string
  /** its first event */
  firstAt: number
  /** when its health was first looked at; undefined when nobody did */
  watchedFrom: number | undefined
  /** true when a look gave a verdict on it: healthy, unhealthy or failing before it */
  isJudged: boolean
  /** the first look that said unhealthy */
  detectedAt: number | undefined
  /** the first bad answer that this look knew of */
  failingSince: number | undefined
  /** the checks that had breached their limits then */
  detectedBy: readonly string[]
  /** URL of the post-mortem */
  issue: string | undefined
  marks: Mark[]
}

/** A deployment of a restored revision by a rollback. */
export interface Redeployment {
  readonly repository: string
  readonly environment: string
  readonly incident: string
  readonly revision: string
  readonly at: number
}

/** Since when automatic rollbacks of an environment are on hold, by the history. */
export interface HoldRecord {
  readonly repository: string
  readonly environment: string
  readonly at: number
  readonly actor: string
  readonly because: string
  readonly isSet: boolean
}

/** What a stream of events comes to: all that the statistics are made of. */
export interface Collected {
  readonly incidents: ReadonlyMap<string, IncidentRecord>
  readonly redeployments: readonly Redeployment[]
  readonly facts: readonly DeploymentFact[]
  readonly holds: ReadonlyMap<string, HoldRecord>
  readonly repositories: ReadonlySet<string>
  /** distinct events */
  readonly events: number
  /** events that came again */
  readonly duplicates: number
  /** of the oldest and the newest event; undefined when there is none */
  readonly first: number | undefined
  readonly last: number | undefined
}

// most deployments are healthy, and have neither
const noMarks: Mark[] = []
const noChecks: readonly string[] = []

/**
 * Takes in events one by one, in any order and any number of times, and keeps what statistics need: about 300 bytes for an
 * incident, and nothing for an event that says no more than another one did. Events may come from several repositories.
 */
export class Collector {
  readonly #incidents = new Map<string, IncidentRecord>()
  readonly #redeployments: Redeployment[] = []
  readonly #facts: DeploymentFact[] = []
  readonly #holds = new Map<string, HoldRecord>()
  readonly #repositories = new Set<string>()
  /** by repository: a fork has the same revisions, and events of the same ids */
  readonly #seen = new Map<string, SeenIds>()
  readonly #texts = new Map<string, string>()
  readonly #layers = new Map<string, EventOf<'rollback-ended'>['layers']>()
  #events = 0
  #duplicates = 0
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  /** @param repository `owner/name` whose history the event is of; '' where there is only one */
  add(event: Event, repository = ''): void {
    this.#repositories.add(repository)
    const seen = this.#seen.get(repository) ?? new SeenIds()
    this.#seen.set(repository, seen)
    if (!seen.add(event.id)) {
      this.#duplicates += 1
      return
    }
    this.#events += 1
    const at = Date.parse(event.at)
    this.#first = Math.min(this.#first, at)
    this.#last = Math.max(this.#last, at)
    if (event.kind === 'hold-set' || event.kind === 'hold-lifted') this.#noteHold(event, at, repository)
    else this.#note(event, at, repository)
  }

  addDeployment(fact: DeploymentFact): void {
    this.#repositories.add(fact.repository)
    this.#facts.push(fact)
  }

  /** What was taken in so far; it goes on to change with what is taken in later. */
  collected(): Collected {
    const isEmpty = this.#events === 0
    return {
      incidents: this.#incidents,
      redeployments: this.#redeployments,
      facts: this.#facts,
      holds: this.#holds,
      repositories: this.#repositories,
      events: this.#events,
      duplicates: this.#duplicates,
      first: isEmpty ? undefined : this.#first,
      last: isEmpty ? undefined : this.#last,
    }
  }

  #noteHold(event: EventOf<'hold-set' | 'hold-lifted'>, at: number, repository: string): void {
    const { environment, actor, because } = event
    const key = `${repository}\n${environment}`
    const isSet = event.kind === 'hold-set'
    const known = this.#holds.get(key)
    // of two at the same moment the one that holds counts
    if (known !== undefined && (known.at > at || (known.at === at && known.isSet))) return
    this.#holds.set(key, { repository, environment, at, actor, because, isSet })
  }

  #note(event: Event, at: number, repository: string): void {
    const record = this.#recordOf(event, at, repository)
    record.firstAt = Math.min(record.firstAt, at)
    switch (event.kind) {
      case 'health-checked':
        noteCheck(record, event, at, (text) => this.#share(text))
        return
      case 'revision-deployed': {
        const { environment, incident, deployed: revision } = event
        this.#redeployments.push({ repository, environment, incident, revision, at })
        return
      }
      case 'postmortem-opened':
        record.issue = event.url
        return
      default: {
        const mark = markOf(event, at, {
          text: (text) => this.#share(text),
          layers: (layers) => this.#shareLayers(layers),
          url: sameUrl(record, event.run?.url),
        })
        if (mark === undefined) return
        if (record.marks === noMarks) record.marks = [mark]
        else record.marks.push(mark)
      }
    }
  }

  #recordOf({ incident, environment, revision }: Event, at: number, repository: string): IncidentRecord {
    const key = repository === '' ? incident : `${repository}\n${incident}`
    const known = this.#incidents.get(key)
    if (known !== undefined) return known
    const made: IncidentRecord = {
      repository,
      incident,
      environment: this.#share(environment),
      revision,
      firstAt: at,
      watchedFrom: undefined,
      isJudged: false,
      detectedAt: undefined,
      failingSince: undefined,
      detectedBy: noChecks,
      issue: undefined,
      marks: noMarks,
    }
    this.#incidents.set(key, made)
    return made
  }

  /** How the layers of a rollback ended is one of a few things: once in memory. */
  #shareLayers(layers: EventOf<'rollback-ended'>['layers']): EventOf<'rollback-ended'>['layers'] {
    const key = layers.map(({ layer, outcome }) => `${layer} ${outcome}`).join('\n')
    const known = this.#layers.get(key)
    if (known !== undefined) return known
    this.#layers.set(key, layers)
    return layers
  }

  /** The same text once, however many events say it. */
  #share(text: string): string {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, text)
    return text
  }
}

function noteCheck(
  record: IncidentRecord,
  event: EventOf<'health-checked'>,
  at: number,
  share: (text: string) => string,
): void {
  const { verdict, startedAt, checks } = event
  if (verdict === 'not-deployed') return
  record.watchedFrom = Math.min(record.watchedFrom ?? Number.POSITIVE_INFINITY, Date.parse(startedAt))
  if (verdict !== 'inconclusive' && verdict !== 'error') record.isJudged = true
  if (verdict !== 'unhealthy' || (record.detectedAt !== undefined && record.detectedAt <= at)) return
  const breached = checks.filter(({ state }) => state === 'breached')
  const since = breached.flatMap(({ failingSince }) =>
    failingSince === undefined ? [] : [Date.parse(failingSince)],
  )
  record.detectedAt = at
  record.failingSince = since.length === 0 ? undefined : Math.min(...since)
  record.detectedBy = breached.map(({ name }) => share(name))
}

/** The run of most events of a rollback is one: its address is kept once. */
function sameUrl({ marks }: IncidentRecord, url: string | undefined): string | undefined {
  const known = marks.find((mark) => 'url' in mark && mark.url === url)
  return known !== undefined && 'url' in known ? known.url : url
}

/** What is in memory once, however many events say it. */
interface Shared {
  readonly text: (text: string) => string
  readonly layers: (layers: EventOf<'rollback-ended'>['layers']) => EventOf<'rollback-ended'>['layers']
  readonly url: string | undefined
}

function markOf(
  event: Event,
  at: number,
  { text: share, layers: shareLayers, url }: Shared,
): Mark | undefined {
  switch (event.kind) {
    case 'rollback-began': {
      const { automatic, reason } = event
      const startedAt = Date.parse(event.startedAt)
      return { kind: 'began', at, startedAt, automatic, reason: share(reason), url }
    }
    case 'rollback-ended':
      return {
        kind: 'ended',
        at,
        outcome: event.outcome,
        layers: shareLayers(event.layers),
        phases: event.phases,
      }
    case 'rollback-applied': {
      const { layer, automatic, reason } = event
      const method = methodOf(event)
      return { kind: 'applied', at, layer, method, automatic, reason: share(reason), url }
    }
    case 'rollback-proposed': {
      const { layer, reason } = event
      const method = 'pull-request'
      return { kind: 'proposed', at, layer, method, automatic: undefined, reason: share(reason), url }
    }
    case 'rollback-failed': {
      const { layer, because } = event
      return { kind: 'failed', at, layer, method: 'none', automatic: undefined, reason: share(because), url }
    }
    case 'rollback-undone':
      return { kind: 'undone', at, layer: event.layer }
    case 'recovery-verified':
      return { kind: 'recovery', at, outcome: event.outcome }
    default:
      return undefined
  }
}
