import type { Repository } from '../github/client.ts'
import { readFile } from '../github/contents.ts'
import { readWorkflowState } from '../github/workflow-state.ts'

/** A workflow that a rollback starts at its end. */
export interface WantedDispatch {
  /** the name of its file under .github/workflows */
  readonly workflow: string
  readonly inputs: Readonly<Record<string, string>>
  /** the branch or revision that has its file as it will be then */
  readonly ref: string
}

/** Why a workflow could not be started. */
export interface NotDispatchable {
  /** one clause: the finding */
  readonly says: string
  /** what to do, one sentence without its full stop */
  readonly cure: string
}

/** Asks what `whyNotDispatchable` will ask. @returns called with the revision, once that is known */
export function foreseeDispatch(repository: Repository, workflow: string): (ref: string) => void {
  const asked = { workflow, toStart: true }
  readWorkflowState.note(repository, asked, readWorkflowState(repository, asked))
  // whoever needs it gets the error
  return (ref) => void readFile(repository, { path: pathOf(workflow), ref }).catch(() => {})
}

function pathOf(workflow: string): string {
  return `.github/workflows/${workflow}`
}

/**
 * Why a workflow could not be started: it does not exist, is disabled, or does not take a dispatch with these inputs. Reads only.
 * @returns undefined when it could be
 * @throws RefusedError when the token may not read workflows
 */
export async function whyNotDispatchable(
  repository: Repository,
  { workflow, inputs, ref }: WantedDispatch,
): Promise<NotDispatchable | undefined> {
  const own = workflow.split('/').at(-1)
  if (own !== workflow)
    return { says: 'a workflow is named by its file, without the folder', cure: `Write ${own}` }
  const [state, file] = await Promise.all([
    readWorkflowState(repository, { workflow, toStart: true }),
    readFile(repository, { path: pathOf(workflow), ref }),
  ])
  const name = /^[0-9a-f]{40,64}$/.test(ref) ? ref.slice(0, 7) : ref
  if (state === undefined)
    return {
      says: `there is no workflow ${workflow} on the default branch`,
      // GitHub also answers 404 if the token may not see it
      cure: 'Name a file of .github/workflows with a `workflow_dispatch` trigger; if the file is there, give the job `permissions: actions: write`',
    }
  if (state !== 'active')
    return {
      says: `${workflow} is ${state.replaceAll('_', ' ')}`,
      cure: `Enable it: gh workflow enable ${workflow}`,
    }
  if (file === undefined)
    return {
      says: `${name} has no .github/workflows/${workflow}`,
      cure: `Add the workflow to ${name}, or name one that it has`,
    }
  // its YAML parser is loaded where there is YAML to read
  const { dispatchProblems } = await import('./dispatch-trigger.ts')
  const problems = dispatchProblems(file.text, inputs)
  if (problems.length === 0) return undefined
  return {
    says: `${workflow} cannot be started ${name === ref ? 'on' : 'at'} ${name}: ${problems.join('; ')}`,
    cure: 'Give the workflow the trigger `workflow_dispatch` with the inputs that are sent, and send the inputs that it requires',
  }
}
