import type { ActionContract } from '../runner/contract.ts'
import { codepushRollback } from './codepush-rollback/contract.ts'
import { configRollback } from './config-rollback/contract.ts'
import { dbBackup } from './db-backup/contract.ts'
import { dbMigrate } from './db-migrate/contract.ts'
import { dbRestore } from './db-restore/contract.ts'
import { gitRollback } from './git-rollback/contract.ts'
import { healthGate } from './health-gate/contract.ts'
import { incident } from './incident/contract.ts'
import { issueops } from './issueops/contract.ts'
import { postmortemIssue } from './postmortem-issue/contract.ts'
import { rollback } from './rollback/contract.ts'
import { rollbackReport } from './rollback-report/contract.ts'

/**
 * Every JavaScript action: its entry point is `src/actions/<name>/action.ts`, its manifest and README are in `actions/<name>/`,
 * `dist/<name>/index.js` starts it. The build, the generated documents and the tests go by this list.
 */
export const actions: readonly ActionContract[] = [
  rollback,
  dbBackup,
  healthGate,
  dbMigrate,
  dbRestore,
  gitRollback,
  codepushRollback,
  configRollback,
  postmortemIssue,
  incident,
  rollbackReport,
  issueops,
]
