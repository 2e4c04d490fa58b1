import { breachedChecks, firstBadAnswer } from '../../history/detection.ts'
import type { Event, EventOf } from '../../history/event.ts'
import { Column, numberOf } from './column.ts'
import { type Mark, Marks } from './marks.ts'
import { Shared } from './shared.ts'
import { Texts } from './texts.ts'

const none: readonly string[] = []

/**
 * What is kept of incidents, outside of the heap: about 150 bytes for one, and 32 for each mark. An incident is one deployment, as its
 * environment and revision make its id.
 */
export class Incidents {
  /** by repository and id: what has the same number in each column */
  readonly #keys = new Texts()
  readonly #texts = new Texts()
  readonly #names = new Shared<string>()
  readonly #lists = new Shared<readonly string[]>()
  readonly #marks = new Marks()
  readonly #repository = new Column(Uint32Array)
  readonly #environment = new Column(Uint32Array)
  readonly #revision = new Column(Uint32Array)
  readonly #firstAt = new Column(Float64Array)
  readonly #watchedFrom = new Column(Float64Array)
  readonly #isJudged = new Column(Uint8Array)
  readonly #detectedAt = new Column(Float64Array)
  readonly #failingSince = new Column(Float64Array)
  readonly #detectedBy = new Column(Uint32Array)
  /** number of the text and 1, or 0 */
  readonly #issue = new Column(Uint32Array)
  readonly #lastMark = new Column(Uint32Array)
  /** 1 while every event of it is imported */
  readonly #isImported = new Column(Uint8Array)

  get size(): number {
    return this.#keys.size
  }

  /** Takes in an event of an incident. @param at when it happened, ms since the epoch @returns the incident's number */
  note(event: Event, at: number, repository: string): number {
    const index = this.#indexOf(event, at, repository)
    if (at < this.#firstAt.at(index)) this.#firstAt.set(index, at)
    if (!event.imported) this.#isImported.set(index, 0)
    if (event.kind === 'health-checked') this.#noteCheck(index, event, at)
    else if (event.kind === 'postmortem-opened') this.#issue.set(index, this.#texts.number(event.url) + 1)
    else this.#lastMark.set(index, this.#marks.add(event, at, this.#lastMark.at(index)))
    return index
  }

  /** Each incident, in the order in which they came. */
  *[Symbol.iterator](): Generator<IncidentRecord> {
    for (let index = 0; index < this.size; index += 1) yield this.record(index)
  }

  record(index: number): IncidentRecord {
    return {
      index,
      repository: this.repositoryOf(index),
      environment: this.environmentOf(index),
      firstAt: this.firstAtOf(index),
      watchedFrom: numberOf(this.#watchedFrom.at(index)),
      isJudged: this.#isJudged.at(index) === 1,
      detectedAt: numberOf(this.#detectedAt.at(index)),
      failingSince: numberOf(this.#failingSince.at(index)),
      detectedBy: this.detectedByOf(index),
      isImported: this.isImportedOf(index),
      hasMarks: this.#lastMark.at(index) > 0,
    }
  }

  repositoryOf(index: number): string {
    return this.#names.at(this.#repository.at(index))
  }

  environmentOf(index: number): string {
    return this.#names.at(this.#environment.at(index))
  }

  /** Its first event, ms since the epoch. */
  firstAtOf(index: number): number {
    return this.#firstAt.at(index)
  }

  detectedByOf(index: number): readonly string[] {
    return this.#lists.at(this.#detectedBy.at(index))
  }

  /** True when all that is known of it was imported. */
  isImportedOf(index: number): boolean {
    return this.#isImported.at(index) === 1
  }

  /** Its id. */
  idOf(index: number): string {
    const key = this.#keys.text(index)
    return key.slice(key.indexOf('\n') + 1)
  }

  /** The full id of the commit that was deployed. */
  revisionOf(index: number): string {
    return this.#texts.text(this.#revision.at(index))
  }

  /** The addresses of the post-mortems, in the order in which the incidents were seen first. */
  postmortems(): readonly { readonly url: string; readonly incident: string }[] {
    return Array.from({ length: this.#issue.length }, (_, index) => index).flatMap((index) => {
      const url = this.issueOf(index)
      return url === undefined ? [] : [{ url, incident: this.idOf(index) }]
    })
  }

  /** URL of its post-mortem. */
  issueOf(index: number): string | undefined {
    const issue = this.#issue.at(index)
    return issue === 0 ? undefined : this.#texts.text(issue - 1)
  }

  marksOf(index: number): readonly Mark[] {
    return this.#marks.listed(this.#lastMark.at(index))
  }

  #indexOf({ incident, environment, revision }: Event, at: number, repository: string): number {
    const index = this.#keys.number(`${repository}\n${incident}`)
    if (index < this.#firstAt.length) return index
    this.#repository.push(this.#names.number(repository, repository))
    this.#environment.push(this.#names.number(environment, environment))
    this.#revision.push(this.#texts.number(revision))
    this.#firstAt.push(at)
    this.#isJudged.push(0)
    this.#isImported.push(1)
    for (const column of [this.#watchedFrom, this.#detectedAt, this.#failingSince]) column.push(Number.NaN)
    this.#detectedBy.push(this.#lists.number('', none))
    for (const column of [this.#issue, this.#lastMark]) column.push(0)
    return index
  }

  #noteCheck(index: number, event: EventOf<'health-checked'>, at: number): void {
    const { verdict, startedAt } = event
    if (verdict === 'not-deployed') return
    const from = Date.parse(startedAt)
    if (!(this.#watchedFrom.at(index) <= from)) this.#watchedFrom.set(index, from)
    if (verdict !== 'inconclusive' && verdict !== 'error') this.#isJudged.set(index, 1)
    if (verdict !== 'unhealthy' || this.#detectedAt.at(index) <= at) return
    const names = breachedChecks(event).map(({ name }) => name)
    this.#detectedAt.set(index, at)
    this.#failingSince.set(index, firstBadAnswer(event) ?? Number.NaN)
    this.#detectedBy.set(index, this.#lists.number(names.join('\n'), names))
  }
}

/** What is kept of one incident. Times are ms since the epoch. */
export interface IncidentRecord {
  /** its number among the incidents */
  readonly index: number
  /** `owner/name` whose history it is of; '' where there is only one */
  readonly repository: string
  readonly environment: string
  /** its first event */
  readonly firstAt: number
  /** when its health was first looked at; undefined when nobody did */
  readonly watchedFrom: number | undefined
  /** true when a look gave a verdict on it: healthy, unhealthy or failing before it */
  readonly isJudged: boolean
  /** the first look that said unhealthy */
  readonly detectedAt: number | undefined
  /** the first bad answer that this look knew of */
  readonly failingSince: number | undefined
  /** the checks that had breached their limits then */
  readonly detectedBy: readonly string[]
  /** true when all that is known of it was imported: when it was detected, and whether it recovered, is not known */
  readonly isImported: boolean
  /** false for one of which no rollback is known */
  readonly hasMarks: boolean
}
