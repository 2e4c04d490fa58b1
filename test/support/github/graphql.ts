import { readFileSync } from 'node:fs'
import { buildSchema, GraphQLError, graphql, parse, validate } from 'graphql'
import type { HostedRepository } from './hosted-repository.ts'
import { demandRefChange } from './rules.ts'
import { demandPermission, type Token } from './tokens.ts'

const schema = buildSchema(readFileSync(new URL('./github.graphql', import.meta.url), 'utf8'))
const noObject = '0'.repeat(40)

interface World {
  readonly repositories: readonly HostedRepository[]
  readonly token: Token
}

interface RefUpdate {
  readonly name: string
  readonly beforeOid?: string
  readonly afterOid: string
  readonly force: boolean
}

interface Inputs {
  readonly updateRefs: { readonly repositoryId: string; readonly refUpdates: readonly RefUpdate[] }
  readonly enablePullRequestAutoMerge: { readonly pullRequestId: string; readonly expectedHeadOid?: string }
}

/** The mutations of github.graphql: https://docs.github.com/en/graphql/reference/mutations */
const mutations = {
  async updateRefs({ input }: { input: Inputs['updateRefs'] }, { repositories, token }: World) {
    const repository = repositories.find(({ nodeId }) => nodeId === input.repositoryId)
    if (repository === undefined)
      throw refuse('NOT_FOUND', `Could not resolve to a node with the global id of '${input.repositoryId}'.`)
    demandPermission(token, 'contents:write')
    const { git } = repository
    const changes = await Promise.all(
      input.refUpdates.map(async ({ name, beforeOid, afterOid, force }) => {
        const from = (await git.readRef(name))?.sha ?? ''
        if (beforeOid !== undefined && beforeOid !== (from || noObject))
          throw refuse(
            'STALE_DATA',
            `Expected branch to point to "${beforeOid}" but it did not. Pull and try again.`,
          )
        const to = afterOid === noObject ? '' : afterOid
        if (!force && from !== '' && to !== '' && !(await git.isAncestor(from, to)))
          throw refuse('UNPROCESSABLE', 'Update is not a fast forward')
        await demandRefChange(repository, { ref: name, from, to }, token)
        return { name, from, to }
      }),
    )
    for (const { name, from, to } of changes) {
      if (to === '') await git.deleteRef(name)
      else if (!(await git.moveRef(name, { from, to })))
        throw refuse(
          'STALE_DATA',
          `Expected branch to point to "${from}" but it did not. Pull and try again.`,
        )
    }
    return {}
  },

  enablePullRequestAutoMerge(
    { input }: { input: Inputs['enablePullRequestAutoMerge'] },
    { repositories, token }: World,
  ) {
    demandPermission(token, 'pull-requests:write')
    const pull = repositories
      .flatMap(({ issues }) => issues)
      .find(({ id }) => `PR_${id}` === input.pullRequestId)?.pull
    if (pull === undefined)
      throw refuse('NOT_FOUND', `Could not resolve to a node with the global id of '${input.pullRequestId}'.`)
    pull.autoMerge = true
    return {}
  },
}

function refuse(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } })
}

/** Carries out a query as GitHub's GraphQL API does. @param say is told what does not fit GitHub's schema */
export async function answerGraphql(
  { query, variables }: { query: string; variables: Readonly<Record<string, unknown>> },
  world: World,
  say: (problem: string) => void,
): Promise<unknown> {
  for (const { message } of validate(schema, parse(query))) say(message)
  const { data, errors } = await graphql({
    schema,
    source: query,
    rootValue: mutations,
    contextValue: world,
    variableValues: { ...variables },
  })
  if (errors === undefined) return { data }
  for (const { originalError, message } of errors) if (originalError === undefined) say(message)
  return {
    data: data ?? null,
    // GitHub tells the kind of error beside the message
    errors: errors.map(({ message, path, extensions }) => ({ message, path, type: extensions['type'] })),
  }
}
