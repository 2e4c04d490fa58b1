import type { UndoableRollback } from '../layer.ts'
import type { StateSeal } from './kept-state.ts'
import type { Flag, FlagService } from './service.ts'
import type { FlagSnapshot } from './snapshot.ts'

export interface FlagsLayerOptions {
  readonly open: () => Promise<FlagService>
  /** flags to switch off; empty to restore */
  readonly disable: readonly string[]
  /** flags to restore; empty for all of the snapshot */
  readonly only: readonly string[]
  /** what is restored; not asked for where flags are switched off */
  readonly findSnapshot: () => Promise<FlagSnapshot>
  /** Keeps the flags that are about to be changed. @returns the name of the backup; undefined where there is no storage */
  readonly keep: (flags: readonly Flag[]) => Promise<string | undefined>
  /** The states of flags in a backup. @throws InputError when there is no such backup */
  readonly readBackup: (name: string) => Promise<ReadonlyMap<string, string>>
  /** what the history makes of a text */
  readonly redact: (text: string) => string
  readonly seal: StateSeal
  /** what the history says of an earlier run of this rollback; undefined for nothing */
  readonly earlier: UndoableRollback | undefined
  readonly sleep: (ms: number) => Promise<void>
  readonly log: (line: string) => void
}
