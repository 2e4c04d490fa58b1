import { startAction } from '../../runner/action.ts'
import { gitRollback } from './contract.ts'

await startAction(gitRollback, () => import('./action.ts'))
