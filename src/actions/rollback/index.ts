import { startAction } from '../../runner/action.ts'
import { rollback } from './contract.ts'

await startAction(rollback, () => import('./action.ts'))
