import type { Outputs } from '../../runner/step.ts'
import type { IssueOpsStep, issueops } from './contract.ts'

/** Sets the outputs, and logs what became of the comment. */
export function publish(
  { log, setOutputs }: IssueOpsStep,
  decision: string,
  reasonCode: string,
  command: Outputs<keyof typeof issueops.outputs> = {},
): void {
  setOutputs({ decision, 'reason-code': reasonCode, ...command })
  log.info(`the comment: ${decision} (${reasonCode})`)
}
