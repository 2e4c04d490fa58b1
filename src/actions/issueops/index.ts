import { startAction } from '../../runner/action.ts'
import { issueops } from './contract.ts'

await startAction(issueops, () => import('./action.ts'))
