import { z } from 'zod'
import type { Repository } from './client.ts'
import { explained, isRefused } from './refusal.ts'

const groupsOfRun = z.object({
  concurrency_groups: z.array(
    z.object({
      group_name: z.string(),
      group_members: z.array(z.object({ status: z.enum(['in_progress', 'pending']) })),
    }),
  ),
})
const group = z.object({
  group_members: z.array(
    z.object({ run_id: z.number(), run_name: z.string(), run_html_url: z.string().nullable() }),
  ),
})

/** A concurrency group that a run, or a job of it, is in. */
export interface ConcurrencyGroup {
  readonly name: string
  /** holds: no other run of the group goes on. pending: behind one that holds it. left: not any more */
  readonly state: 'holds' | 'pending' | 'left'
}

/** A run that is before another one in a concurrency group. */
export interface RunAhead {
  readonly id: number
  readonly name: string
  readonly url: string
}

/**
 * The concurrency groups of a run: https://docs.github.com/en/rest/actions/concurrency-groups
 * @returns undefined where the server does not return it: GitHub Enterprise Server, or an unknown run
 */
export async function groupsOf(
  { octokit, owner, repo }: Repository,
  run: number,
): Promise<readonly ConcurrencyGroup[] | undefined> {
  const need = { doing: `read the concurrency groups of run ${run}`, permission: 'actions: read' }
  return explained(need, async () => {
    try {
      const path = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/concurrency_groups'
      const { data } = await octokit.request(path, { owner, repo, run_id: run, per_page: 100 })
      return groupsOfRun.parse(data).concurrency_groups.map(({ group_name, group_members }) => {
        const states = group_members.map(({ status }) => status)
        const state = states.includes('in_progress') ? 'holds' : states.length > 0 ? 'pending' : 'left'
        return { name: group_name, state } as const
      })
    } catch (error) {
      if (isRefused(error, 'not-found')) return undefined
      throw error
    }
  })
}

/** The runs that a run waits for in a concurrency group, the one that holds it first; empty when it waits for none. */
export async function runsAhead(
  { octokit, owner, repo }: Repository,
  { name, run }: { name: string; run: number },
): Promise<readonly RunAhead[]> {
  const need = { doing: `read the concurrency group ${name}`, permission: 'actions: read' }
  return explained(need, async () => {
    try {
      const path = 'GET /repos/{owner}/{repo}/actions/concurrency_groups/{concurrency_group_name}'
      const asked = { owner, repo, concurrency_group_name: name, ahead_of_run: run }
      const { data } = await octokit.request(path, asked)
      return group
        .parse(data)
        .group_members.filter(({ run_id }) => run_id !== run)
        .map(({ run_id, run_name, run_html_url }) => ({
          id: run_id,
          name: run_name,
          url: run_html_url ?? '',
        }))
    } catch (error) {
      // nothing is in it any more, or this run is not
      if (isRefused(error, 'not-found') || isRefused(error, 'invalid')) return []
      throw error
    }
  })
}
