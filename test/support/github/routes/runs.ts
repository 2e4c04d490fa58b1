import { type Call, pageOf, type Routes } from '../call.ts'
import type { HostedRepository, WorkflowRun } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { isoTime, minimalRepository, type Schema, simpleUser } from '../represent.ts'
import { environmentsToReview, letPendingGoOn, membersOf } from '../runs.ts'

/** https://docs.github.com/en/rest/actions/workflow-runs and https://docs.github.com/en/rest/actions/concurrency-groups */
export const runs: Routes = {
  'actions/get-workflow-run': {
    permission: 'actions:read',
    handle: (call) => ({ status: 200, body: describeRun(call.repository, find(call)) }),
  },

  'actions/get-reviews-for-run': {
    permission: 'actions:read',
    handle({ repository, params }) {
      const own = repository.approvals.filter(({ run }) => run === params['run_id'])
      const body = own.map(({ state, login, environments }) => ({
        state,
        comment: '',
        environments: environments.map((name) => {
          const at = isoTime(repository.createdAt)
          return { ...describeEnvironment(repository, name), created_at: at, updated_at: at }
        }),
        user: simpleUser(repository, login),
      }))
      return { status: 200, body }
    },
  },

  'actions/get-pending-deployments-for-run': {
    permission: 'actions:read',
    handle(call) {
      const { repository } = call
      const run = find(call)
      const names = run.status === 'waiting' ? environmentsToReview(repository, run) : []
      const body = names.map((name) => ({
        environment: describeEnvironment(repository, name),
        wait_timer: 0,
        wait_timer_started_at: null,
        current_user_can_approve: false,
        reviewers: (repository.environments.get(name)?.reviewers ?? []).map((each) =>
          describeReviewer(repository, each),
        ),
      }))
      return { status: 200, body }
    },
  },

  'actions/list-jobs-for-workflow-run': {
    permission: 'actions:read',
    handle(call) {
      const { repository, query } = call
      const run = find(call)
      const { body, headers } = pageOf(run.jobs, query)
      const { status } = run
      const jobs = body.map(({ name, labels }, index) => ({
        id: run.id * 100 + index,
        run_id: run.id,
        run_url: `${repository.apiUrl}/actions/runs/${run.id}`,
        run_attempt: run.attempt,
        node_id: `J_${run.id}_${index}`,
        head_sha: run.sha,
        url: `${repository.apiUrl}/actions/jobs/${run.id * 100 + index}`,
        html_url: `${repository.htmlUrl}/actions/runs/${run.id}/job/${run.id * 100 + index}`,
        status,
        conclusion: status === 'completed' && run.conclusion === 'success' ? ('success' as const) : null,
        created_at: isoTime(run.createdAt),
        started_at: isoTime(run.createdAt),
        completed_at: null,
        name,
        check_run_url: `${repository.apiUrl}/check-runs/${run.id * 100 + index}`,
        labels: [...labels],
        runner_id: null,
        runner_name: null,
        runner_group_id: null,
        runner_group_name: null,
        workflow_name: run.name,
        head_branch: run.branch,
      }))
      return { status: 200, body: { total_count: run.jobs.length, jobs }, headers }
    },
  },

  'actions/list-concurrency-groups-for-workflow-run': {
    permission: 'actions:read',
    handle(call) {
      const { repository, query } = call
      const run = find(call)
      // GitHub Enterprise Server does not have it
      if (repository.server !== undefined) throw notFound()
      const groups = [...run.groups].sort((a, b) => (a.name < b.name ? -1 : 1))
      return {
        status: 200,
        body: {
          total_count: groups.length,
          // the first page: the next one is asked for by a cursor
          concurrency_groups: groups.slice(0, Number(query.get('per_page') ?? 30)).map(({ name, job }) => {
            const position = membersOf(repository, name).indexOf(run)
            const member = {
              ...describeMember(repository, run, job),
              position,
              position_url: `${groupUrl(repository, name)}?ahead_of_run=${run.id}`,
            }
            return {
              group_name: name,
              group_url: groupUrl(repository, name),
              group_members: position === -1 ? [] : [member],
            }
          }),
        },
      }
    },
  },

  'actions/get-concurrency-group-for-repository': {
    permission: 'actions:read',
    handle({ repository, params, query }) {
      const name = (params['concurrency_group_name'] ?? '').toLowerCase()
      const members = membersOf(repository, name)
      if (members.length === 0 || repository.server !== undefined) throw notFound()
      const behind = query.get('ahead_of_run')
      const last = behind === null ? members.length - 1 : members.findIndex(({ id }) => String(id) === behind)
      if (last === -1) throw new Refusal(422, 'The run is not in this concurrency group')
      const shown = members.slice(0, last + 1)
      return {
        status: 200,
        body: {
          group_name: name,
          group_url: groupUrl(repository, name),
          total_count: shown.length,
          group_members: shown.map((run) =>
            describeMember(repository, run, run.groups.find((group) => group.name === name)?.job),
          ),
        },
      }
    },
  },
}

function find({ repository, params }: Pick<Call<'actions/get-workflow-run'>, 'repository' | 'params'>) {
  letPendingGoOn(repository)
  const found = repository.runs.find(({ id }) => String(id) === params['run_id'])
  if (found === undefined) throw notFound()
  return found
}

function groupUrl({ apiUrl }: HostedRepository, name: string): string {
  return `${apiUrl}/actions/concurrency_groups/${encodeURIComponent(name)}`
}

function describeMember(repository: HostedRepository, run: WorkflowRun, job: string | undefined) {
  const url = `${repository.apiUrl}/actions/runs/${run.id}`
  return {
    run_id: run.id,
    run_name: run.name,
    run_url: url,
    run_html_url: `${repository.htmlUrl}/actions/runs/${run.id}`,
    ...(job !== undefined && { job_id: run.id * 100, job_name: job }),
    status: run.status === 'pending' ? ('pending' as const) : ('in_progress' as const),
  }
}

function describeEnvironment({ apiUrl, htmlUrl }: HostedRepository, name: string) {
  const url = `${apiUrl}/environments/${encodeURIComponent(name)}`
  return { id: 1, node_id: `EN_${name}`, name, url, html_url: `${htmlUrl}/deployments/activity_log` }
}

/** @param name a login, or `team:` with the name of a team */
function describeReviewer(repository: HostedRepository, name: string) {
  const team = /^team:(.*)$/.exec(name)?.[1]
  if (team === undefined) return { type: 'User' as const, reviewer: simpleUser(repository, name) }
  const url = `${repository.apiUrl}/teams/${team}`
  return {
    type: 'Team' as const,
    reviewer: {
      id: 1,
      node_id: `T_${team}`,
      url,
      members_url: `${url}/members{/member}`,
      name: team,
      description: null,
      permission: 'pull',
      html_url: `${repository.htmlUrl}/teams/${team}`,
      repositories_url: `${url}/repos`,
      slug: team,
      type: 'organization' as const,
      organization_id: 1,
      parent: null,
    },
  }
}

export function describeRun(repository: HostedRepository, run: WorkflowRun): Schema<'workflow-run'> {
  const url = `${repository.apiUrl}/actions/runs/${run.id}`
  return {
    id: run.id,
    node_id: `WFR_${run.id}`,
    name: run.name,
    display_title: run.name,
    path: `.github/workflows/${run.workflow}`,
    run_number: 1,
    run_attempt: run.attempt,
    workflow_id: 1,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    head_sha: run.sha,
    head_branch: run.branch,
    head_commit: null,
    head_repository: minimalRepository(repository),
    repository: minimalRepository(repository),
    actor: simpleUser(repository, run.actor),
    triggering_actor: simpleUser(repository, run.actor),
    pull_requests: [],
    created_at: isoTime(run.createdAt),
    updated_at: isoTime(run.createdAt),
    run_started_at: isoTime(run.createdAt),
    url,
    html_url: `${repository.htmlUrl}/actions/runs/${run.id}`,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repository.apiUrl}/check-suites/${run.id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: `${repository.apiUrl}/actions/workflows/1`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
  }
}
