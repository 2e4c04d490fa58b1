import { RefusedError } from '../../../errors.ts'
import { runTool } from '../tool.ts'

/**
 * Runs the command of the project's own tool, in a checkout of the bad revision and nowhere else: the good one does not have
 * the scripts. The names of what it has to undo are in `ROLLBACK_MIGRATIONS`, one a line, newest first.
 * @throws RefusedError when the checkout is of another revision, or with the tool's own last words
 */
export async function runInCheckout(
  command: string,
  names: readonly string[],
  {
    revision,
    checkout,
    env,
  }: {
    readonly revision: string
    /** path of the checkout */
    readonly checkout: string
    readonly env: NodeJS.ProcessEnv
  },
): Promise<void> {
  const head = await runTool({
    command: 'git',
    debianPackage: 'git',
    args: ['-C', checkout, 'rev-parse', 'HEAD'],
    env,
  }).catch(() => 'nothing')
  if (head.trim() !== revision)
    throw new RefusedError(
      `the command has to run in a checkout of ${revision}, and ${checkout} has ${head.trim()}: use actions/checkout with that ref first`,
    )
  await runTool({
    command: 'bash',
    debianPackage: 'bash',
    args: ['-e', '-o', 'pipefail', '-c', command],
    env: { ...env, ROLLBACK_MIGRATIONS: names.join('\n') },
    cwd: checkout,
  })
}
