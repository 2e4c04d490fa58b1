import type { UndoableRollback } from '../layer.ts'
import type { Engine } from './engine.ts'
import type { Revision } from './migrations/plan.ts'
import type { Store } from './store/store.ts'

export interface DatabaseLayerOptions {
  readonly engine: Engine
  readonly store: Store
  readonly environment: string
  /** the failed revision, and the one that is gone back to */
  readonly bad: Revision
  readonly good: Revision
  /** of the migrations in the repository; undefined where the project has none */
  readonly migrations: string | undefined
  /** `both`: undoes the migrations and, where that is not possible, restores the backup */
  readonly strategy: 'migrations' | 'backup' | 'both'
  /** undoes by the project's own tool; undefined to run the scripts */
  readonly command: ((names: readonly string[]) => Promise<void>) | undefined
  /** goes on although rows, columns or tables that hold data are taken away */
  readonly allowDataLoss: boolean
  /** whether a machine may restore a backup with nobody asked, and whether this is a machine */
  readonly mayRestoreAlone: boolean
  readonly automatic: boolean
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
  readonly signal?: AbortSignal
}
