import { type Call, pageOf, type Routes } from '../call.ts'
import type { HostedRepository, Issue, PullRequest } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { fullRepository, isoTime, label, type Schema, simpleUser } from '../represent.ts'

/** https://docs.github.com/en/rest/pulls */
export const pulls: Routes = {
  'pulls/create': {
    permission: 'pull-requests:write',
    async handle({ repository, token, body }) {
      const { head, base } = body
      if (token.kind === 'actions' && !repository.actionsMayOpenPulls)
        throw new Refusal(403, 'GitHub Actions is not permitted to create or approve pull requests.')
      if ((await repository.git.readRef(`refs/heads/${head}`)) === undefined) throw refuse('head', 'invalid')
      if ((await repository.git.readRef(`refs/heads/${base}`)) === undefined) throw refuse('base', 'invalid')
      if (await repository.git.isAncestor(head, base)) throw custom(`No commits between ${base} and ${head}`)
      const open = pullsOf(repository).find(
        (each) => each.state === 'open' && each.pull.head === head && each.pull.base === base,
      )
      if (open !== undefined) throw custom(`A pull request already exists for ${repository.owner}:${head}.`)
      const now = new Date()
      const stored: Pull = {
        id: repository.nextId(),
        number: repository.issues.length + 1,
        author: token,
        createdAt: now,
        title: body.title ?? '',
        body: body.body ?? null,
        state: 'open',
        stateReason: null,
        labels: [],
        assignees: [],
        updatedAt: now,
        closedAt: null,
        pull: { head, base, draft: body.draft ?? false, mergedAs: null, reviewers: [], autoMerge: false },
      }
      repository.issues.push(stored)
      return { status: 201, body: await fullPull(repository, stored) }
    },
  },

  'pulls/list': {
    permission: 'pull-requests:read',
    async handle({ repository, query }) {
      const state = query.get('state') ?? 'open'
      const head = query.get('head')?.replace(`${repository.owner}:`, '')
      const base = query.get('base')
      const found = pullsOf(repository).filter((each) => {
        const fits = state === 'all' || each.state === state
        return (
          fits &&
          (head === undefined || each.pull.head === head) &&
          (base === null || each.pull.base === base)
        )
      })
      const { body, headers } = pageOf([...found].reverse(), query)
      return {
        status: 200,
        body: await Promise.all(body.map((each) => simplePull(repository, each))),
        headers,
      }
    },
  },

  'pulls/get': {
    permission: 'pull-requests:read',
    handle: async (call) => ({ status: 200, body: await fullPull(call.repository, find(call)) }),
  },

  'pulls/update': {
    permission: 'pull-requests:write',
    async handle(call) {
      const found = find(call)
      const { title, body, state } = call.body
      if (title !== undefined) found.title = title
      if (body !== undefined) found.body = body
      if (state !== undefined && state !== found.state) {
        found.state = state
        found.closedAt = state === 'closed' ? new Date() : null
      }
      found.updatedAt = new Date()
      return { status: 200, body: await fullPull(call.repository, found) }
    },
  },

  'pulls/request-reviewers': {
    permission: 'pull-requests:write',
    async handle(call) {
      const found = find(call)
      const asked = [
        ...(call.body.reviewers ?? []),
        ...(call.body.team_reviewers ?? []).map((team) => `team:${team}`),
      ]
      const unknown = asked.find((each) => !each.startsWith('team:') && !call.repository.roles.has(each))
      if (unknown !== undefined)
        throw new Refusal(
          422,
          `Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the ${call.repository.owner}/${call.repository.name} repository.`,
        )
      found.pull.reviewers = [...new Set([...found.pull.reviewers, ...asked])]
      return { status: 201, body: await simplePull(call.repository, found) }
    },
  },

  'repos/list-pull-requests-associated-with-commit': {
    permission: 'pull-requests:read',
    async handle({ repository, params, query }) {
      const number = repository.pullsOfCommits.get(params['commit_sha'] ?? '')
      const found = pullsOf(repository).filter((each) => each.number === number)
      const { body, headers } = pageOf(found, query)
      return {
        status: 200,
        body: await Promise.all(body.map((each) => simplePull(repository, each))),
        headers,
      }
    },
  },
}

type Pull = Issue & { readonly pull: PullRequest }

function pullsOf({ issues }: HostedRepository): readonly Pull[] {
  return issues.filter((each): each is Pull => each.pull !== undefined)
}

function find({ repository, params }: Pick<Call<'pulls/get'>, 'repository' | 'params'>): Pull {
  const found = pullsOf(repository).find(({ number }) => String(number) === params['pull_number'])
  if (found === undefined) throw notFound()
  return found
}

function refuse(field: string, code: string): Refusal {
  return new Refusal(422, 'Validation Failed', {
    extra: { errors: [{ resource: 'PullRequest', field, code }] },
  })
}

function custom(message: string): Refusal {
  return new Refusal(422, 'Validation Failed', {
    extra: { errors: [{ resource: 'PullRequest', code: 'custom', message }] },
  })
}

async function simplePull(repository: HostedRepository, stored: Pull) {
  const { apiUrl, htmlUrl, owner } = repository
  const url = `${apiUrl}/pulls/${stored.number}`
  const html = `${htmlUrl}/pull/${stored.number}`
  const issueUrl = `${apiUrl}/issues/${stored.number}`
  const statuses = `${apiUrl}/statuses/${stored.pull.head}`
  const side = async (ref: string) => ({
    label: `${owner}:${ref}`,
    ref,
    sha: (await repository.git.resolve(ref)) ?? '0'.repeat(40),
    user: simpleUser(repository, owner),
    repo: { ...fullRepository(repository), has_downloads: true, open_issues: 0, license: null },
  })
  return {
    id: stored.id,
    node_id: `PR_${stored.id}`,
    number: stored.number,
    url,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${url}/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: statuses,
    state: stored.state,
    locked: false,
    title: stored.title,
    body: stored.body,
    draft: stored.pull.draft,
    user: simpleUser(repository, stored.author.login),
    author_association: stored.author.isBot ? 'NONE' : 'COLLABORATOR',
    auto_merge: null,
    labels: repository.labels
      .filter(({ name }) => stored.labels.includes(name))
      .map((each) => {
        const shown = label(repository, each)
        return { ...shown, description: shown.description ?? '' }
      }),
    assignee: null,
    assignees: [],
    requested_reviewers: stored.pull.reviewers
      .filter((each) => !each.startsWith('team:'))
      .map((login) => simpleUser(repository, login)),
    milestone: null,
    merge_commit_sha: stored.pull.mergedAs,
    merged_at: stored.pull.mergedAs === null ? null : isoTime(stored.updatedAt),
    closed_at: stored.closedAt === null ? null : isoTime(stored.closedAt),
    created_at: isoTime(stored.createdAt),
    updated_at: isoTime(stored.updatedAt),
    head: await side(stored.pull.head),
    base: await side(stored.pull.base),
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issueUrl },
      comments: { href: `${issueUrl}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: `${url}/comments{/number}` },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
  } satisfies Schema<'pull-request-simple'>
}

async function fullPull(repository: HostedRepository, stored: Pull): Promise<Schema<'pull-request'>> {
  const { git } = repository
  const simple = await simplePull(repository, stored)
  const files = await git.diff(simple.base.sha, simple.head.sha)
  return {
    ...simple,
    state: stored.state,
    user: simpleUser(repository, stored.author.login),
    additions: files.reduce((sum, { additions }) => sum + additions, 0),
    deletions: files.reduce((sum, { deletions }) => sum + deletions, 0),
    changed_files: files.length,
    commits: await git.count(`${simple.base.sha}..${simple.head.sha}`),
    comments: repository.comments.filter(({ issue }) => issue === stored.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    mergeable: true,
    mergeable_state: 'clean',
    merged: stored.pull.mergedAs !== null,
    merged_by: null,
  }
}
