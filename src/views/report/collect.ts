import type { Event, EventOf } from '../../history/event.ts'
import { Incidents } from './incidents.ts'
import { Redeployments } from './redeployments.ts'
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
  readonly incidents: Incidents
  readonly redeployments: Redeployments
  readonly facts: readonly DeploymentFact[]
  readonly holds: ReadonlyMap<string, HoldRecord>
  readonly repositories: ReadonlySet<string>
  /** distinct events */
  readonly events: number
  /** events that came again */
  readonly duplicates: number
  /** distinct events that were imported */
  readonly imported: number
  /** of the oldest and the newest event; undefined when there is none */
  readonly first: number | undefined
  readonly last: number | undefined
}

/**
 * Takes in events one by one, in any order and any number of times, and keeps what statistics need: numbers in columns, and no event.
 * Events may come from several repositories.
 */
export class Collector {
  readonly #incidents = new Incidents()
  readonly #redeployments = new Redeployments(this.#incidents)
  readonly #facts: DeploymentFact[] = []
  readonly #holds = new Map<string, HoldRecord>()
  readonly #repositories = new Set<string>()
  /** by repository: a fork has the same revisions, and events of the same ids */
  readonly #seen = new Map<string, SeenIds>()
  #events = 0
  #duplicates = 0
  #imported = 0
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
    if (event.imported) this.#imported += 1
    const at = Date.parse(event.at)
    this.#first = Math.min(this.#first, at)
    this.#last = Math.max(this.#last, at)
    if (event.kind === 'hold-set' || event.kind === 'hold-lifted') {
      this.#noteHold(event, at, repository)
      return
    }
    // a deployment, and no more: whatever becomes of it has events of its own
    if (event.kind === 'deployment-recorded') {
      this.addDeployment(factOf(event, repository))
      return
    }
    const incident = this.#incidents.note(event, at, repository)
    if (event.kind !== 'revision-deployed') return
    this.#redeployments.push(incident, event.deployed, at)
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
      imported: this.#imported,
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
}

function factOf(event: EventOf<'deployment-recorded'>, repository: string): DeploymentFact {
  const { environment, revision, outcome, createdAt, deployedAt, committedAt, isRollback } = event
  const time = (iso: string | undefined) => (iso === undefined ? undefined : Date.parse(iso))
  return {
    ...{ repository, environment, revision, outcome, isRollback },
    createdAt: Date.parse(createdAt),
    deployedAt: time(deployedAt),
    committedAt: time(committedAt),
  }
}
