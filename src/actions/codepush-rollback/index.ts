import { startAction } from '../../runner/action.ts'
import { codepushRollback } from './contract.ts'

await startAction(codepushRollback, () => import('./action.ts'))
