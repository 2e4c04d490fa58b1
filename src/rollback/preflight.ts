import { whyNotDispatchable } from '../deployment/dispatchable.ts'
import { InputError, message, RefusedError, setting } from '../errors.ts'
import { type CodeRepository, demandGitHub, readFacts } from '../layers/code/repository.ts'
import type { LayerPlanView } from '../layers/layer.ts'
import type { Redeploy } from './redeployment.ts'

/** What is checked before the first write. */
export interface Preflight {
  /** how the restored revision is deployed; undefined where no workflow of this run does */
  readonly redeploy: Redeploy | undefined
  readonly branch: string
  /** the plan of the code; undefined where none goes back, or it is to be found by the branch alone */
  readonly code: Pick<LayerPlanView, 'scope' | 'paths' | 'to'> | undefined
}

/**
 * What would end a rollback half-way is said before the first write: that the repository is archived, and that the workflow that
 * deploys could not be started afterwards.
 * @throws RefusedError for an archived repository, InputError for the workflow
 */
export async function demandReady(
  repository: CodeRepository,
  { redeploy, branch, code }: Preflight,
): Promise<void> {
  const { owner, repo } = repository
  if ((await readFacts(repository)).archived)
    throw new RefusedError(
      `${owner}/${repo} is archived, so that nothing in it can be changed: nothing was done; unarchive it in its settings first`,
    )
  if (redeploy === undefined) return
  const { workflow, inputs } = redeploy
  const github = demandGitHub(repository, {
    asks: message`${setting('code.redeploy.workflow')} is ${workflow}`,
    instead: 'deploy the output "commit" in a step that follows',
  })
  const why = await whyNot(() => whyNotDispatchable(github, { workflow, inputs, ref: refOf(code, branch) }))
  if (why === undefined) return
  throw new InputError(
    message`${setting('code.redeploy.workflow')} is ${workflow}, which could not be started after the rollback, so nothing was done: ${why}. Name a file of .github/workflows with a workflow_dispatch trigger, and give the job \`permissions: actions: write\``,
  )
}

async function whyNot(look: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof RefusedError) return error.message
    throw error
  }
}

/** Where all of it goes back, the workflow is that of the good revision by then; else, but for its own path, that of the branch. */
function refOf(code: Preflight['code'], branch: string): string {
  const isWhole = code?.paths === undefined && /^(?:restore|reset) /.test(code?.scope ?? '')
  return code !== undefined && isWhole ? code.to : branch
}
