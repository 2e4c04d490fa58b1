import type { Call, Routes } from '../call.ts'
import type { Variable } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { isoTime, type Schema } from '../represent.ts'

/** https://docs.github.com/en/rest/actions/variables and https://docs.github.com/en/rest/actions/workflows */
export const actions: Routes = {
  'actions/list-repo-variables': {
    permission: 'variables:read',
    handle({ repository, query }) {
      const size = Number(query.get('per_page') ?? 10)
      const from = (Number(query.get('page') ?? 1) - 1) * size
      const all = [...repository.variables.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
      const variables = all.slice(from, from + size).map(describeVariable)
      return { status: 200, body: { total_count: all.length, variables } }
    },
  },

  'actions/get-repo-variable': {
    permission: 'variables:read',
    handle: (call) => ({ status: 200, body: describeVariable(findVariable(call)) }),
  },

  'actions/create-repo-variable': {
    permission: 'variables:write',
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
    permission: 'variables:write',
    handle(call) {
      const variable = findVariable(call)
      if (call.body.value !== undefined) variable.value = call.body.value
      variable.updatedAt = new Date()
      return { status: 204 }
    },
  },

  'actions/delete-repo-variable': {
    permission: 'variables:write',
    handle(call) {
      call.repository.variables.delete(findVariable(call).name)
      return { status: 204 }
    },
  },

  'actions/create-workflow-dispatch': {
    permission: 'actions:write',
    async handle({ repository, token, params, body }) {
      const workflow = params['workflow_id'] ?? ''
      const head = await repository.git.resolve(body.ref)
      if (head === undefined) throw new Refusal(422, `No ref found for: ${body.ref}`)
      const files = await repository.git.readTree(head, { recursive: true })
      if (!files.some(({ path }) => path === `.github/workflows/${workflow}`)) throw notFound()
      repository.dispatches.push({ workflow, ref: body.ref, inputs: body.inputs ?? {}, actor: token.login })
      if (body.return_run_details !== true) return { status: 204 }
      const id = repository.nextId()
      const run = {
        workflow_run_id: id,
        run_url: `${repository.apiUrl}/actions/runs/${id}`,
        html_url: `${repository.htmlUrl}/actions/runs/${id}`,
      }
      return { status: 200, body: run }
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
