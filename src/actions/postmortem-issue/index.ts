import { startAction } from '../../runner/action.ts'
import { postmortemIssue } from './contract.ts'

await startAction(postmortemIssue, () => import('./action.ts'))
