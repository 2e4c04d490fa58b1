import { keptText, type UndoableRollback } from '../layer.ts'

/** The commit that has to be deployed for the configuration to take effect; undefined when there is none. */
export function commitOfConfig(done: Pick<UndoableRollback, 'kept'>): string | undefined {
  return keptText(done, 'files/commit')
}
