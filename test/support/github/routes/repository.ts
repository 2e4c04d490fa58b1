import { pageOf, type Routes } from '../call.ts'
import { Refusal } from '../refusal.ts'
import { commit, fullRepository, isoTime, type Schema, simpleUser } from '../represent.ts'
import { rulesOf } from '../rules.ts'
import type { Rule } from '../ruleset.ts'

/** https://docs.github.com/en/rest/repos/repos and https://docs.github.com/en/rest/repos/rules */
export const repository: Routes = {
  'repos/get': {
    permission: 'metadata:read',
    handle: ({ repository: hosted }) => ({ status: 200, body: fullRepository(hosted) }),
  },

  'repos/get-branch': {
    permission: 'contents:read',
    async handle({ repository: hosted, params }) {
      const name = params['branch'] ?? ''
      const ref = await hosted.git.readRef(`refs/heads/${name}`)
      if (ref === undefined) throw new Refusal(404, 'Branch not found')
      const url = `${hosted.apiUrl}/branches/${encodeURIComponent(name)}`
      const isProtected = hosted.protections.has(name)
      return {
        status: 200,
        body: {
          name,
          commit: commit(hosted, await hosted.git.readCommit(ref.sha)),
          _links: { self: url, html: `${hosted.htmlUrl}/tree/${encodeURIComponent(name)}` },
          protected: isProtected,
          protection: { enabled: isProtected },
          protection_url: `${url}/protection`,
        },
      }
    },
  },

  'repos/list-branches': {
    permission: 'contents:read',
    async handle({ repository: hosted, query }) {
      const branches = (await hosted.git.listRefs('refs/heads/')).map(({ name, sha }) => ({
        name: name.slice('refs/heads/'.length),
        commit: { sha, url: `${hosted.apiUrl}/commits/${sha}` },
        protected: hosted.protections.has(name.slice('refs/heads/'.length)),
      }))
      const { body, headers } = pageOf(branches, query)
      return { status: 200, body, headers }
    },
  },

  'repos/get-environment': {
    permission: 'actions:read',
    handle({ repository: hosted, params }) {
      const name = decodeURIComponent(params['environment_name'] ?? '')
      const environment = hosted.environments.get(name)
      if (environment === undefined) throw new Refusal(404, 'Not Found')
      const { refs } = environment
      const url = `${hosted.apiUrl}/environments/${encodeURIComponent(name)}`
      return {
        status: 200,
        body: {
          id: hosted.id,
          node_id: `EN_${name}`,
          name,
          url,
          html_url: `${hosted.htmlUrl}/deployments/activity_log?environments_filter=${encodeURIComponent(name)}`,
          created_at: isoTime(hosted.createdAt),
          updated_at: isoTime(hosted.createdAt),
          protection_rules: refs === undefined ? [] : [{ id: 1, node_id: 'GA_1', type: 'branch_policy' }],
          deployment_branch_policy:
            refs === undefined
              ? null
              : {
                  protected_branches: refs === 'protected branches',
                  custom_branch_policies: refs === 'named refs',
                },
        },
      }
    },
  },

  'repos/get-collaborator-permission-level': {
    permission: 'metadata:read',
    handle({ repository: hosted, params }) {
      const login = params['username'] ?? ''
      // bots and Copilot are nobody: https://github.com/anthropics/claude-code-action/issues/1018
      if (login.endsWith('[bot]') || login === 'Copilot') throw new Refusal(404, `${login} is not a user`)
      const role = hosted.roles.get(login) ?? 'read'
      const allowed = {
        pull: role !== 'none',
        triage: false,
        push: role === 'admin' || role === 'write',
        maintain: false,
        admin: role === 'admin',
      }
      return {
        status: 200,
        body: {
          permission: role,
          role_name: role,
          user: { ...simpleUser(hosted, login), permissions: allowed, role_name: role },
        },
      }
    },
  },

  // an administrator's to read: no workflow's own token may
  'actions/get-github-actions-default-workflow-permissions-repository': {
    permission: 'administration:read',
    handle: ({ repository: hosted }) => ({
      status: 200,
      body: {
        default_workflow_permissions: 'read',
        can_approve_pull_request_reviews: hosted.actionsMayOpenPulls,
      },
    }),
  },

  'repos/get-branch-rules': {
    permission: 'metadata:read',
    handle({ repository: hosted, params, query }) {
      const found = rulesOf(hosted, `refs/heads/${params['branch']}`)
      const { body, headers } = pageOf(found, query)
      const source = `${hosted.owner}/${hosted.name}`
      return {
        status: 200,
        headers,
        body: body.map(({ rule, ruleset }) => ({
          ...describeRule(rule),
          ruleset_source_type: 'Repository',
          ruleset_source: source,
          ruleset_id: hosted.rulesets.indexOf(ruleset) + 1,
        })),
      }
    },
  },
}

function describeRule(rule: Rule): Schema<'repository-rule-detailed'> {
  switch (rule.type) {
    case 'pull_request':
      return {
        type: rule.type,
        parameters: {
          required_approving_review_count: rule.approvals,
          dismiss_stale_reviews_on_push: false,
          require_code_owner_review: false,
          require_last_push_approval: false,
          required_review_thread_resolution: false,
        },
      }
    case 'required_status_checks':
      return {
        type: rule.type,
        parameters: {
          required_status_checks: rule.contexts.map((context) => ({ context })),
          strict_required_status_checks_policy: false,
        },
      }
    default:
      return { type: rule.type }
  }
}
