import { type Call, pageOf, type Routes } from '../call.ts'
import type { HostedRepository, OrganizationVariable, Secret, Variable } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { isoTime, type Schema } from '../represent.ts'

/** As many as GitHub takes of each: https://docs.github.com/en/actions/reference/workflows-and-actions/variables */
const most = { repository: 500, environment: 100, bytes: 48 * 1024 }

/** https://docs.github.com/en/rest/actions/variables */
export const variables: Routes = {
  'actions/list-repo-variables': {
    permission: 'actions_variables:read',
    handle: ({ repository, query }) => listed(repository.variables, query),
  },

  'actions/get-repo-variable': {
    permission: 'actions_variables:read',
    handle: ({ repository, params }) => ({
      status: 200,
      body: describeVariable(find(repository.variables, params)),
    }),
  },

  'actions/create-repo-variable': {
    permission: 'actions_variables:write',
    handle: ({ repository, body }) => created(repository.variables, body, most.repository),
  },

  'actions/update-repo-variable': {
    permission: 'actions_variables:write',
    handle: ({ repository, params, body }) => updated(find(repository.variables, params), body),
  },

  'actions/delete-repo-variable': {
    permission: 'actions_variables:write',
    handle: ({ repository, params }) => deleted(repository.variables, params),
  },

  'actions/list-environment-variables': {
    permission: 'environments:read',
    handle: ({ repository, params, query }) => listed(ofEnvironment(repository, params), query),
  },

  'actions/create-environment-variable': {
    permission: 'environments:write',
    handle: ({ repository, params, body }) =>
      created(ofEnvironment(repository, params), body, most.environment),
  },

  'actions/update-environment-variable': {
    permission: 'environments:write',
    handle: ({ repository, params, body }) => updated(find(ofEnvironment(repository, params), params), body),
  },

  'actions/delete-environment-variable': {
    permission: 'environments:write',
    handle: ({ repository, params }) => deleted(ofEnvironment(repository, params), params),
  },

  'actions/list-org-variables': {
    permission: 'organization_actions_variables:read',
    handle: ({ repository, query }) => listedOf(ofOrganization(repository), query, describeOfOrganization),
  },

  'actions/list-repo-organization-variables': {
    permission: 'actions_variables:read',
    handle: ({ repository, query }) => {
      const received = [...(repository.organizationVariables ?? [])].filter(([, { hidden }]) => !hidden)
      return listed(new Map(received), query)
    },
  },

  // of what the suite never sends, a new name or other repositories, nothing is done, and said as unread
  'actions/update-org-variable': {
    permission: 'organization_actions_variables:write',
    handle: ({ repository, params, body }) => updated(find(ofOrganization(repository), params), body),
  },

  'actions/list-repo-secrets': {
    permission: 'secrets:read',
    handle: ({ repository, query }) => listedSecrets(repository.secrets, query),
  },

  'actions/list-environment-secrets': {
    permission: 'environments:read',
    handle: ({ repository, params, query }) =>
      listedSecrets(environmentOf(repository, params).secrets ?? new Map(), query),
  },
}

type Params = Readonly<Record<string, string>>
type Named = Call<'actions/create-repo-variable'>['body']

function environmentOf(repository: HostedRepository, params: Params) {
  const found = repository.environments.get(params['environment_name'] ?? '')
  if (found === undefined) throw notFound()
  return found
}

function ofEnvironment(repository: HostedRepository, params: Params): Map<string, Variable> {
  const found = environmentOf(repository, params)
  if (found.variables !== undefined) return found.variables
  const variables = new Map<string, Variable>()
  repository.environments.set(params['environment_name'] ?? '', { ...found, variables })
  return variables
}

function ofOrganization({ organizationVariables }: HostedRepository): Map<string, OrganizationVariable> {
  if (organizationVariables === undefined) throw notFound()
  return organizationVariables
}

function listed(all: ReadonlyMap<string, Variable>, query: URLSearchParams) {
  return listedOf(all, query, describeVariable)
}

function listedOf<V extends Variable, S>(
  all: ReadonlyMap<string, V>,
  query: URLSearchParams,
  describe: (variable: V) => S,
) {
  const sorted = [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const { body, headers } = pageOf(sorted, query, { usual: 10, most: 30 })
  const found = body.map(describe)
  return { status: 200, body: { total_count: sorted.length, variables: found }, headers }
}

function listedSecrets(all: ReadonlyMap<string, Secret>, query: URLSearchParams) {
  const sorted = [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const { body, headers } = pageOf(sorted, query)
  const secrets = body.map(({ name, createdAt, updatedAt }) => ({
    name,
    created_at: isoTime(createdAt),
    updated_at: isoTime(updatedAt),
  }))
  return { status: 200, body: { total_count: sorted.length, secrets }, headers }
}

function created(all: Map<string, Variable>, { name, value }: Named, limit: number) {
  const key = name.toUpperCase()
  if (!/^[A-Z_][A-Z0-9_]*$/.test(key) || key.startsWith('GITHUB_'))
    throw new Refusal(422, 'Variable name is not valid')
  if (all.has(key)) throw new Refusal(409, 'Already exists - Variable already exists')
  if (all.size >= limit) throw new Refusal(422, `You can only have ${limit} variables`)
  refuseBig(value)
  const now = new Date()
  all.set(key, { name: key, value, createdAt: now, updatedAt: now })
  return { status: 201, body: {} }
}

function updated(variable: Variable, { value }: { readonly value?: string }) {
  if (value !== undefined) {
    refuseBig(value)
    variable.value = value
  }
  variable.updatedAt = new Date()
  return { status: 204 }
}

function deleted(all: Map<string, Variable>, params: Params) {
  all.delete(find(all, params).name)
  return { status: 204 }
}

function refuseBig(value: string): void {
  if (Buffer.byteLength(value) > most.bytes) throw new Refusal(422, 'Variable value is too large')
}

function find<V extends Variable>(all: ReadonlyMap<string, V>, params: Params): V {
  const found = all.get((params['name'] ?? '').toUpperCase())
  if (found === undefined) throw notFound()
  return found
}

function describeVariable({ name, value, createdAt, updatedAt }: Variable): Schema<'actions-variable'> {
  return { name, value, created_at: isoTime(createdAt), updated_at: isoTime(updatedAt) }
}

function describeOfOrganization(variable: OrganizationVariable): Schema<'organization-actions-variable'> {
  return { ...describeVariable(variable), visibility: variable.visibility }
}
