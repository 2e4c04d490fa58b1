import { Column, numberOf } from './column.ts'
import { Rows } from './rows.ts'
import { Shared } from './shared.ts'

/** A deployment that reached its environment. Times are ms since the epoch. */
export interface Deployment {
  readonly repository: string
  readonly environment: string
  readonly at: number
  /** true for one that only undid another: it is rework */
  readonly isRework: boolean
  /** true when a check gave a verdict on it */
  readonly isJudged: boolean
  /** from the commit to the environment, ms; undefined where the commit's time is not known, and for rework */
  readonly leadMs: number | undefined
}

/** Deployments, 20 bytes each. */
export class Deployments {
  readonly #forms = new Shared<Omit<Deployment, 'at' | 'leadMs'>>()
  readonly #form = new Column(Uint32Array)
  readonly #at = new Column(Float64Array)
  readonly #lead = new Column(Float64Array)

  push({ repository, environment, isRework, isJudged, at, leadMs }: Deployment): void {
    const key = `${repository}\n${environment}\n${isRework} ${isJudged}`
    this.#form.push(this.#forms.number(key, { repository, environment, isRework, isJudged }))
    this.#at.push(at)
    this.#lead.push(leadMs ?? Number.NaN)
  }

  /** All of them, oldest first. */
  rows(): Rows<Deployment> {
    return Rows.sorted(
      (index) => this.#row(index),
      this.#at.length,
      (index) => this.#at.at(index),
    )
  }

  #row(index: number): Deployment {
    const { repository, environment, isRework, isJudged } = this.#forms.at(this.#form.at(index))
    const leadMs = numberOf(this.#lead.at(index))
    return { repository, environment, isRework, isJudged, at: this.#at.at(index), leadMs }
  }
}
