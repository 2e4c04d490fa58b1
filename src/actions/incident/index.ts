import { startAction } from '../../runner/action.ts'
import { incident } from './contract.ts'

await startAction(incident, () => import('./action.ts'))
