import { type Call, pageOf, type Routes } from '../call.ts'
import type { Variable } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { isoTime, type Schema } from '../represent.ts'

/** https://docs.github.com/en/rest/actions/variables */
export const variables: Routes = {
  'actions/list-repo-variables': {
    permission: 'actions_variables:read',
    handle({ repository, query }) {
      const all = [...repository.variables.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
      const { body, headers } = pageOf(all, query, { usual: 10, most: 30 })
      const variables = body.map(describeVariable)
      return { status: 200, body: { total_count: all.length, variables }, headers }
    },
  },

  'actions/get-repo-variable': {
    permission: 'actions_variables:read',
    handle: (call) => ({ status: 200, body: describeVariable(findVariable(call)) }),
  },

  'actions/create-repo-variable': {
    permission: 'actions_variables:write',
    handle({ repository, body: { name, value } }) {
      const key = name.toUpperCase()
      if (!/^[A-Z_][A-Z0-9_]*$/.test(key) || key.startsWith('GITHUB_'))
        throw new Refusal(422, 'Variable name is not valid')
      if (repository.variables.has(key)) throw new Refusal(409, 'Already exists - Variable already exists')
      const now = new Date()
      repository.variables.set(key, { name: key, value, createdAt: now, updatedAt: now })
      return { status: 201, body: {} }
    },
  },

  'actions/update-repo-variable': {
    permission: 'actions_variables:write',
    handle(call) {
      const variable = findVariable(call)
      if (call.body.value !== undefined) variable.value = call.body.value
      variable.updatedAt = new Date()
      return { status: 204 }
    },
  },

  'actions/delete-repo-variable': {
    permission: 'actions_variables:write',
    handle(call) {
      call.repository.variables.delete(findVariable(call).name)
      return { status: 204 }
    },
  },
}

function findVariable({
  repository,
  params,
}: Pick<Call<'actions/get-repo-variable'>, 'repository' | 'params'>): Variable {
  const found = repository.variables.get((params['name'] ?? '').toUpperCase())
  if (found === undefined) throw notFound()
  return found
}

function describeVariable({ name, value, createdAt, updatedAt }: Variable): Schema<'actions-variable'> {
  return { name, value, created_at: isoTime(createdAt), updated_at: isoTime(updatedAt) }
}
