import type { Ending, LayerName } from '../../history/event.ts'
import type { IncidentRecord, Incidents } from './incidents.ts'
import type { Mark } from './marks.ts'

/** How far a rollback has got: only `succeeded` and `failed` count for its success rate, `pending` is shown beside it. */
export type Standing = 'succeeded' | 'failed' | 'pending'

/** What became of one layer in a rollback. */
export interface LayerResult {
  readonly layer: LayerName
  readonly outcome: string
  readonly standing: Standing
  /** how it was taken back, as one word; `none` where it was not */
  readonly method: string
  /** ms; undefined where it is not known */
  readonly tookMs: number | undefined
}

/** One rollback: from a `rollback-began` to the last `rollback-ended` before the next one of the same incident. Times are ms since the epoch. */
export interface Rollback {
  readonly repository: string
  readonly environment: string
  /** number of its incident */
  readonly incident: number
  readonly at: number
  readonly endedAt: number | undefined
  readonly outcome: Ending | 'unfinished'
  readonly standing: Standing
  readonly trigger: 'automatic' | 'manual' | 'unknown'
  /** true when a check had said unhealthy before it began */
  readonly isDetected: boolean
  readonly detectedBy: readonly string[]
  readonly reason: string
  readonly layers: readonly LayerResult[]
  /** from the first look at production to the end, ms; undefined for one that did not succeed, or whose clocks disagree */
  readonly durationMs: number | undefined
  /** true when its beginning says that it was one: nothing was failing, and all of it was to be taken back */
  readonly isRehearsal: boolean
  /** true when it seems to have ended before it began: clocks of two runners disagree */
  readonly isSkewed: boolean
  /** its number among those of its incident, from 0 */
  readonly place: number
  /** true when all that is known of its incident was imported: whether a check had called for it is not known */
  readonly isImported: boolean
}

const standings: Readonly<Record<Rollback['outcome'], Standing>> = {
  complete: 'succeeded',
  'rolled-back': 'pending',
  failed: 'failed',
  undone: 'failed',
  partial: 'failed',
  'not-recovered': 'failed',
  proposed: 'pending',
  'not-deployed': 'pending',
  'not-verified': 'pending',
  unfinished: 'pending',
}

/** An ending that a later look at production can turn into a complete one: all layers were back, or proposed to be. */
const mayRecover: ReadonlySet<Rollback['outcome']> = new Set([
  'rolled-back',
  'proposed',
  'not-deployed',
  'not-verified',
  'not-recovered',
])

/** The rollbacks of an incident, oldest first; none for a deployment that was never rolled back. */
export function rollbacksOf(record: IncidentRecord, marks: readonly Mark[]): readonly Rollback[] {
  return segmentsOf(marks).map((own, place) => describe(record, own, place))
}

/** The address of the run that began a rollback. @param marks of the rollback, oldest first */
export function runOf(marks: readonly Mark[]): string | undefined {
  const began = marks.find((mark) => mark.kind === 'began')
  return began?.url ?? marks.find(isOfLayer)?.url
}

/** The marks of one rollback, oldest first. */
export function timelineOf(incidents: Incidents, { incident, place }: Rollback): readonly Mark[] {
  return segmentsOf(incidents.marksOf(incident))[place] ?? []
}

/**
 * The marks of an incident by rollback. What comes before the first beginning belongs to the first rollback: clocks of two runners
 * disagree, or the beginning is of before there were such events.
 */
function segmentsOf(marks: readonly Mark[]): readonly (readonly Mark[])[] {
  const sorted = marks.toSorted(
    (a, b) => a.at - b.at || rank[a.kind] - rank[b.kind] || compare(wordOf(a), wordOf(b)),
  )
  const segments: Mark[][] = []
  let beginnings = 0
  for (const mark of sorted) {
    if (mark.kind === 'began') beginnings += 1
    const index = Math.max(1, beginnings) - 1
    segments[index] ??= []
    segments[index].push(mark)
  }
  return segments.filter((own) => own.some(isOfRollback))
}

/** Production is looked at after a rollback, and without one, too. */
function isOfRollback({ kind }: Mark): boolean {
  return kind !== 'recovery' && kind !== 'undone'
}

/** What makes the order the same each time for marks of one kind and one millisecond. */
function wordOf(mark: Mark): string {
  if ('outcome' in mark) return mark.outcome
  return 'layer' in mark ? mark.layer : mark.reason
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Of marks of the same millisecond, which comes first. */
const rank: Readonly<Record<Mark['kind'], number>> = {
  began: 0,
  applied: 1,
  proposed: 1,
  failed: 1,
  ended: 2,
  undone: 3,
  recovery: 4,
}

function describe(record: IncidentRecord, marks: readonly Mark[], place: number): Rollback {
  const { repository, environment, index: incident, detectedAt, detectedBy, isImported } = record
  const began = marks.find((mark) => mark.kind === 'began')
  const ended = marks.findLast((mark) => mark.kind === 'ended')
  const outcome = outcomeOf(marks)
  const standing = standings[outcome]
  const done = marks.filter(isOfLayer)
  const first = marks[0]?.at ?? 0
  const at = began?.at ?? first
  const end = ended?.at ?? done.at(-1)?.at
  const took = began === undefined || ended === undefined ? undefined : ended.at - began.startedAt
  const automatic = began?.automatic ?? done.findLast((mark) => mark.automatic !== undefined)?.automatic
  const isDetected = detectedAt !== undefined && detectedAt <= at
  const layers = layersOf(ended, done)
  return {
    ...{ repository, environment, incident, place, at, outcome, standing, detectedBy, isImported },
    endedAt: end,
    trigger: automatic === undefined ? 'unknown' : automatic ? 'automatic' : 'manual',
    isDetected,
    reason: began?.reason ?? done[0]?.reason ?? '',
    layers,
    isRehearsal: began?.isRehearsal === true,
    durationMs: standing === 'succeeded' && took !== undefined && took >= 0 ? took : undefined,
    isSkewed: took !== undefined && took < 0,
  }
}

type LayerMark = Extract<Mark, { kind: 'applied' | 'proposed' | 'failed' }>
type EndMark = Extract<Mark, { kind: 'ended' }>

function isOfLayer(mark: Mark): mark is LayerMark {
  return mark.kind === 'applied' || mark.kind === 'proposed' || mark.kind === 'failed'
}

function outcomeOf(marks: readonly Mark[]): Rollback['outcome'] {
  const ended = marks.findLast((mark) => mark.kind === 'ended')
  const said =
    ended?.outcome ?? (marks.some(({ kind }) => kind === 'began') ? 'unfinished' : withoutEnd(marks))
  const recovery = lookAfter(marks)
  return mayRecover.has(said) && recovery?.outcome === 'recovered' ? 'complete' : said
}

/** The look at production that a rollback is judged by. What is seen once a rehearsal was taken back is not of its rollback. */
function lookAfter(marks: readonly Mark[]): Extract<Mark, { kind: 'recovery' }> | undefined {
  const isRehearsal = marks.some((mark) => mark.kind === 'began' && mark.isRehearsal)
  const takenBack = isRehearsal ? marks.findIndex(({ kind }) => kind === 'undone') : -1
  const own = takenBack === -1 ? marks : marks.slice(0, takenBack)
  return own.findLast((mark) => mark.kind === 'recovery')
}

/** Of what has neither a beginning nor an end, such as a database that was restored alone: what the layers' own events say. */
function withoutEnd(marks: readonly Mark[]): Rollback['outcome'] {
  if (marks.some(({ kind }) => kind === 'proposed')) return 'proposed'
  return marks.some(({ kind }) => kind === 'applied') ? 'not-verified' : 'failed'
}

function layersOf(ended: EndMark | undefined, done: readonly LayerMark[]): readonly LayerResult[] {
  const last = new Map(done.map((mark) => [mark.layer, mark]))
  const outcomes =
    ended?.layers ?? [...last.values()].map(({ layer, kind }) => ({ layer, outcome: layerWords[kind] }))
  return outcomes.map(({ layer, outcome }) => ({
    layer,
    outcome,
    standing: layerStandings[outcome] ?? 'pending',
    method: last.get(layer)?.method ?? 'none',
    tookMs: tookOf(ended?.phases[layer]),
  }))
}

/** Clocks can go back. */
function tookOf(ms: number | undefined): number | undefined {
  return ms !== undefined && ms >= 0 ? ms : undefined
}

const layerWords: Readonly<Record<LayerMark['kind'], string>> = {
  applied: 'rolled-back',
  proposed: 'proposed',
  failed: 'failed',
}

/** What is not here, `proposed` and `not-tried`, is pending. */
const layerStandings: Readonly<Record<string, Standing>> = {
  'rolled-back': 'succeeded',
  'already-rolled-back': 'succeeded',
  // the bad one is halted, with nothing in its place
  stopped: 'succeeded',
  failed: 'failed',
  undone: 'failed',
  partial: 'failed',
}
