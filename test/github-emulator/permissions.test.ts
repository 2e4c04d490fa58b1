/** What each route asks of a token: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { noLimits } from '../support/github/limits.ts'
import type { OperationId } from '../support/github/operations.ts'
import type { TokenOptions } from '../support/github/tokens.ts'
import { allPermissions, type Example, openExample, shop } from './example.ts'

const sha = 'a'.repeat(40)
const file = { message: 'x', content: '', sha }

/** A request to each route, as short as GitHub takes it, and the permission that GitHub documents for it. */
const requests: Readonly<Record<OperationId, readonly [string, string, unknown?]>> = {
  'actions/list-repo-variables': ['actions_variables=read', 'GET /actions/variables'],
  'actions/get-repo-variable': ['actions_variables=read', 'GET /actions/variables/X'],
  'actions/create-repo-variable': [
    'actions_variables=write',
    'POST /actions/variables',
    { name: 'X', value: '' },
  ],
  'actions/update-repo-variable': ['actions_variables=write', 'PATCH /actions/variables/X', { value: '' }],
  'actions/delete-repo-variable': ['actions_variables=write', 'DELETE /actions/variables/X'],
  'actions/list-environment-variables': ['environments=read', 'GET /environments/x/variables'],
  'actions/create-environment-variable': [
    'environments=write',
    'POST /environments/x/variables',
    { name: 'X', value: '' },
  ],
  'actions/update-environment-variable': [
    'environments=write',
    'PATCH /environments/x/variables/X',
    { value: '' },
  ],
  'actions/delete-environment-variable': ['environments=write', 'DELETE /environments/x/variables/X'],
  'actions/list-org-variables': [
    'organization_actions_variables=read',
    'GET /orgs/octo-org/actions/variables',
  ],
  'actions/list-repo-organization-variables': [
    'actions_variables=read',
    'GET /actions/organization-variables',
  ],
  'actions/update-org-variable': [
    'organization_actions_variables=write',
    'PATCH /orgs/octo-org/actions/variables/X',
    { value: '' },
  ],
  'actions/list-repo-secrets': ['secrets=read', 'GET /actions/secrets'],
  'actions/list-environment-secrets': ['environments=read', 'GET /environments/x/secrets'],
  'actions/create-workflow-dispatch': [
    'actions=write',
    'POST /actions/workflows/x.yml/dispatches',
    { ref: 'main' },
  ],
  'git/create-blob': ['contents=write', 'POST /git/blobs', { content: '' }],
  'git/create-commit': ['contents=write', 'POST /git/commits', { message: 'x', tree: sha }],
  'git/create-ref': ['contents=write', 'POST /git/refs', { ref: 'refs/heads/x', sha }],
  'git/create-tag': [
    'contents=write',
    'POST /git/tags',
    { tag: 'x', message: 'x', object: sha, type: 'commit' },
  ],
  'git/create-tree': ['contents=write', 'POST /git/trees', { tree: [] }],
  'git/delete-ref': ['contents=write', 'DELETE /git/refs/heads/x'],
  'git/get-blob': ['contents=read', `GET /git/blobs/${sha}`],
  'git/get-commit': ['contents=read', `GET /git/commits/${sha}`],
  'git/get-ref': ['contents=read', 'GET /git/ref/heads/main'],
  'git/get-tag': ['contents=read', `GET /git/tags/${sha}`],
  'git/get-tree': ['contents=read', 'GET /git/trees/main'],
  'git/list-matching-refs': ['contents=read', 'GET /git/matching-refs/heads/'],
  'git/update-ref': ['contents=write', 'PATCH /git/refs/heads/main', { sha }],
  'issues/add-labels': ['issues=write', 'POST /issues/1/labels', { labels: ['x'] }],
  'issues/add-sub-issue': ['issues=write', 'POST /issues/1/sub_issues', { sub_issue_id: 1 }],
  'issues/list-sub-issues': ['issues=read', 'GET /issues/1/sub_issues'],
  'issues/create': ['issues=write', 'POST /issues', { title: 'x' }],
  'issues/create-comment': ['issues=write', 'POST /issues/1/comments', { body: 'x' }],
  'issues/create-label': ['issues=write', 'POST /labels', { name: 'x' }],
  'issues/get': ['issues=read', 'GET /issues/1'],
  'issues/get-label': ['issues=read', 'GET /labels/x'],
  'issues/list-comments': ['issues=read', 'GET /issues/1/comments'],
  'issues/list-for-repo': ['issues=read', 'GET /issues'],
  'issues/list-labels-for-repo': ['issues=read', 'GET /labels'],
  'issues/update': ['issues=write', 'PATCH /issues/1', { title: 'x' }],
  'issues/update-comment': ['issues=write', 'PATCH /issues/comments/1', { body: 'x' }],
  'reactions/create-for-issue-comment': [
    'issues=write',
    'POST /issues/comments/1/reactions',
    { content: 'eyes' },
  ],
  'repos/compare-commits': ['contents=read', 'GET /compare/main...x'],
  'repos/create-commit-status': ['statuses=write', `POST /statuses/${sha}`, { state: 'success' }],
  'repos/create-deployment': ['deployments=write', 'POST /deployments', { ref: 'main' }],
  'repos/create-deployment-status': [
    'deployments=write',
    'POST /deployments/1/statuses',
    { state: 'success' },
  ],
  'repos/create-or-update-file-contents': ['contents=write', 'PUT /contents/x', file],
  'repos/delete-file': ['contents=write', 'DELETE /contents/x', { message: 'x', sha }],
  'repos/get': ['metadata=read', 'GET '],
  'repos/get-branch': ['contents=read', 'GET /branches/main'],
  'repos/get-branch-rules': ['metadata=read', 'GET /rules/branches/main'],
  'repos/get-combined-status-for-ref': ['statuses=read', 'GET /commits/main/status'],
  'repos/get-commit': ['contents=read', 'GET /commits/main'],
  'repos/get-content': ['contents=read', 'GET /contents/x'],
  'actions/get-reviews-for-run': ['actions=read', 'GET /actions/runs/1/approvals'],
  'actions/get-workflow': ['actions=read', 'GET /actions/workflows/deploy.yml'],
  'actions/get-pending-deployments-for-run': ['actions=read', 'GET /actions/runs/1/pending_deployments'],
  'actions/list-jobs-for-workflow-run': ['actions=read', 'GET /actions/runs/1/jobs'],
  'actions/list-concurrency-groups-for-workflow-run': [
    'actions=read',
    'GET /actions/runs/1/concurrency_groups',
  ],
  'actions/get-concurrency-group-for-repository': ['actions=read', 'GET /actions/concurrency_groups/x'],
  'actions/get-github-actions-default-workflow-permissions-repository': [
    'administration=read',
    'GET /actions/permissions/workflow',
  ],
  'actions/list-workflow-runs': ['actions=read', 'GET /actions/workflows/deploy.yml/runs'],
  'actions/get-workflow-run': ['actions=read', 'GET /actions/runs/1'],
  'checks/list-for-ref': ['checks=read', 'GET /commits/main/check-runs'],
  'issues/list-events': ['issues=read', 'GET /issues/1/events'],
  'pulls/create': ['pull_requests=write', 'POST /pulls', { title: 'x', head: 'x', base: 'main' }],
  'pulls/get': ['pull_requests=read', 'GET /pulls/1'],
  'pulls/list': ['pull_requests=read', 'GET /pulls'],
  'pulls/update': ['pull_requests=write', 'PATCH /pulls/1', { state: 'closed' }],
  'pulls/request-reviewers': [
    'pull_requests=write',
    'POST /pulls/1/requested_reviewers',
    { reviewers: ['x'] },
  ],
  'repos/get-collaborator-permission-level': ['metadata=read', 'GET /collaborators/x/permission'],
  'repos/list-pull-requests-associated-with-commit': ['pull_requests=read', `GET /commits/${sha}/pulls`],
  'repos/get-deployment': ['deployments=read', 'GET /deployments/1'],
  'repos/get-environment': ['actions=read', 'GET /environments/production'],
  'repos/list-branches': ['contents=read', 'GET /branches'],
  'repos/list-commits': ['contents=read', 'GET /commits'],
  'repos/list-deployment-statuses': ['deployments=read', 'GET /deployments/1/statuses'],
  'repos/list-deployments': ['deployments=read', 'GET /deployments'],
}
const limits = noLimits

let example: Example
beforeAll(async () => {
  example = await openExample({ limits })
  await example.commit({ 'README.md': '# Shop\n' })
})
afterAll(() => example.close())

const rows = Object.entries(requests).map(([operation, [permission, request, body]]) => {
  const [method = '', path = ''] = request.split(' ')
  const [scope = '', level = ''] = permission.replace('_requests', '-requests').split('=')
  return {
    operation,
    permission,
    scope,
    level,
    method,
    path: path.startsWith('/orgs/') ? path : `/repos/octo-org/shop${path}`,
    body,
  }
})
const guarded = rows.filter(({ scope }) => scope !== 'metadata')

async function answer({ method, path, body }: (typeof rows)[number], token: Partial<TokenOptions>) {
  const response = await example.ask(method, path, { body, token: example.token(token) })
  const text = await response.text()
  const message: unknown = text === '' ? '' : JSON.parse(text).message
  return {
    said: `${response.status} ${message}`,
    accepted: response.headers.get('x-accepted-github-permissions'),
  }
}

describe('without its permission', () => {
  test.each(guarded)('$operation is not accessible, and says that it needs $permission', async (row) => {
    const others = Object.fromEntries(Object.entries(allPermissions).filter(([scope]) => scope !== row.scope))
    const kinds = { actions: 'integration', app: 'integration', user: 'personal access token' } as const
    for (const kind of ['actions', 'app', 'user'] as const) {
      const { said, accepted } = await answer(row, { kind, permissions: others })
      expect(said).toBe(`403 Resource not accessible by ${kinds[kind]}`)
      expect(accepted).toBe(row.permission)
    }
    expect(example.github.requests.at(-1)).toMatchObject({ operation: row.operation, status: 403 })
  })

  test.each(guarded.filter(({ level }) => level === 'write'))(
    '$operation is not done with the permission to read',
    async (row) => {
      const { said, accepted } = await answer(row, { permissions: { [row.scope]: 'read' } })
      expect(said).toBe('403 Resource not accessible by integration')
      expect(accepted).toBe(row.permission)
    },
  )
})

describe('with its permission and no other', () => {
  test.each(rows)('$operation is done, or refused for another reason', async (row) => {
    const { said, accepted } = await answer(row, {
      permissions: { [row.scope]: row.level as 'read' | 'write' },
    })
    expect(said).not.toMatch(/^40[13]/)
    expect(accepted).toBeNull()
  })
})

describe('a token', () => {
  test('that is missing or unknown is told so', async () => {
    const response = await fetch(`${example.github.apiUrl}/repos/octo-org/shop`)
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { message: 'Requires authentication' },
    ])
    const unknown = await example.ask('GET', '/repos/octo-org/shop', { token: 'ghs_none' })
    expect([unknown.status, await unknown.json()]).toMatchObject([401, { message: 'Bad credentials' }])
  })

  test('may be sent as a bearer’s, as a token, or as git does', async () => {
    const value = example.token()
    const basic = Buffer.from(`x-access-token:${value}`).toString('base64')
    for (const authorization of [`Bearer ${value}`, `token ${value}`, `Basic ${basic}`]) {
      const response = await fetch(`${example.github.apiUrl}/repos/octo-org/shop`, {
        headers: { authorization },
      })
      expect(response.status).toBe(200)
    }
  })
})

describe('an archived repository', () => {
  test('is read and takes no write, by any route', async () => {
    const archived = await openExample({ archived: true, limits })
    await archived.commit({ 'README.md': '# Shop\n' })
    expect((await archived.octokit.rest.repos.get(shop)).data.archived).toBe(true)
    expect((await archived.octokit.rest.git.getRef({ ...shop, ref: 'heads/main' })).status).toBe(200)
    const writes = rows.filter(({ level, path }) => level === 'write' && path.startsWith('/repos/'))
    expect(writes.length).toBeGreaterThan(15)
    for (const { method, path, body } of writes) {
      const response = await archived.ask(method, path, { body })
      expect([response.status, await response.json()]).toMatchObject([
        403,
        { message: 'Repository was archived so is read-only.' },
      ])
    }
    await archived.close()
  })
})
