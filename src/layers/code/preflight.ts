import { InputError, message, RefusedError, setting } from '../../errors.ts'
import type { RepositoryFacts } from '../../github/repository.ts'
import { findDispatchedRun } from '../../github/workflows.ts'
import { type CodeRepository, demandGitHub } from './repository.ts'

/**
 * What would end a rollback half-way is said before the first write.
 * @param redeploy file of the workflow that is to be started; '' for none
 * @throws RefusedError for an archived repository, InputError for a workflow that is not there or may not be seen
 */
export async function demandReady(
  repository: CodeRepository,
  { archived }: RepositoryFacts,
  { redeploy, head }: { redeploy: string; head: string },
): Promise<void> {
  const { owner, repo } = repository
  if (archived)
    throw new RefusedError(
      `${owner}/${repo} is archived, so that nothing in it can be changed: nothing was done; unarchive it in its settings first`,
    )
  if (redeploy === '') return
  const asked = {
    asks: message`${setting('code.redeploy.workflow')} is ${redeploy}`,
    instead: 'deploy the output "commit" in a step that follows',
  }
  const github = demandGitHub(repository, asked)
  try {
    await findDispatchedRun(github, { workflow: redeploy, commit: head })
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    throw new InputError(
      message`${setting('code.redeploy.workflow')} is ${redeploy}, which could not be started after the rollback, so nothing was done: ${error}. Name a file of .github/workflows with a workflow_dispatch trigger, and give the job \`permissions: actions: write\``,
      { cause: error },
    )
  }
}
