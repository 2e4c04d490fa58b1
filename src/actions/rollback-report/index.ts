import { startAction } from '../../runner/action.ts'
import { rollbackReport } from './contract.ts'

await startAction(rollbackReport, () => import('./action.ts'))
