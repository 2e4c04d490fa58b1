import type { Event, EventOf, LayerName } from '../../history/event.ts'
import { methodOf } from '../../history/method.ts'
import { Column } from './column.ts'
import { Shared } from './shared.ts'
import { Texts } from './texts.ts'

type Layers = readonly { readonly layer: LayerName; readonly outcome: string }[]

/** What is kept of an event of a rollback. Times are ms since the epoch. */
export type Mark =
  | {
      readonly kind: 'began'
      readonly at: number
      readonly startedAt: number
      readonly automatic: boolean
      readonly isRehearsal: boolean
      readonly reason: string
      readonly url: string | undefined
    }
  | {
      readonly kind: 'ended'
      readonly at: number
      readonly outcome: EventOf<'rollback-ended'>['outcome']
      readonly layers: Layers
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
      /** why it is not known to be well; '' where it is */
      readonly reason: string
    }

type Kind<K extends Mark['kind']> = Extract<Mark, { kind: K }>
type LayerMark = Kind<'applied' | 'proposed' | 'failed'>

/** What many marks have in common; the rest of a mark is numbers. */
type Form =
  | Pick<Kind<'began'>, 'kind' | 'automatic' | 'isRehearsal'>
  | (Pick<Kind<'ended'>, 'kind' | 'outcome' | 'layers'> & { readonly phases: readonly string[] })
  | Pick<LayerMark, 'kind' | 'layer' | 'method' | 'automatic'>
  | Pick<Kind<'undone'>, 'kind' | 'layer'>
  | Pick<Kind<'recovery'>, 'kind' | 'outcome'>

/** The marks of many incidents, 32 bytes each. Those of an incident are a chain, the last one first. */
export class Marks {
  readonly #forms = new Shared<Form>()
  readonly #texts = new Texts()
  readonly #form = new Column(Uint32Array)
  readonly #at = new Column(Float64Array)
  /** when a rollback began to look; where the times of its phases begin */
  readonly #more = new Column(Float64Array)
  readonly #phases = new Column(Float64Array)
  /** of the text, and 1; 0 for none */
  readonly #reason = new Column(Uint32Array)
  readonly #url = new Column(Uint32Array)
  readonly #before = new Column(Uint32Array)

  /**
   * Keeps what statistics need of an event.
   * @param last mark of the incident; 0 for none
   * @returns the last mark of the incident now
   */
  add(event: Event, at: number, last: number): number {
    const url = event.run?.url
    switch (event.kind) {
      case 'rollback-began': {
        const { kind: own, automatic, reason } = event
        const isRehearsal = event.rehearsal === true
        const key = `${own} ${automatic} ${isRehearsal}`
        const form = this.#forms.number(key, { kind: 'began', automatic, isRehearsal })
        return this.#push({ form, at, last, reason, url, more: Date.parse(event.startedAt) })
      }
      case 'rollback-ended': {
        const { kind: own, outcome, layers } = event
        const phases = Object.keys(event.phases)
        const said = layers.map((each) => `${each.layer} ${each.outcome}`).join('\n')
        const key = `${own} ${outcome}\n${phases.join('\n')}\n\n${said}`
        const form = this.#forms.number(key, { kind: 'ended', outcome, layers, phases })
        const more = this.#phases.length
        for (const took of Object.values(event.phases)) this.#phases.push(took)
        return this.#push({ form, at, last, more })
      }
      case 'rollback-applied': {
        const { layer, automatic, reason } = event
        const form = { kind: 'applied', layer, method: methodOf(event), automatic } as const
        return this.#push({ form: this.#ofLayer(form), at, last, reason, url })
      }
      case 'rollback-proposed': {
        const { layer, reason } = event
        const form = { kind: 'proposed', layer, method: 'pull-request', automatic: undefined } as const
        return this.#push({ form: this.#ofLayer(form), at, last, reason, url })
      }
      case 'rollback-failed': {
        const { layer, because: reason } = event
        const form = { kind: 'failed', layer, method: 'none', automatic: undefined } as const
        return this.#push({ form: this.#ofLayer(form), at, last, reason, url })
      }
      case 'rollback-undone': {
        const { kind: own, layer } = event
        return this.#push({
          form: this.#forms.number(`${own} ${layer}`, { kind: 'undone', layer }),
          at,
          last,
        })
      }
      case 'recovery-verified': {
        const { kind: own, outcome, because } = event
        const form = this.#forms.number(`${own} ${outcome}`, { kind: 'recovery', outcome })
        return this.#push({ form, at, last, ...(outcome !== 'recovered' && { reason: because }) })
      }
      default:
        return last
    }
  }

  /** The marks of an incident, in the order in which they were added. @param last its last mark */
  listed(last: number): readonly Mark[] {
    const marks: Mark[] = []
    for (let next = last; next > 0; next = this.#before.at(next - 1)) marks.push(this.#mark(next - 1))
    return marks.reverse()
  }

  #ofLayer(form: Extract<Form, { kind: LayerMark['kind'] }>): number {
    return this.#forms.number(`${form.kind} ${form.layer} ${form.method} ${form.automatic}`, form)
  }

  #push(mark: {
    readonly form: number
    readonly at: number
    readonly last: number
    readonly more?: number
    readonly reason?: string
    readonly url?: string | undefined
  }): number {
    this.#form.push(mark.form)
    this.#at.push(mark.at)
    this.#before.push(mark.last)
    this.#more.push(mark.more ?? 0)
    this.#reason.push(mark.reason === undefined ? 0 : this.#texts.number(mark.reason) + 1)
    this.#url.push(mark.url === undefined ? 0 : this.#texts.number(mark.url) + 1)
    return this.#form.length
  }

  #mark(index: number): Mark {
    const form = this.#forms.at(this.#form.at(index))
    const at = this.#at.at(index)
    const more = this.#more.at(index)
    switch (form.kind) {
      case 'began':
        return {
          ...form,
          at,
          startedAt: more,
          reason: this.#text(this.#reason.at(index)) ?? '',
          url: this.#text(this.#url.at(index)),
        }
      case 'ended': {
        const phases = Object.fromEntries(form.phases.map((name, n) => [name, this.#phases.at(more + n)]))
        return { ...form, at, phases }
      }
      case 'undone':
        return { ...form, at }
      case 'recovery':
        return { ...form, at, reason: this.#text(this.#reason.at(index)) ?? '' }
      default:
        return {
          ...form,
          at,
          reason: this.#text(this.#reason.at(index)) ?? '',
          url: this.#text(this.#url.at(index)),
        }
    }
  }

  #text(number: number): string | undefined {
    return number === 0 ? undefined : this.#texts.text(number - 1)
  }
}
