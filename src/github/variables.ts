import { message, RefusedError, setting } from '../errors.ts'
import type { Repository } from './client.ts'
import { explain, isNotThere, isRefused } from './refusal.ts'

/** Whose variables and secrets are meant. */
export type VariableScope =
  | { readonly kind: 'repository' }
  | { readonly kind: 'environment'; readonly environment: string }
  /** just the named ones: the others belong to other teams */
  | { readonly kind: 'organization'; readonly organization: string; readonly names: readonly string[] }

/** A GitHub Actions variable. Names are upper case: GitHub stores them so. */
export interface Variable {
  readonly name: string
  readonly value: string
  readonly updatedAt: Date
}

/** What is known of a secret: its value cannot be read. */
export interface SecretName {
  readonly name: string
  readonly updatedAt: Date
}

/** As many as GitHub lists a page: https://docs.github.com/en/rest/actions/variables#list-repository-variables */
const variablesPerPage = 30

/**
 * All variables of a scope, by name. An environment that does not exist has none.
 * @throws RefusedError with the token that it takes
 */
export async function listVariables(
  { octokit, owner, repo }: Repository,
  scope: VariableScope,
): Promise<ReadonlyMap<string, Variable>> {
  const { actions } = octokit.rest
  const listPage = (page: Page): Promise<Answer> => {
    if (scope.kind === 'organization') return actions.listOrgVariables({ ...page, org: scope.organization })
    if (scope.kind === 'repository') return actions.listRepoVariables({ ...page, owner, repo })
    const { environment } = scope
    return actions.listEnvironmentVariables({ ...page, owner, repo, environment_name: environment })
  }
  return permitted(scope, listing, async () => {
    const found = await readPages(listPage)
    return scope.kind === 'organization'
      ? new Map([...found].filter(([name]) => scope.names.includes(name)))
      : found
  })
}

/**
 * The variables of the organization that workflows of the repository get; none for a repository of a user.
 * @throws RefusedError with the token that it takes
 */
export async function listReceivedVariables({
  octokit,
  owner,
  repo,
}: Repository): Promise<ReadonlyMap<string, Variable>> {
  const asked = { owner, repo }
  return permitted({ kind: 'repository' }, 'read the variables of the organization', () =>
    readPages((page) => octokit.rest.actions.listRepoOrganizationVariables({ ...asked, ...page })),
  )
}

interface Page {
  readonly per_page: number
  readonly page: number
}

interface Answer {
  readonly data: {
    readonly total_count: number
    readonly variables: readonly {
      readonly name: string
      readonly value: string
      readonly updated_at: string
    }[]
  }
}

async function readPages(listPage: (page: Page) => Promise<Answer>): Promise<ReadonlyMap<string, Variable>> {
  const found = new Map<string, Variable>()
  for (let page = 1, total = 1; (page - 1) * variablesPerPage < total; page++) {
    const { data } = await listPage({ per_page: variablesPerPage, page })
    total = data.total_count
    for (const { name, value, updated_at } of data.variables)
      found.set(name.toUpperCase(), { name: name.toUpperCase(), value, updatedAt: new Date(updated_at) })
  }
  return found
}

/**
 * Names of the secrets of a scope, and when each was set last; undefined when the token may not list them. Those of an
 * organization are not listed: they belong to other teams.
 */
export async function listSecretNames(
  { octokit, owner, repo }: Repository,
  scope: VariableScope,
): Promise<readonly SecretName[] | undefined> {
  if (scope.kind === 'organization') return undefined
  try {
    const found: SecretName[] = []
    for (let page = 1, total = 1; (page - 1) * 100 < total; page++) {
      const asked = { owner, repo, per_page: 100, page }
      const { data } =
        scope.kind === 'repository'
          ? await octokit.rest.actions.listRepoSecrets(asked)
          : await octokit.rest.actions.listEnvironmentSecrets({
              ...asked,
              environment_name: scope.environment,
            })
      total = data.total_count
      found.push(...data.secrets.map(({ name, updated_at }) => ({ name, updatedAt: new Date(updated_at) })))
    }
    return found
  } catch (error) {
    if (isRefused(error, 'permission') || isRefused(error, 'not-found')) return undefined
    refuseCredentials(error, `list the secrets of ${nameOfScope(scope)}`)
    throw explain(error, { doing: `list the secrets of ${nameOfScope(scope)}`, permission: 'secrets: read' })
  }
}

/** What becomes of one variable; without a value it is deleted. */
export interface VariableChange {
  readonly name: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/**
 * Creates, updates or deletes one variable: one request. One of an organization is only updated, and only its value, so that the
 * repositories that see it stay the same.
 * @throws RefusedError with the token that it takes
 */
export async function changeVariable(
  { octokit, owner, repo }: Repository,
  scope: VariableScope,
  { name, before, after }: VariableChange,
): Promise<void> {
  const { actions } = octokit.rest
  const at = { owner, repo }
  await permitted(scope, `change the variable ${name}`, async () => {
    if (scope.kind === 'organization') {
      if (before === undefined || after === undefined)
        throw new TypeError('variables of an organization are neither created nor deleted')
      await actions.updateOrgVariable({ org: scope.organization, name, value: after })
      return
    }
    if (scope.kind === 'repository') {
      if (after === undefined) await actions.deleteRepoVariable({ ...at, name })
      else if (before === undefined) await actions.createRepoVariable({ ...at, name, value: after })
      else await actions.updateRepoVariable({ ...at, name, value: after })
      return
    }
    const own = { ...at, environment_name: scope.environment }
    if (after === undefined) await actions.deleteEnvironmentVariable({ ...own, name })
    else if (before === undefined) await actions.createEnvironmentVariable({ ...own, name, value: after })
    else await actions.updateEnvironmentVariable({ ...own, name, value: after })
  })
}

/**
 * Checks that the token may change variables, by a change of one that cannot be there: GitHub answers 404 where it may.
 * @throws RefusedError with the token that it takes
 */
export async function demandVariableAccess(repository: Repository, scope: VariableScope): Promise<void> {
  try {
    await changeVariable(repository, scope, { name: 'ROLLBACK_PROBE_OF_PERMISSION', before: '', after: '' })
  } catch (error) {
    if (!isNotThere(error)) throw error
  }
}

export function nameOfScope(scope: VariableScope): string {
  if (scope.kind === 'organization') return `the organization ${scope.organization}`
  return scope.kind === 'repository' ? 'the repository' : `the environment ${scope.environment}`
}

/** These requests have a token of their own. */
function refuseCredentials(error: unknown, doing: string): void {
  if (isRefused(error, 'bad-credentials'))
    throw new RefusedError(
      message`could not ${doing}: GitHub answered 401. ${setting('config.variables-token')} is wrong or has expired: use the token of a GitHub App, or a fine-grained personal access token`,
      { cause: error },
    )
}

/** No permission of a workflow's own token reaches variables, whatever `permissions:` says. */
async function permitted<T>(scope: VariableScope, doing: string, request: () => Promise<T>): Promise<T> {
  const need = neededBy(scope)
  try {
    return await request()
  } catch (error) {
    refuseCredentials(error, `${doing} of ${nameOfScope(scope)}`)
    if (isRefused(error, 'permission'))
      throw new RefusedError(
        `could not ${doing} of ${nameOfScope(scope)}: GitHub answered 403. GITHUB_TOKEN cannot do this, whatever \`permissions:\` says: use the token of a GitHub App, or a fine-grained personal access token, with *${need}*`,
        { cause: error },
      )
    if (scope.kind === 'organization' && doing === listing && isRefused(error, 'not-found'))
      throw new RefusedError(
        `could not ${doing} of ${nameOfScope(scope)}: GitHub answered 404. Either ${scope.organization} is not an organization, or the token cannot see it: use a token that the organization has allowed, with *${need}*`,
        { cause: error },
      )
    throw explain(error, { doing: `${doing} of ${nameOfScope(scope)}`, permission: need })
  }
}

const listing = 'read the variables'

/** https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens */
function neededBy({ kind }: VariableScope): string {
  if (kind === 'organization') return 'Variables: read and write (a permission of the organization)'
  return kind === 'repository' ? 'Variables: read and write' : 'Environments: read and write'
}
