import type { Repository } from '../github/client.ts'
import { readFile } from '../github/contents.ts'
import { readWorkflowState } from '../github/workflow-state.ts'

/** A workflow that is to be started once a rollback is done. */
export interface WantedDispatch {
  /** the name of its file under .github/workflows */
  readonly workflow: string
  readonly inputs: Readonly<Record<string, string>>
  /** the branch or revision that has its file as it will be then */
  readonly ref: string
}

/**
 * Why a workflow could not be started: it does not exist, is disabled, or does not take a dispatch with these inputs. Reads only.
 * @returns one clause; undefined when it could be
 * @throws RefusedError when the token may not read workflows
 */
export async function whyNotDispatchable(
  repository: Repository,
  { workflow, inputs, ref }: WantedDispatch,
): Promise<string | undefined> {
  const own = workflow.split('/').at(-1)
  if (own !== workflow) return `a workflow is named by its file, without the folder: write ${own}`
  const [state, file] = await Promise.all([
    readWorkflowState(repository, workflow),
    readFile(repository, { path: `.github/workflows/${workflow}`, ref }),
  ])
  const name = /^[0-9a-f]{40,64}$/.test(ref) ? ref.slice(0, 7) : ref
  if (state === undefined) return `there is no workflow ${workflow} on the default branch`
  if (state !== 'active')
    return `it is ${state.replaceAll('_', ' ')}; enable it: gh workflow enable ${workflow}`
  if (file === undefined) return `${name} has no .github/workflows/${workflow}`
  // its YAML parser is loaded where there is YAML to read
  const { dispatchProblems } = await import('./dispatch-trigger.ts')
  const problems = dispatchProblems(file.text, inputs)
  return problems.length === 0 ? undefined : `at ${name} ${problems.join('; ')}`
}
