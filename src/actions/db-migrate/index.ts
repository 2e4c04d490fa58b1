import { startAction } from '../../runner/action.ts'
import { dbMigrate } from './contract.ts'

await startAction(dbMigrate, () => import('./action.ts'))
