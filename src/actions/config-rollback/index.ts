import { startAction } from '../../runner/action.ts'
import { configRollback } from './contract.ts'

await startAction(configRollback, () => import('./action.ts'))
