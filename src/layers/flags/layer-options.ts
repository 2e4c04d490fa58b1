import type { UndoableRollback } from '../layer.ts'
import type { StateSeal } from './kept-state.ts'
import type { Flag, FlagService } from './service.ts'
import type { FlagSnapshot } from './snapshot.ts'

/** Where flags are kept before they are changed. */
export interface FlagBackups {
  /** @returns the name of the backup */
  readonly keep: (flags: readonly Flag[]) => Promise<string>
  /** The state of a flag in a backup of what a rollback replaced. @param digest SHA-256 of it @returns undefined where none has it */
  readonly find: (name: string, digest: string) => Promise<string | undefined>
}

export interface FlagsLayerOptions {
  readonly open: () => Promise<FlagService>
  /** flags to switch off; empty to restore */
  readonly disable: readonly string[]
  /** flags to restore; empty for all of the snapshot */
  readonly only: readonly string[]
  /** what is restored; not asked for where flags are switched off */
  readonly findSnapshot: () => Promise<FlagSnapshot>
  /** undefined where the settings name no storage */
  readonly backups: FlagBackups | undefined
  /** what the history makes of a text */
  readonly redact: (text: string) => string
  readonly seal: StateSeal
  /** what the history says of an earlier run of this rollback; undefined for nothing */
  readonly earlier: UndoableRollback | undefined
  /** what was there when the rollback began that this run goes on with; undefined where it goes on with none */
  readonly begun: Pick<UndoableRollback, 'from' | 'kept'> | undefined
  readonly sleep: (ms: number) => Promise<void>
  readonly log: (line: string) => void
}
