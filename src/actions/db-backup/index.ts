import { startAction } from '../../runner/action.ts'
import { dbBackup } from './contract.ts'

await startAction(dbBackup, () => import('./action.ts'))
