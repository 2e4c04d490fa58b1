import { Column } from './column.ts'
import type { Incidents } from './incidents.ts'
import { Texts } from './texts.ts'

/** A deployment of a restored revision by a rollback. */
export interface Redeployment {
  /** number of its incident */
  readonly incident: number
  readonly repository: string
  readonly environment: string
  readonly revision: string
  /** ms since the epoch */
  readonly at: number
}

/** Deployments of restored revisions, in the order in which they came. */
export class Redeployments {
  readonly #incidents: Incidents
  readonly #revisions = new Texts()
  readonly #incident = new Column(Uint32Array)
  readonly #revision = new Column(Uint32Array)
  readonly #at = new Column(Float64Array)

  constructor(incidents: Incidents) {
    this.#incidents = incidents
  }

  push(incident: number, revision: string, at: number): void {
    this.#incident.push(incident)
    this.#revision.push(this.#revisions.number(revision))
    this.#at.push(at)
  }

  *[Symbol.iterator](): Generator<Redeployment> {
    for (let index = 0; index < this.#at.length; index += 1) {
      const incident = this.#incident.at(index)
      yield {
        incident,
        repository: this.#incidents.repositoryOf(incident),
        environment: this.#incidents.environmentOf(incident),
        revision: this.#revisions.text(this.#revision.at(index)),
        at: this.#at.at(index),
      }
    }
  }
}
