import { RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { type LabelledItem, lastLabelling, openItemsWith } from '../github/labels.ts'
import { mayWrite } from '../github/permission.ts'
import type { Event } from './event.ts'

/** Somebody who may write to the repository wants no automatic rollback of the environment. */
export interface Hold {
  readonly environment: string
  /** the login; undefined where the runner does not know it, as for a variable */
  readonly by: string | undefined
  /** undefined where it is not known */
  readonly since: Date | undefined
  /** one line, as people wrote it */
  readonly because: string
  /** where it is seen, and where it can be lifted */
  readonly where: string
}

export interface HoldAnswer {
  readonly hold: Hold | undefined
  /** One sentence each: a hold that does not count and why, or a place that could not be looked at. */
  readonly remarks: readonly string[]
}

export interface HoldQuestion {
  readonly environment: string
  /** what the workflow says, e.g. from an Actions variable, which only people with write access can set; '' for no hold */
  readonly text: string
  /** the history, all of it: a hold does not grow old */
  readonly events: readonly Event[]
}

/** A label for all environments; `rollback-hold:production` is one for that environment alone. */
const holdLabel = 'rollback-hold'

/**
 * Is there a hold on automatic rollbacks of this environment? Looked for in what the workflow says, in the history
 * (`hold-set` and `hold-lifted`: the newest one counts), and in the labels of open issues and pull requests. A label counts only
 * if whoever put it on has write access now. Without the permission to read issues their labels are left out, and a remark
 * says so.
 * @param repository undefined for one that has no labels
 * @throws UnavailableError when GitHub gives no answer: whether there is a hold is then not known
 */
export async function findHold(
  repository: Repository | undefined,
  question: HoldQuestion,
): Promise<HoldAnswer> {
  const said = saidHold(question) ?? recordedHold(question)
  if (said !== undefined || repository === undefined) return { hold: said, remarks: [] }
  try {
    return await labelledHold(repository, question)
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return { hold: undefined, remarks: [`holds by label could not be read: ${error.message}`] }
  }
}

/** One clause: `automatic rollbacks of production are on hold since 2026-11-24 12:00 UTC by ada (issue 12): audit until Friday`. */
export function describeHold({ environment, by, since, because, where }: Hold): string {
  const from = since === undefined ? '' : ` since ${formatMinute(since)}`
  const who = by === undefined ? '' : ` by ${by}`
  return `automatic rollbacks of ${environment} are on hold${from}${who} (${where}): ${because}`
}

function saidHold({ environment, text }: HoldQuestion): Hold | undefined {
  const because = oneLine(text)
  if (because === '') return undefined
  return { environment, by: undefined, since: undefined, because, where: 'the input `hold`' }
}

function recordedHold({ environment, events }: HoldQuestion): Hold | undefined {
  const last = events.findLast(
    (event) =>
      (event.kind === 'hold-set' || event.kind === 'hold-lifted') && event.environment === environment,
  )
  if (last?.kind !== 'hold-set') return undefined
  const { actor: by, at, because } = last
  return { environment, by, since: new Date(at), because: oneLine(because), where: 'the history' }
}

async function labelledHold(repository: Repository, { environment }: HoldQuestion): Promise<HoldAnswer> {
  const found = await Promise.all(
    holdLabelsOf(environment).map(async (label) => {
      const items = await openItemsWith(repository, label)
      return Promise.all(items.map((item) => weigh(repository, item, { label, environment })))
    }),
  )
  const remarks: string[] = []
  for (const each of found.flat()) {
    if (typeof each !== 'string') return { hold: each, remarks }
    remarks.push(each)
  }
  return { hold: undefined, remarks }
}

/** Begins to look for labels that hold an environment, while something else is read that is needed first. */
export function lookForLabels(repository: Repository, environment: string): void {
  for (const label of holdLabelsOf(environment))
    openItemsWith.note(repository, label, openItemsWith(repository, label))
}

/** The labels that hold an environment. */
export function holdLabelsOf(environment: string): readonly string[] {
  return [holdLabel, `${holdLabel}:${environment}`]
}

/** @returns why the label does not count, where whoever put it on may not write */
async function weigh(
  repository: Repository,
  item: LabelledItem,
  { label, environment }: { readonly label: string; readonly environment: string },
): Promise<Hold | string> {
  const set = await lastLabelling(repository, { number: item.number, label })
  const by = set?.by
  if (set === undefined || by === undefined || !(await mayWrite(repository, by)))
    return ignored(item, label, by)
  const where = `label ${label} on #${item.number}`
  return { environment, by, since: set.at, because: oneLine(item.title), where }
}

function ignored({ number }: LabelledItem, label: string, by: string | undefined): string {
  const who = by === undefined ? 'an unknown account' : by
  return `the label ${label} on #${number} is ignored: ${who} added it, and has no write access`
}

function formatMinute(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** It goes into logs and issues. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}
