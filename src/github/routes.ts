import type { Octokit as Core } from '@octokit/core'
import type { Octokit } from '@octokit/rest'

/**
 * The routes of GitHub's REST API that are used, under the names that `@octokit/rest` has for them. Its own table of all
 * 900 routes would be a sixth of every bundle: a route that is new here is one more line.
 */
const routes = {
  actions: {
    createEnvironmentVariable: 'POST /repos/{owner}/{repo}/environments/{environment_name}/variables',
    createRepoVariable: 'POST /repos/{owner}/{repo}/actions/variables',
    createWorkflowDispatch: 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
    deleteEnvironmentVariable:
      'DELETE /repos/{owner}/{repo}/environments/{environment_name}/variables/{name}',
    deleteRepoVariable: 'DELETE /repos/{owner}/{repo}/actions/variables/{name}',
    getGithubActionsDefaultWorkflowPermissionsRepository:
      'GET /repos/{owner}/{repo}/actions/permissions/workflow',
    getPendingDeploymentsForRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments',
    getReviewsForRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals',
    getWorkflowRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
    getWorkflow: 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}',
    listEnvironmentSecrets: 'GET /repos/{owner}/{repo}/environments/{environment_name}/secrets',
    listEnvironmentVariables: 'GET /repos/{owner}/{repo}/environments/{environment_name}/variables',
    listJobsForWorkflowRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
    listOrgVariables: 'GET /orgs/{org}/actions/variables',
    listRepoOrganizationVariables: 'GET /repos/{owner}/{repo}/actions/organization-variables',
    listRepoSecrets: 'GET /repos/{owner}/{repo}/actions/secrets',
    listRepoVariables: 'GET /repos/{owner}/{repo}/actions/variables',
    listWorkflowRuns: 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs',
    updateEnvironmentVariable: 'PATCH /repos/{owner}/{repo}/environments/{environment_name}/variables/{name}',
    updateOrgVariable: 'PATCH /orgs/{org}/actions/variables/{name}',
    updateRepoVariable: 'PATCH /repos/{owner}/{repo}/actions/variables/{name}',
  },
  checks: {
    listForRef: 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
  },
  git: {
    createBlob: 'POST /repos/{owner}/{repo}/git/blobs',
    createCommit: 'POST /repos/{owner}/{repo}/git/commits',
    createRef: 'POST /repos/{owner}/{repo}/git/refs',
    createTag: 'POST /repos/{owner}/{repo}/git/tags',
    createTree: 'POST /repos/{owner}/{repo}/git/trees',
    deleteRef: 'DELETE /repos/{owner}/{repo}/git/refs/{ref}',
    getCommit: 'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
    getRef: 'GET /repos/{owner}/{repo}/git/ref/{ref}',
    getTag: 'GET /repos/{owner}/{repo}/git/tags/{tag_sha}',
    getTree: 'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
    listMatchingRefs: 'GET /repos/{owner}/{repo}/git/matching-refs/{ref}',
    updateRef: 'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
  },
  issues: {
    addSubIssue: 'POST /repos/{owner}/{repo}/issues/{issue_number}/sub_issues',
    addLabels: 'POST /repos/{owner}/{repo}/issues/{issue_number}/labels',
    create: 'POST /repos/{owner}/{repo}/issues',
    createComment: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
    get: 'GET /repos/{owner}/{repo}/issues/{issue_number}',
    listComments: 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
    listEvents: 'GET /repos/{owner}/{repo}/issues/{issue_number}/events',
    listForRepo: 'GET /repos/{owner}/{repo}/issues',
    listSubIssues: 'GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues',
    listLabelsForRepo: 'GET /repos/{owner}/{repo}/labels',
    update: 'PATCH /repos/{owner}/{repo}/issues/{issue_number}',
    updateComment: 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
  },
  pulls: {
    create: 'POST /repos/{owner}/{repo}/pulls',
    list: 'GET /repos/{owner}/{repo}/pulls',
    requestReviewers: 'POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers',
    update: 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
  },
  reactions: {
    createForIssueComment: 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
  },
  repos: {
    compareCommitsWithBasehead: 'GET /repos/{owner}/{repo}/compare/{basehead}',
    createDeployment: 'POST /repos/{owner}/{repo}/deployments',
    createDeploymentStatus: 'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
    createOrUpdateFileContents: 'PUT /repos/{owner}/{repo}/contents/{path}',
    get: 'GET /repos/{owner}/{repo}',
    getBranch: 'GET /repos/{owner}/{repo}/branches/{branch}',
    getBranchRules: 'GET /repos/{owner}/{repo}/rules/branches/{branch}',
    getCollaboratorPermissionLevel: 'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
    getCombinedStatusForRef: 'GET /repos/{owner}/{repo}/commits/{ref}/status',
    getCommit: 'GET /repos/{owner}/{repo}/commits/{ref}',
    getContent: 'GET /repos/{owner}/{repo}/contents/{path}',
    getEnvironment: 'GET /repos/{owner}/{repo}/environments/{environment_name}',
    listBranches: 'GET /repos/{owner}/{repo}/branches',
    listCommits: 'GET /repos/{owner}/{repo}/commits',
    listDeploymentStatuses: 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
    listDeployments: 'GET /repos/{owner}/{repo}/deployments',
    listPullRequestsAssociatedWithCommit: 'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls',
  },
} as const

type Rest = Octokit['rest']
type Routes = typeof routes

/** The routes as functions, with the parameters and answers of `@octokit/rest`. */
export type Api = {
  readonly [Group in keyof Routes]: Pick<Rest[Group], Extract<keyof Routes[Group], keyof Rest[Group]>>
}

/** Octokit with the routes above under `rest`, as `@octokit/rest` has them all. */
export function restRoutes(octokit: Core): { readonly rest: Api } {
  const groups = Object.entries(routes).map(([group, methods]) => {
    const functions = Object.entries(methods).map(([name, route]) => {
      const [method = 'GET', url = ''] = route.split(' ')
      return [name, octokit.request.defaults({ method, url })] as const
    })
    return [group, Object.fromEntries(functions)] as const
  })
  // each function was made from the route whose name and types it is given
  return { rest: Object.fromEntries(groups) as Api }
}
