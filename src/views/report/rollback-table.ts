import { Column, numberOf } from './column.ts'
import type { Incidents } from './incidents.ts'
import type { LayerResult, Rollback } from './rollbacks.ts'
import { Rows } from './rows.ts'
import { Shared } from './shared.ts'
import { Texts } from './texts.ts'

/** What many rollbacks have in common. */
type Form = Pick<Rollback, 'outcome' | 'standing' | 'trigger' | 'isDetected' | 'isRehearsal' | 'isSkewed'> & {
  readonly layers: readonly Omit<LayerResult, 'tookMs'>[]
}

/** Rollbacks, 52 bytes each beside those of their incidents. */
export class Rollbacks {
  readonly incidents: Incidents
  readonly #forms = new Shared<Form>()
  readonly #reasons = new Texts()
  readonly #form = new Column(Uint32Array)
  readonly #reason = new Column(Uint32Array)
  readonly incident = new Column(Uint32Array)
  readonly place = new Column(Uint32Array)
  readonly at = new Column(Float64Array)
  readonly endedAt = new Column(Float64Array)
  readonly duration = new Column(Float64Array)
  /** where the times of its layers begin */
  readonly #took = new Column(Uint32Array)
  readonly #times = new Column(Float64Array)

  constructor(incidents: Incidents) {
    this.incidents = incidents
  }

  push(rollback: Rollback): void {
    const { outcome, standing, trigger, isDetected, isRehearsal, isSkewed, layers } = rollback
    const kinds = layers.map((each) => `${each.layer} ${each.outcome} ${each.standing} ${each.method}`)
    const key = [outcome, standing, trigger, isDetected, isRehearsal, isSkewed, ...kinds].join('\n')
    const form = { outcome, standing, trigger, isDetected, isRehearsal, isSkewed, layers }
    this.#form.push(this.#forms.number(key, form))
    this.#reason.push(this.#reasons.number(rollback.reason))
    this.incident.push(rollback.incident)
    this.place.push(rollback.place)
    this.at.push(rollback.at)
    this.endedAt.push(rollback.endedAt ?? Number.NaN)
    this.duration.push(rollback.durationMs ?? Number.NaN)
    this.#took.push(this.#times.length)
    for (const { tookMs } of layers) this.#times.push(tookMs ?? Number.NaN)
  }

  /** All of them, oldest first. */
  rows(): Rows<Rollback> {
    return Rows.sorted<Rollback>(
      (index) => new Row(this, index, this.#forms.at(this.#form.at(index))),
      this.at.length,
      (index) => this.at.at(index),
    )
  }

  reasonOf(index: number): string {
    return this.#reasons.text(this.#reason.at(index))
  }

  tookOf(index: number, layer: number): number | undefined {
    return numberOf(this.#times.at(this.#took.at(index) + layer))
  }
}

/** A rollback that is read of its columns when somebody asks: most are only counted. */
class Row implements Rollback {
  readonly #table: Rollbacks
  readonly #index: number
  readonly #form: Form

  constructor(table: Rollbacks, index: number, form: Form) {
    this.#table = table
    this.#index = index
    this.#form = form
  }

  get repository(): string {
    return this.#table.incidents.repositoryOf(this.incident)
  }
  get environment(): string {
    return this.#table.incidents.environmentOf(this.incident)
  }
  get detectedBy(): readonly string[] {
    return this.#table.incidents.detectedByOf(this.incident)
  }
  get incident(): number {
    return this.#table.incident.at(this.#index)
  }
  get place(): number {
    return this.#table.place.at(this.#index)
  }
  get at(): number {
    return this.#table.at.at(this.#index)
  }
  get endedAt(): number | undefined {
    return numberOf(this.#table.endedAt.at(this.#index))
  }
  get durationMs(): number | undefined {
    return numberOf(this.#table.duration.at(this.#index))
  }
  get reason(): string {
    return this.#table.reasonOf(this.#index)
  }
  get outcome(): Rollback['outcome'] {
    return this.#form.outcome
  }
  get standing(): Rollback['standing'] {
    return this.#form.standing
  }
  get trigger(): Rollback['trigger'] {
    return this.#form.trigger
  }
  get isDetected(): boolean {
    return this.#form.isDetected
  }
  get isRehearsal(): boolean {
    return this.#form.isRehearsal
  }
  get isSkewed(): boolean {
    return this.#form.isSkewed
  }
  get isImported(): boolean {
    return this.#table.incidents.isImportedOf(this.incident)
  }
  get layers(): readonly LayerResult[] {
    return this.#form.layers.map((each, n) => {
      const { layer, outcome, standing, method } = each
      return { layer, outcome, standing, method, tookMs: this.#table.tookOf(this.#index, n) }
    })
  }
}
