import { startAction } from '../../runner/action.ts'
import { dbRestore } from './contract.ts'

await startAction(dbRestore, () => import('./action.ts'))
