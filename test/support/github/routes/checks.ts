import { pageOf, type Routes } from '../call.ts'
import { notFound } from '../refusal.ts'
import { isoTime } from '../represent.ts'

/** https://docs.github.com/en/rest/checks */
export const checks: Routes = {
  'checks/list-for-ref': {
    permission: 'checks:read',
    async handle({ repository, params, query }) {
      const sha = await repository.git.resolve(params['ref'] ?? '')
      if (sha === undefined) throw notFound()
      const name = query.get('check_name')
      const ofCommit = repository.checkRuns.filter(
        (each) => each.sha === sha && (name === null || each.name === name),
      )
      // `latest`, the default, is the newest run of each name
      const newest = [...new Map(ofCommit.map((each) => [each.name, each])).values()]
      const found = query.get('filter') === 'all' ? ofCommit : newest
      const { body: page, headers } = pageOf(found, query)
      return {
        status: 200,
        headers,
        body: {
          total_count: found.length,
          check_runs: page.map((each) => ({
            id: each.id,
            node_id: `CR_${each.id}`,
            head_sha: sha,
            external_id: '',
            name: each.name,
            url: `${repository.apiUrl}/check-runs/${each.id}`,
            html_url: `${repository.htmlUrl}/runs/${each.id}`,
            details_url: null,
            status: each.conclusion === null ? 'in_progress' : 'completed',
            conclusion: each.conclusion,
            started_at: isoTime(repository.createdAt),
            completed_at: each.conclusion === null ? null : isoTime(repository.createdAt),
            output: {
              title: null,
              summary: null,
              text: null,
              annotations_count: 0,
              annotations_url: `${repository.apiUrl}/check-runs/${each.id}/annotations`,
            },
            check_suite: null,
            app: null,
            pull_requests: [],
          })),
        },
      }
    },
  },
}
