import { Column, numberOf } from './column.ts'
import type { Incidents } from './incidents.ts'
import { Rows } from './rows.ts'

/** A deployment that failed in its environment, once, however many incidents, checks and rollbacks there were. */
export interface Failure {
  readonly repository: string
  readonly environment: string
  /** number of its incident */
  readonly incident: number
  /** when the deployment was there; else when it was first looked at; else its first event */
  readonly introducedAt: number
  /** the first look that said unhealthy; undefined when only people noticed */
  readonly detectedAt: number | undefined
  /** the first bad answer that is known of, not before the deployment; else when it was detected, or first rolled back */
  readonly failingFrom: number
  /** when production was first seen to be well again after it was detected or rolled back; undefined while that is open */
  readonly restoredAt: number | undefined
  readonly detectedBy: readonly string[]
  /** true when all that is known of it was imported: nobody knows when it began or whether it has an end */
  readonly isImported: boolean
}

/** Failed deployments, 28 bytes each beside those of their incidents. */
export class Failures {
  readonly #incidents: Incidents
  readonly #incident = new Column(Uint32Array)
  readonly #introducedAt = new Column(Float64Array)
  readonly #failingFrom = new Column(Float64Array)
  readonly #restoredAt = new Column(Float64Array)

  constructor(incidents: Incidents) {
    this.#incidents = incidents
  }

  push(failure: Pick<Failure, 'incident' | 'introducedAt' | 'failingFrom' | 'restoredAt'>): void {
    this.#incident.push(failure.incident)
    this.#introducedAt.push(failure.introducedAt)
    this.#failingFrom.push(failure.failingFrom)
    this.#restoredAt.push(failure.restoredAt ?? Number.NaN)
  }

  /** All of them, by when they were deployed. */
  rows(): Rows<Failure> {
    return Rows.sorted(
      (index) => this.#row(index),
      this.#incident.length,
      (index) => this.#introducedAt.at(index),
    )
  }

  #row(index: number): Failure {
    const incident = this.#incident.at(index)
    const { repository, environment, detectedAt, detectedBy, isImported } = this.#incidents.record(incident)
    const [introducedAt, failingFrom] = [this.#introducedAt.at(index), this.#failingFrom.at(index)]
    const restoredAt = numberOf(this.#restoredAt.at(index))
    return {
      repository,
      environment,
      incident,
      introducedAt,
      detectedAt,
      failingFrom,
      restoredAt,
      detectedBy,
      isImported,
    }
  }
}
