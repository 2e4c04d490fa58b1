import { RefusedError } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { describeRefusal } from '../../rollback/allowed.ts'
import { describeDiagnosis, examine, problemsOf, summarizeDiagnosis } from '../../rollback/doctor/doctor.ts'
import type { Preparation } from '../../rollback/prepare.ts'
import { readProgress } from '../../rollback/record.ts'
import type { Step } from '../../runner/action.ts'
import type { Config } from '../../settings/schema.ts'
import { renderMarkdown } from '../../text/markdown.ts'
import type { rollback } from './contract.ts'

/** `mode: doctor`: proves beforehand that a rollback would work. */
export async function checkReadiness(
  step: Step<typeof rollback.inputs, keyof typeof rollback.outputs>,
  {
    repository,
    config,
    environment,
    branch,
    revision,
    incident,
  }: {
    readonly repository: Repository
    readonly config: Config
    readonly environment: string
    readonly branch: string
    readonly revision: string
    readonly incident: string
  },
  { openLayers, assess, guard }: Preparation,
): Promise<void> {
  const { context, env, log, signal } = step
  // nothing has been rolled back in what is examined
  const layers = openLayers({ target: undefined, choice: 'changed', progress: readProgress([]) })
  const diagnosis = await examine({
    repository,
    config,
    environment,
    branch,
    revision,
    run: context.run?.id,
    ownWorkflow: ownWorkflow(env),
    layers,
    assess: () => assess([]),
    guard: async (plan) => {
      const refusal = await guard(plan, false)
      if (refusal !== undefined) throw new RefusedError(describeRefusal(refusal))
    },
    env,
    fetch,
    signal,
    nameOf: String,
  })
  for (const line of describeDiagnosis(diagnosis)) log.info(line)
  const { decision, findings } = diagnosis
  const reason = findings.find(({ state }) => state === 'wrong' || state === 'unknown')?.check ?? 'checked'
  const ids = { incident, decision, 'reason-code': reason.replaceAll(/[: ]+/g, '-') }
  const report = await step.writeReport('rollback-doctor', diagnosis)
  step.setOutputs({ ...ids, report, result: JSON.stringify({ schema: 1, ...ids }) })
  await step.writeSummary(renderMarkdown(summarizeDiagnosis(diagnosis)))
  if (decision === 'unsure') log.warning(`not everything could be checked: see ${reason}`, 'Doctor')
  if (decision === 'not-ready') step.fail(problemsOf(diagnosis).join('\n'))
}

/** `owner/repo/.github/workflows/deploy.yml@refs/heads/main`, as the runner names the workflow of the run. */
function ownWorkflow({ GITHUB_WORKFLOW_REF: ref = '' }: NodeJS.ProcessEnv): string | undefined {
  return /\/\.github\/workflows\/([^@/]+)@/.exec(ref)?.[1]
}
