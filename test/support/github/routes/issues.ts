import { type Call, pageOf, type Routes } from '../call.ts'
import type { Comment, HostedRepository, Issue, Label, Labeling } from '../hosted-repository.ts'
import { invalid, notFound, Refusal } from '../refusal.ts'
import { comment, isoTime, issue, label, simpleUser } from '../represent.ts'

/** Longer bodies are refused, in characters. */
const longestBody = 65_536

/** Of one parent, those that are closed counted: https://github.com/orgs/community/discussions/207865 */
const mostSubIssues = 100

/** https://docs.github.com/en/rest/issues */
export const issues: Routes = {
  'issues/list-for-repo': {
    permission: 'issues:read',
    handle({ repository, query }) {
      const state = query.get('state') ?? 'open'
      const since = new Date(query.get('since') ?? 0)
      const labels = (query.get('labels') ?? '').split(',').filter((name) => name !== '')
      const creator = query.get('creator')
      const found = repository.issues.filter((each) => {
        const fits = state === 'all' || each.state === state
        const held = each.labels.map((name) => name.toLowerCase())
        const has = labels.every((name) => held.includes(name.toLowerCase()))
        return fits && has && each.updatedAt >= since && (creator === null || each.author.login === creator)
      })
      const by = query.get('sort') ?? 'created'
      const commentsOn = ({ number }: Issue) =>
        repository.comments.filter(({ issue }) => issue === number).length
      const order = (each: Issue) =>
        by === 'updated' ? each.updatedAt.getTime() : by === 'comments' ? commentsOn(each) : each.number
      const newestFirst = [...found].sort((a, b) => order(b) - order(a) || b.number - a.number)
      const sorted = query.get('direction') === 'asc' ? newestFirst.reverse() : newestFirst
      const { body, headers } = pageOf(sorted, query)
      return { status: 200, body: body.map((each) => issue(repository, each)), headers }
    },
  },

  'issues/get': {
    permission: 'issues:read',
    handle: (call) => ({ status: 200, body: issue(call.repository, find(call)) }),
  },

  'issues/create': {
    permission: 'issues:write',
    handle({ repository, token, body }) {
      demandBody(body.body, 'Issue')
      const title = String(body.title)
      demandTitle(title)
      const now = new Date()
      const labels = labelNames(repository, body.labels ?? [])
      const stored: Issue = {
        id: repository.nextId(),
        number: repository.issues.length + 1,
        author: token,
        createdAt: now,
        title,
        body: body.body ?? null,
        state: 'open',
        stateReason: null,
        labels,
        assignees: body.assignees ?? [],
        updatedAt: now,
        closedAt: null,
      }
      repository.issues.push(stored)
      recordLabels(repository, stored, [], token.login)
      return { status: 201, body: issue(repository, stored) }
    },
  },

  'issues/update': {
    permission: 'issues:write',
    handle(call) {
      const { repository, token, body = {} } = call
      const found = find(call)
      const labelsBefore = found.labels
      demandBody(body.body, 'Issue')
      const title = body.title === undefined || body.title === null ? found.title : String(body.title)
      demandTitle(title)
      found.title = title
      if (body.body !== undefined) found.body = body.body
      if (body.labels !== undefined) found.labels = labelNames(repository, body.labels)
      if (body.assignees !== undefined)
        found.assignees = body.assignees.flatMap((each) =>
          typeof each === 'string' ? each : (each.login ?? []),
        )
      const { state, state_reason: reason } = body
      // the reason means nothing unless the state changes
      if (state !== undefined && state !== found.state) {
        found.state = state
        found.closedAt = state === 'closed' ? new Date() : null
        found.stateReason = state === 'closed' ? (reason ?? 'completed') : 'reopened'
      }
      found.updatedAt = new Date()
      recordLabels(repository, found, labelsBefore, token.login)
      return { status: 200, body: issue(repository, found) }
    },
  },

  'issues/list-comments': {
    permission: 'issues:read',
    handle(call) {
      const { repository, query } = call
      const { number } = find(call)
      const since = new Date(query.get('since') ?? 0)
      const found = repository.comments.filter((each) => each.issue === number && each.updatedAt >= since)
      const { body, headers } = pageOf(found, query)
      return { status: 200, body: body.map((each) => comment(repository, each)), headers }
    },
  },

  'issues/create-comment': {
    permission: 'issues:write',
    handle(call) {
      const { repository, token, body } = call
      const found = find(call)
      demandComment(body.body)
      const now = new Date()
      const stored: Comment = {
        id: repository.nextId(),
        issue: found.number,
        author: token,
        createdAt: now,
        body: body.body,
        updatedAt: now,
      }
      repository.comments.push(stored)
      found.updatedAt = now
      return { status: 201, body: comment(repository, stored) }
    },
  },

  'issues/update-comment': {
    permission: 'issues:write',
    handle({ repository, params, body }) {
      const stored = repository.comments.find(({ id }) => String(id) === params['comment_id'])
      if (stored === undefined) throw notFound()
      demandComment(body.body)
      stored.body = body.body
      stored.updatedAt = new Date()
      return { status: 200, body: comment(repository, stored) }
    },
  },

  'issues/list-events': {
    permission: 'issues:read',
    handle(call) {
      const { repository, query } = call
      const { number } = find(call)
      const { body, headers } = pageOf(
        repository.labelings.filter((each) => each.issue === number),
        query,
      )
      return {
        status: 200,
        headers,
        body: body.map(({ id, event, label: name, actor, createdAt }) => ({
          id,
          node_id: `LE_${id}`,
          url: `${repository.apiUrl}/issues/events/${id}`,
          actor: simpleUser(repository, actor),
          event,
          commit_id: null,
          commit_url: null,
          created_at: isoTime(createdAt),
          label: { name, color: 'ededed' },
          performed_via_github_app: null,
        })),
      }
    },
  },

  'issues/list-sub-issues': {
    permission: 'issues:read',
    handle(call) {
      const { repository, query } = call
      const { number } = find(call)
      const own = repository.issues.filter(({ parent }) => parent === number)
      const { body, headers } = pageOf(own, query)
      return { status: 200, body: body.map((each) => issue(repository, each)), headers }
    },
  },

  'issues/add-sub-issue': {
    permission: 'issues:write',
    handle(call) {
      const { repository, body } = call
      const parent = find(call)
      // the id, and not the number
      const child = repository.issues.find(({ id }) => id === body.sub_issue_id)
      if (child === undefined) throw new Refusal(404, 'The provided sub-issue does not exist')
      if (child.parent !== undefined && body.replace_parent !== true)
        throw new Refusal(
          422,
          'An error occurred while adding the sub-issue to the parent issue. Issue may not contain duplicate sub-issues and Sub issue may only have one parent',
        )
      const count = repository.issues.filter((each) => each.parent === parent.number).length
      if (count >= mostSubIssues)
        throw new Refusal(
          422,
          `An error occurred while adding the sub-issue to the parent issue. Parent cannot have more than ${mostSubIssues} sub-issues`,
        )
      child.parent = parent.number
      return { status: 201, body: issue(repository, parent) }
    },
  },

  'issues/list-labels-for-repo': {
    permission: 'issues:read',
    handle({ repository, query }) {
      const { body, headers } = pageOf(repository.labels, query)
      return { status: 200, body: body.map((each) => label(repository, each)), headers }
    },
  },

  'issues/get-label': {
    permission: 'issues:read',
    handle({ repository, params }) {
      const stored = findLabel(repository, params['name'] ?? '')
      if (stored === undefined) throw notFound()
      return { status: 200, body: label(repository, stored) }
    },
  },

  'issues/create-label': {
    permission: 'issues:write',
    handle({ repository, body }) {
      if (findLabel(repository, body.name) !== undefined) {
        const errors = [{ resource: 'Label', field: 'name', code: 'already_exists' }]
        throw new Refusal(422, 'Validation Failed', { extra: { errors } })
      }
      const { name, color = 'ededed', description = null } = body
      return { status: 201, body: label(repository, ensureLabel(repository, { name, color, description })) }
    },
  },

  'issues/add-labels': {
    permission: 'issues:write',
    handle(call) {
      const { repository, token, body } = call
      const found = find(call)
      const labelsBefore = found.labels
      const given: readonly (string | { name?: string })[] = Array.isArray(body)
        ? body
        : typeof body === 'string'
          ? [body]
          : (body?.labels ?? [])
      found.labels = labelNames(repository, [...found.labels, ...given])
      found.updatedAt = new Date()
      recordLabels(repository, found, labelsBefore, token.login)
      return {
        status: 200,
        body: found.labels.map((name) => label(repository, ensureLabel(repository, { name }))),
      }
    },
  },
}

function find({ repository, params }: Pick<Call<'issues/get'>, 'repository' | 'params'>): Issue {
  const found = repository.issues.find(({ number }) => String(number) === params['issue_number'])
  if (found === undefined) throw notFound()
  return found
}

function demandTitle(title: string): void {
  if (title.trim() === '') throw invalid('Issue', 'title', "title can't be blank")
  if (title.length > 256) throw invalid('Issue', 'title', 'title is too long (maximum is 256 characters)')
}

function demandBody(body: string | null | undefined, resource: 'Issue' | 'IssueComment'): void {
  if ((body ?? '').length > longestBody)
    throw invalid(resource, 'body', `body is too long (maximum is ${longestBody} characters)`)
}

function demandComment(body: string): void {
  if (body.trim() === '') throw invalid('IssueComment', 'body', "body can't be blank")
  demandBody(body, 'IssueComment')
}

/** GitHub tells labels apart by their letters and not by their case. */
function findLabel({ labels }: HostedRepository, name: string): Label | undefined {
  return labels.find((each) => each.name.toLowerCase() === name.toLowerCase())
}

/** The labels an issue gets, by the names that they have; each once. */
function labelNames(
  repository: HostedRepository,
  given: readonly (string | { readonly name?: string })[],
): readonly string[] {
  const names = given.flatMap((each) => (typeof each === 'string' ? each : (each.name ?? [])))
  return [...new Set(names.map((name) => ensureLabel(repository, { name }).name))]
}

/** Who put which labels on an issue, and who took them off, is kept as events. */
function recordLabels(
  repository: HostedRepository,
  { number, labels }: Issue,
  before: readonly string[],
  actor: string,
): void {
  const record = (event: Labeling['event'], label: string) =>
    repository.labelings.push({
      id: repository.nextId(),
      issue: number,
      event,
      label,
      actor,
      createdAt: new Date(),
    })
  for (const label of labels) if (!before.includes(label)) record('labeled', label)
  for (const label of before) if (!labels.includes(label)) record('unlabeled', label)
}

/** An issue's label that does not exist yet is made by GitHub. */
function ensureLabel(
  repository: HostedRepository,
  {
    name,
    color = 'ededed',
    description = null,
  }: { name: string; color?: string; description?: string | null },
): Label {
  const known = findLabel(repository, name)
  if (known !== undefined) return known
  const made = { id: repository.nextId(), name, color, description }
  repository.labels.push(made)
  return made
}
