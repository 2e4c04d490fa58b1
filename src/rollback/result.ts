import type { Subject } from '../deployment/subject.ts'
import type { Message } from '../errors.ts'
import type { Event } from '../history/event.ts'
import type { LayerReceipt } from '../layers/layer.ts'
import { type RollbackReport, toDeploy } from './carry-out.ts'
import { type Conclusion, conclude, concludeRehearsal } from './conclude.ts'
import type { Recovery } from './ending.ts'
import type { RollbackOptions } from './options.ts'
import { deployedView, standingView } from './plan.ts'
import type { Prepared } from './prepare.ts'
import { inForceOf } from './record.ts'
import type { RehearsalReport } from './rehearse.ts'
import type { SavedPlan } from './saved-plan.ts'

/** The result of a run of a rollback: everything that outputs, summary and log need. */
export interface RollbackResult extends Subject {
  readonly conclusion: Conclusion
  readonly prepared: Prepared
  /** what was done; undefined if nothing was applied */
  readonly report: RollbackReport | undefined
  /** the same of one that was only practised */
  readonly rehearsal: RehearsalReport | undefined
  /** a plan for a later run, with mode plan */
  readonly saved: SavedPlan | undefined
  /** of what was only planned: what would keep it from being applied, in sentences */
  readonly obstacle: Message | undefined
  /** full id of the revision to deploy now: the rollback commit; where the code was never rolled back, the revision that is deployed */
  readonly commit: string
  /** that of the rollback commit */
  readonly tag: string | undefined
  /** the pull request that proposes the rollback of the code */
  readonly pull: LayerReceipt['pull']
  readonly recovery: Recovery['outcome']
  /** how long a recovery may take, ms */
  readonly objectiveMs: number | undefined
}

/** What a run did, less what follows from it. */
interface Deeds {
  readonly prepared: Prepared
  readonly report?: RollbackReport
  readonly rehearsal?: RehearsalReport
  readonly saved?: SavedPlan
  readonly obstacle?: Message | undefined
}

/** Builds the result of a run. @param own the events of the incident before this run */
export function resultOf(
  { environment, revision, incident, objectiveMs }: RollbackOptions,
  own: readonly Event[],
  { prepared, rehearsal, report = rehearsal, saved, obstacle }: Deeds,
): RollbackResult {
  const conclusion =
    rehearsal === undefined ? conclude(prepared, report) : concludeRehearsal(rehearsal, objectiveMs)
  // what was taken back again is not to be deployed
  const inForce = report?.layers.filter(({ outcome }) => outcome !== 'undone') ?? []
  const code = inForce.find(({ layer }) => layer === 'code')?.receipt
  const restored = inForce.flatMap((each) => toDeploy(each)?.now ?? []).at(-1)
  const standing =
    (deployedView(prepared.plan) ?? standingView(prepared.plan))?.deploys?.[0] ??
    // what was restored before stays, where there is nothing more to restore
    (prepared.kind === 'nothing' ? restoredBefore(own) : undefined)
  return {
    environment,
    revision,
    incident,
    objectiveMs,
    conclusion,
    prepared,
    report,
    rehearsal,
    saved,
    obstacle,
    commit: restored ?? code?.now ?? standing ?? revision,
    tag: code === undefined && prepared.kind === 'done' ? tagOf(own) : code?.tag,
    pull: code?.pull,
    recovery: report?.recovery.outcome ?? (prepared.kind === 'done' ? recoveryOf(prepared) : 'unknown'),
  }
}

/** The newest revision to deploy of what earlier runs restored, and nobody took back. */
function restoredBefore(own: readonly Event[]): string | undefined {
  const applied = inForceOf(own).flatMap(({ event }) => (event.kind === 'rollback-applied' ? [event] : []))
  return applied.findLast(({ deploys }) => deploys !== undefined)?.deploys?.[0]
}

/** That of the rollback of the code which an earlier run has done. */
function tagOf(own: readonly Event[]): string | undefined {
  return own.filter((event) => event.kind === 'rollback-applied').findLast(({ layer }) => layer === 'code')
    ?.tag
}

/** That an earlier rollback holds was looked at, and so was production, where there are checks. */
function recoveryOf({ assessment }: Prepared): 'recovered' | 'unknown' {
  return assessment?.verdict === 'healthy' ? 'recovered' : 'unknown'
}
