import { startAction } from '../../runner/action.ts'
import { healthGate } from './contract.ts'

await startAction(healthGate, () => import('./action.ts'))
