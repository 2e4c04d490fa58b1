import { readFileSync } from 'node:fs'
import {
  buildSchema,
  type ExecutionResult,
  execute,
  GraphQLError,
  Kind,
  OperationTypeNode,
  parse,
  validate,
} from 'graphql'
import { costOf } from './graphql-cost.ts'
import { connectionOf, repositoryOf } from './graphql-objects.ts'
import type { HostedRepository } from './hosted-repository.ts'
import { Refusal } from './refusal.ts'
import { toPerson } from './routes/git-data.ts'
import { demandRefChange } from './rules.ts'
import { demandPermission, type Token } from './tokens.ts'

const schema = buildSchema(readFileSync(new URL('./github.graphql', import.meta.url), 'utf8'))
const noObject = '0'.repeat(40)

interface World {
  readonly repositories: readonly HostedRepository[]
  readonly token: Token
  /** of this query, in points */
  readonly cost: number
}

interface RefUpdate {
  readonly name: string
  readonly beforeOid?: string
  readonly afterOid: string
  readonly force: boolean
}

interface FileChanges {
  readonly additions?: readonly { readonly path: string; readonly contents: string }[]
  readonly deletions?: readonly { readonly path: string }[]
}

interface Inputs {
  readonly createCommitOnBranch: {
    readonly branch: {
      readonly id?: string
      readonly repositoryNameWithOwner?: string
      readonly branchName?: string
    }
    readonly expectedHeadOid: string
    readonly fileChanges?: FileChanges
    readonly message: { readonly headline: string; readonly body?: string }
  }
  readonly updateRefs: { readonly repositoryId: string; readonly refUpdates: readonly RefUpdate[] }
  readonly enablePullRequestAutoMerge: { readonly pullRequestId: string; readonly expectedHeadOid?: string }
}

/** The queries of github.graphql: https://docs.github.com/en/graphql/reference/queries */
const queries = {
  repository({ owner, name }: { owner: string; name: string }, { repositories, token }: World) {
    const found = find(repositories, `${owner}/${name}`)
    if (found === undefined)
      throw refuse('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`)
    return repositoryOf(found, token)
  },
  repositoryOwner({ login }: { login: string }, { repositories, token }: World) {
    const own = repositories.filter(({ owner }) => owner.toLowerCase() === login.toLowerCase())
    if (own[0] === undefined) return null
    return {
      __typename: 'Organization',
      login: own[0].owner,
      repositories: (page: { readonly first?: number; readonly after?: string | null }) =>
        connectionOf(own, page, (each) => repositoryOf(each, token)),
    }
  },
  rateLimit: (_: unknown, { cost }: World) => ({ cost, limit: 1000, remaining: 1000 - cost, used: cost }),
}

function find(repositories: World['repositories'], fullName: string): HostedRepository | undefined {
  return repositories.find(({ owner, name }) => `${owner}/${name}`.toLowerCase() === fullName.toLowerCase())
}

/** The mutations of github.graphql: https://docs.github.com/en/graphql/reference/mutations */
const mutations = {
  async createCommitOnBranch(
    { input }: { input: Inputs['createCommitOnBranch'] },
    { repositories, token }: World,
  ) {
    const { branch, expectedHeadOid, fileChanges = {}, message } = input
    const { repositoryNameWithOwner = '', branchName = '' } = branch
    const repository = find(repositories, repositoryNameWithOwner)
    const { git, signed } = repository ?? {}
    const ref = `refs/heads/${branchName}`
    const head = (await git?.readRef(ref))?.sha
    if (repository === undefined || git === undefined || head === undefined)
      throw refuse('NOT_FOUND', `Could not resolve to a node with the name '${branchName}'.`)
    demandPermission(token, 'contents:write')
    const stale = () =>
      refuse(
        'STALE_DATA',
        `Expected branch to point to "${expectedHeadOid}" but it did not. Pull and try again.`,
      )
    if (head !== expectedHeadOid) throw stale()
    const additions = await Promise.all(
      (fileChanges.additions ?? []).map(async ({ path, contents }) => {
        return { path, mode: '100644', sha: await git.writeBlob(Buffer.from(contents, 'base64')) }
      }),
    )
    const deletions = (fileChanges.deletions ?? []).map(({ path }) => ({ path, mode: '100644', sha: null }))
    const person = toPerson(undefined, token)
    const to = await git.writeCommit({
      tree: await git.writeTree(head, [...deletions, ...additions]),
      parents: [head],
      message: message.body ? `${message.headline}\n\n${message.body}` : message.headline,
      author: person,
      committer: person,
    })
    signed?.add(to)
    await demandRefChange(repository, { ref, from: head, to }, token)
    if (!(await git.moveRef(ref, { from: head, to }))) throw stale()
    return { commit: { oid: to } }
  },

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

/** What a query asks for, and what it costs. @throws Refusal, GraphQLError for one that GitHub does not carry out */
export function readQuery({ query, variables }: Asked): {
  readonly isMutation: boolean
  readonly cost: number
} {
  const document = parse(query)
  const isMutation = document.definitions.some(
    (each) => each.kind === Kind.OPERATION_DEFINITION && each.operation === OperationTypeNode.MUTATION,
  )
  return { isMutation, cost: isMutation ? 1 : costOf(document, variables) }
}

export interface Asked {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** Carries out a query as GitHub's GraphQL API does. @param say is told what does not fit GitHub's schema */
export async function answerGraphql(
  { query, variables }: Asked,
  world: World,
  say: (problem: string) => void,
): Promise<unknown> {
  const document = parse(query)
  const problems = validate(schema, document)
  for (const { message } of problems) say(message)
  const { data, errors }: ExecutionResult =
    problems.length > 0
      ? { errors: problems }
      : await execute({
          schema,
          document,
          rootValue: { ...queries, ...mutations },
          contextValue: world,
          variableValues: { ...variables },
        })
  if (errors === undefined) return { data }
  for (const { originalError, message } of errors) if (originalError === undefined) say(message)
  return {
    data: data ?? null,
    // GitHub tells the kind of error beside the message
    errors: errors.map(({ message, path, extensions, originalError }) => {
      if (
        originalError !== undefined &&
        !(originalError instanceof GraphQLError || originalError instanceof Refusal)
      )
        say(`the emulator failed: ${originalError.stack}`)
      return { message, path, type: originalError instanceof Refusal ? 'FORBIDDEN' : extensions['type'] }
    }),
  }
}
