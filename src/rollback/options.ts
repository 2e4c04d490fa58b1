import type { Subject } from '../deployment/subject.ts'
import type { Event, LayerName } from '../history/event.ts'
import type { Lock } from '../history/lock.ts'
import type { CodeRepository } from '../layers/code/repository.ts'
import type { Layer } from '../layers/layer.ts'
import type { FailureRule } from '../settings/rollback-choices.ts'
import type { GuardLimits } from './guard.ts'
import type { Plan } from './plan.ts'
import type { Obstacle } from './preflight.ts'
import type { LayerCircumstances } from './prepare.ts'
import type { Production } from './production.ts'
import type { Record } from './record.ts'
import type { Deployer, FindRestored } from './redeployment.ts'
import type { Choice } from './strategy.ts'

/** The subject of a rollback, and where it is recorded. */
export interface RollbackContext extends Subject {
  readonly repository: CodeRepository
  /** the branch that the environment is deployed from */
  readonly branch: string
  /** Whether a person asked for it: an account that may write to the repository now, and is no app. */
  readonly isManual: () => Promise<boolean>
  /** The events so far, oldest first. */
  readonly readHistory: () => Promise<readonly Event[]>
  /** Opens the lock of the environment: one rollback at a time. */
  readonly openLock: () => Promise<Lock>
  readonly record: Record
}

/** dry-run: as plan, and nothing is recorded or saved either. */
const modes = ['auto', 'plan', 'dry-run', 'apply'] as const

/** The request. */
export interface RollbackRequest {
  readonly mode: (typeof modes)[number]
  readonly choice: Choice
  /** what is rolled back where the deployment changed nothing in these; undefined for nothing */
  readonly otherwise?: Choice | undefined
  /** a target or layers were asked for: a rollback that left something to do is not gone on with when a person does so */
  readonly isAskedFor: boolean
  readonly onFailure: FailureRule
  /** the one layer has several targets, such as channels, and each may be rolled back by a run of its own, which goes on with no other's */
  readonly isPerTarget?: boolean
  /** it is a rehearsal, and is undone at the end */
  readonly rehearsal?: boolean
  /** why, in a sentence without secrets: it goes into a commit, which nobody can take back */
  readonly reason: string
  /** why the workflow holds automatic rollbacks; '' if it does not */
  readonly hold: string
  /** with mode apply: path of the saved plan, and the environment whose reviewers approve it */
  readonly plan?: string
  readonly approval?: string
}

/** How it is applied. */
export interface RollbackMeans {
  /** Opens the layers, in the order in which they are rolled back; what is wrong with one is said when it is planned. */
  readonly openLayers: (circumstances: LayerCircumstances) => readonly Layer[]
  /** the layers of a run that has no others; absent for one that has all that are configured */
  readonly only?: readonly LayerName[]
  readonly production: Production
  /** external: something outside of this run deploys, and verifies; undefined where nobody has said what does */
  readonly deployer: Deployer | 'external' | undefined
  /** how it shows that a restored revision is deployed where nobody has said what deploys; absent where nothing can be asked */
  readonly findRestored?: FindRestored
  /** the setting that names the workflow that deploys, where it is not that of the file */
  readonly deployerSetting?: string
  /** the user asked for a pull request (`delivery: pull-request`): one that waits to be merged is what the run was to end with */
  readonly isProposalWanted: boolean
  /** the limits of automatic runs */
  readonly limits: GuardLimits
  /** how long a saved plan may be applied, ms */
  readonly planValidMs: number
  /** how long a recovery may take, ms; undefined if not set */
  readonly objectiveMs: number | undefined
  /**
   * Finds what would end the run half-way, before the first write.
   * @param plan undefined where a rollback is taken back
   * @returns undefined for nothing
   */
  readonly findObstacle?: (plan?: Plan) => Promise<Obstacle | undefined>
  readonly now: () => Date
  readonly log: (line: string) => void
  /** id of the workflow run; undefined outside of one */
  readonly run: string | undefined
  /** the same for a step each time it is run again, another one for every other step */
  readonly stepKey: string
}

/** Everything that a run of a rollback uses; it accesses nothing else. */
export interface RollbackOptions extends RollbackContext, RollbackRequest, RollbackMeans {}
