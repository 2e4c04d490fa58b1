import { declaredGroups, isInGroup, nameOfWorkflow } from '../../deployment/concurrency.ts'
import type { Facts } from './facts.ts'
import { type Check, type Finding, known, ok, unknown, wrong } from './finding.ts'

/** Whether the restored revision would be deployed. */
export const deploymentChecks: readonly Check[] = [
  {
    name: 'deploy workflow',
    reads: 'its state, its file on the branch, `code.redeploy.inputs`',
    judge: ({ redeploy, branch, config }) => {
      if (redeploy === undefined)
        return config.code.redeploy === 'external'
          ? ok('something outside of the rollback deploys the restored revision, and verifies production')
          : wrong(
              'nothing deploys the restored revision',
              'Set `code.redeploy`: pushes made with GITHUB_TOKEN do not trigger workflows',
            )
      const { workflow, obstacle } = redeploy
      return known(obstacle, workflow, (why) =>
        why === undefined
          ? ok(`${workflow} is active and can be started on ${branch}`)
          : wrong(why.says, why.cure),
      )
    },
  },
  {
    name: 'concurrency',
    reads: 'the concurrency groups of this run and of the deploy workflow',
    judge: judgeConcurrency,
  },
]

function judgeConcurrency({ redeploy, groups, ownWorkflow, branch }: Facts): Finding | undefined {
  if (redeploy === undefined || !redeploy.text.seen || redeploy.text.value === undefined) return undefined
  const { workflow, text } = redeploy
  const declared = declaredGroups(text.value ?? '')
  const cure = 'Set `concurrency` on the job that deploys, not on the workflow, and on no job that rolls back'
  if (declared.length === 0) return ok(`${workflow} is in no concurrency group`)
  if (groups.seen && groups.value !== undefined) {
    const path = `.github/workflows/${workflow}`
    const run = { workflow: nameOfWorkflow(text.value ?? '', path), branch, repository: '' }
    for (const { name, state } of groups.value) {
      const taken = declared.find((each) => isInGroup(each, name, run))
      if (state !== 'holds' || taken === undefined) continue
      return taken.cancelsRunning
        ? wrong(
            `${workflow} has \`cancel-in-progress\` for the group "${name}", which this run holds: it would cancel the rollback`,
            cure,
          )
        : wrong(`${workflow} would wait for the group "${name}", which this run holds`, cure)
    }
    return ok(`this run holds no concurrency group of ${workflow}`)
  }
  const [first] = declared
  const isOwn = ownWorkflow === workflow && declaredGroups(withoutJobs(text.value ?? '')).length > 0
  return isOwn
    ? wrong(`this run is of ${workflow}, whose runs are all in the group "${first?.group}"`, cure)
    : unknown(
        `${workflow} is in the concurrency group "${first?.group}", and this server does not report the groups of this run`,
        'Check that the workflow that rolls back is not in it',
      )
}

/** The part of a workflow that holds for all of its jobs. */
function withoutJobs(text: string): string {
  return text.replace(/^jobs:[\s\S]*$/m, '')
}
