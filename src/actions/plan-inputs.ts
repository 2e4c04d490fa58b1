import type { RollbackRequest } from '../rollback/options.ts'
import type { InputRule } from '../runner/input-rules.ts'
import { type InputValues, input } from '../runner/inputs.ts'

/** Inputs of every action whose plan can be saved, reviewed and applied later, and that can be rehearsed. */
export const reviewInputs = {
  approval: input.name({
    description:
      'The environment of this job. If one of its reviewers approved the job after the plan was made, the run counts as manual. Default: the environment that is rolled back.',
  }),
  rehearsal: input.flag({
    description:
      'Rehearse: roll back a healthy environment, verify it, and undo everything. Refused for production and, where the code is rolled back, for the default branch.',
  }),
} as const

/** The same of an action that rolls one layer back. */
export const planInputs = {
  'dry-run': input.flag({ description: 'Print the plan, and change nothing.', default: 'false' }),
  'save-plan': input.flag({
    description: 'Print the plan and save it as the output `plan`, and change nothing.',
    default: 'false',
  }),
  plan: input.text({
    description:
      'Path of a saved plan to apply, from the output `plan` of an earlier run with the same inputs. It is refused if its preconditions no longer hold.',
  }),
  ...reviewInputs,
} as const

export const planRules = [
  { oneOf: ['dry-run', 'save-plan', 'plan', 'rehearsal'] },
  { inputs: ['approval'], onlyWith: { input: 'plan' } },
] as const satisfies readonly InputRule<keyof typeof planInputs>[]

/** What a plan that people approve takes beside the permissions of the action. */
export const planPermissions = {
  'actions: read':
    'with `save-plan` and `plan`, to read who approved the job; without it, no approval counts',
} as const

export const planOutputs = { plan: 'With `save-plan`: path of the saved plan, JSON.' } as const

/** What these inputs ask of a rollback. */
export function planRequest({
  'dry-run': dryRun,
  'save-plan': savePlan,
  plan,
  approval,
  rehearsal,
}: InputValues<typeof planInputs>): Pick<RollbackRequest, 'mode' | 'plan' | 'approval' | 'rehearsal'> {
  const mode = dryRun ? 'dry-run' : savePlan ? 'plan' : plan === '' ? 'auto' : 'apply'
  return { mode, plan, approval, rehearsal }
}
