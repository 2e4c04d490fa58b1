import { type Call, pageOf, type Routes } from '../call.ts'
import type { Comment, HostedRepository, Issue, Label } from '../hosted-repository.ts'
import { invalid, notFound, Refusal } from '../refusal.ts'
import { comment, issue, label } from '../represent.ts'

/** Longer bodies are refused, in characters. */
const longestBody = 65_536

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
        const has = labels.every((name) => each.labels.includes(name))
        return fits && has && each.updatedAt >= since && (creator === null || each.author.login === creator)
      })
      const newestFirst = [...found].sort((a, b) => b.number - a.number)
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
      demandBody(body.body)
      const title = String(body.title)
      if (title.trim() === '' || title.length > 256)
        throw invalid('Issue', 'title', 'title is missing or too long')
      const now = new Date()
      const labels = (body.labels ?? []).flatMap((each) =>
        typeof each === 'string' ? each : (each.name ?? []),
      )
      for (const name of labels) ensureLabel(repository, { name })
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
      return { status: 201, body: issue(repository, stored) }
    },
  },

  'issues/update': {
    permission: 'issues:write',
    handle(call) {
      const { repository, body = {} } = call
      const found = find(call)
      demandBody(body.body)
      if (body.title !== undefined && body.title !== null) found.title = String(body.title)
      if (body.body !== undefined) found.body = body.body
      if (body.labels !== undefined)
        found.labels = body.labels.flatMap((each) => (typeof each === 'string' ? each : (each.name ?? [])))
      if (body.assignees !== undefined)
        found.assignees = body.assignees.flatMap((each) =>
          typeof each === 'string' ? each : (each.login ?? []),
        )
      if (body.state !== undefined && body.state !== found.state) {
        found.state = body.state
        found.closedAt = body.state === 'closed' ? new Date() : null
        found.stateReason = body.state === 'closed' ? (body.state_reason ?? 'completed') : 'reopened'
      }
      found.updatedAt = new Date()
      return { status: 200, body: issue(repository, found) }
    },
  },

  'issues/list-comments': {
    permission: 'issues:read',
    handle(call) {
      const { repository, query } = call
      const { number } = find(call)
      const { body, headers } = pageOf(
        repository.comments.filter((each) => each.issue === number),
        query,
      )
      return { status: 200, body: body.map((each) => comment(repository, each)), headers }
    },
  },

  'issues/create-comment': {
    permission: 'issues:write',
    handle(call) {
      const { repository, token, body } = call
      const found = find(call)
      demandBody(body.body)
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
      demandBody(body.body)
      stored.body = body.body
      stored.updatedAt = new Date()
      return { status: 200, body: comment(repository, stored) }
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
      const stored = repository.labels.find(({ name }) => name === params['name'])
      if (stored === undefined) throw notFound()
      return { status: 200, body: label(repository, stored) }
    },
  },

  'issues/create-label': {
    permission: 'issues:write',
    handle({ repository, body }) {
      if (repository.labels.some(({ name }) => name.toLowerCase() === body.name.toLowerCase())) {
        const errors = [{ resource: 'Label', field: 'name', code: 'already_exists' }]
        throw new Refusal(422, 'Validation Failed', { extra: { errors } })
      }
      return { status: 201, body: label(repository, ensureLabel(repository, body)) }
    },
  },

  'issues/add-labels': {
    permission: 'issues:write',
    handle(call) {
      const { repository, body } = call
      const found = find(call)
      const given: readonly (string | { name?: string })[] = Array.isArray(body)
        ? body
        : typeof body === 'string'
          ? [body]
          : (body?.labels ?? [])
      const names = given.flatMap((each) => (typeof each === 'string' ? each : (each.name ?? [])))
      for (const name of names) ensureLabel(repository, { name })
      found.labels = [...new Set([...found.labels, ...names])]
      found.updatedAt = new Date()
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

function demandBody(body: string | null | undefined): void {
  if ((body ?? '').length > longestBody)
    throw invalid('Issue', 'body', `body is too long (maximum is ${longestBody} characters)`)
}

/** An issue's label that does not exist yet is made by GitHub. */
function ensureLabel(
  { labels, nextId }: HostedRepository,
  {
    name,
    color = 'ededed',
    description = null,
  }: { name: string; color?: string; description?: string | null },
): Label {
  const known = labels.find((each) => each.name.toLowerCase() === name.toLowerCase())
  if (known !== undefined) return known
  const made = { id: nextId(), name, color, description }
  labels.push(made)
  return made
}
