import type { UndoableRollback } from '../layer.ts'
import type { Engine } from './engine.ts'
import type { DeploymentUndoReport } from './migrations/deployment.ts'
import type { Revision, Selection } from './migrations/plan.ts'
import type { RestoreReport } from './restore.ts'
import type { Store } from './store/store.ts'

export interface DatabaseLayerOptions {
  readonly engine: Engine
  readonly store: Store
  readonly environment: string
  /** the failed revision */
  readonly bad: Revision
  /** how migrations are undone; undefined where the project has none */
  readonly migrations: MigrationOptions | undefined
  /** `both`: undoes the migrations and, where that is not possible, restores the backup */
  readonly strategy: 'migrations' | 'backup' | 'both'
  /** which backup is restored, and how; absent for the newest from before the deployment, compared in full */
  readonly backup?: BackupOptions
  /** goes on although rows, columns or tables that hold data are taken away */
  readonly allowDataLoss: boolean
  /** whether a machine may restore a backup with nobody asked, and whether this is a machine */
  readonly mayRestoreAlone: boolean
  readonly automatic: boolean
  /** a step of its own asks for it: its inputs are the approval, and a loss that they do not allow is refused, whoever asks */
  readonly isExplicit?: boolean
  /** The plan restores the backup beside the live database and compares the two: its losses are exact, and nothing is changed. */
  readonly triesBeside?: boolean
  /** how long a database that was replaced is kept, ms */
  readonly keepOldMs: number
  /** age keys: what safety copies are encrypted to, and what opens encrypted backups */
  readonly recipient: string | undefined
  readonly identity: string | undefined
  /** what the history says this layer's rollback of the same incident did, unless it was taken back; undefined for nothing */
  readonly earlier: UndoableRollback | undefined
  /** a folder for temporary files */
  readonly scratch: string
  readonly now: () => Date
  readonly log: (line: string) => void
  /** Gets what was found to be done, was tried beside, or was done, for people who roll back nothing else. */
  readonly observe?: (report: DatabaseReport) => void
  readonly signal?: AbortSignal
}

/** Which migrations are undone, and by what. */
export interface MigrationOptions {
  /** in the repository */
  readonly folder: string
  readonly selection: Selection
  /** what a step asked for, where that says more than to what it came; absent where it does not */
  readonly asked?: string | undefined
  /** undoes by the project's own tool; undefined to run the scripts */
  readonly command: ((names: readonly string[]) => Promise<void>) | undefined
  /** goes on although some were changed, are missing, or were applied out of order */
  readonly allowIrregular?: boolean
}

export interface BackupOptions {
  /** a name, `latest` or `before-deployment` */
  readonly wanted: string
  /** a backup of another database is restored where `wanted` names it */
  readonly allowOtherSource: boolean
  /** `full` compares the restored copy row by row, `checksums` only the stored files */
  readonly verify: 'full' | 'checksums'
  /** a folder that gets the rows written since the backup; undefined for none */
  readonly exportTo: string | undefined
}

export type DatabaseReport = RestoreReport | DeploymentUndoReport
