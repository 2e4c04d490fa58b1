/**
 * Writes test/support/github/github.graphql: of GitHub's own GraphQL schema, the fields that the emulator knows and what these
 * take. Run it when a field or the schema's version is added: `npm run extract-graphql`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DefinitionNode, Kind, type NamedTypeNode, parse, print, visit } from 'graphql'

const source = '@octokit/graphql-schema@15.26.1'
const target = new URL('../test/support/github/github.graphql', import.meta.url)

/** The fields of each type; of a payload that is not named, the one that every mutation has. */
const fields: Readonly<Record<string, readonly string[]>> = {
  Query: ['rateLimit', 'repository', 'repositoryOwner'],
  Mutation: ['createCommitOnBranch', 'enablePullRequestAutoMerge', 'updateRefs'],
  RateLimit: ['cost', 'limit', 'remaining', 'used'],
  RepositoryOwner: ['login', 'repositories'],
  Organization: ['login', 'repositories'],
  RepositoryConnection: ['nodes', 'pageInfo'],
  PageInfo: ['endCursor', 'hasNextPage'],
  Repository: ['deployments', 'name', 'object', 'ref'],
  Ref: ['name', 'target'],
  GitObject: ['oid'],
  Commit: [
    ...['associatedPullRequests', 'author', 'committedDate', 'history', 'message', 'oid', 'parents', 'tree'],
  ],
  CommitHistoryConnection: ['nodes'],
  CommitConnection: ['nodes', 'totalCount'],
  GitActor: ['name'],
  PullRequestConnection: ['nodes'],
  PullRequest: ['id', 'merged', 'number', 'title', 'url'],
  Tree: ['entries', 'oid'],
  TreeEntry: ['mode', 'name', 'object', 'oid', 'type'],
  Blob: ['byteSize', 'isBinary', 'isTruncated', 'oid', 'text'],
  Tag: ['oid', 'target'],
  DeploymentConnection: ['nodes', 'pageInfo'],
  Deployment: [
    'commit',
    'commitOid',
    'createdAt',
    'databaseId',
    'environment',
    'latestStatus',
    'statuses',
    'task',
  ],
  DeploymentStatusConnection: ['nodes'],
  DeploymentStatus: ['createdAt', 'state'],
  CreateCommitOnBranchPayload: ['clientMutationId', 'commit'],
}

const { definitions } = parse(download(), { noLocation: true })
const named = new Map(
  definitions.flatMap((each) => ('name' in each && each.name ? [[each.name.value, each] as const] : [])),
)
const picked = new Map<string, DefinitionNode>()
for (const name of ['Query', 'Mutation', 'Commit', 'Tree', 'Blob', 'Tag', 'Organization']) pick(name)
const text = [...picked.values()].map((definition) => print(definition)).join('\n\n')
writeFileSync(target, `# from ${source}\n\n${text}\n`)

/** Takes a type, and those of its fields and of their inputs. */
function pick(name: string): void {
  const found = named.get(name)
  if (found === undefined || picked.has(name)) return
  const definition = withoutWords(slim(found, name))
  picked.set(name, definition)
  visit(definition, { NamedType: ({ name: { value } }) => pick(value) })
}

function slim(type: DefinitionNode, name: string): DefinitionNode {
  if (type.kind !== Kind.OBJECT_TYPE_DEFINITION && type.kind !== Kind.INTERFACE_TYPE_DEFINITION) return type
  const kept = fields[name] ?? ['clientMutationId']
  const isKept = ({ name: { value } }: NamedTypeNode) => value in fields
  return {
    ...type,
    interfaces: type.interfaces?.filter(isKept) ?? [],
    fields: type.fields?.filter((field) => kept.includes(field.name.value)) ?? [],
  }
}

function withoutWords(definition: DefinitionNode): DefinitionNode {
  const withoutDescription = (node: object) => ({ ...node, description: undefined, directives: [] })
  return visit(definition, {
    enter: (node) => ('description' in node ? withoutDescription(node) : undefined),
  })
}

function download(): string {
  const directory = mkdtempSync(join(tmpdir(), 'graphql-'))
  try {
    const file = execFileSync('npm', ['pack', '--silent', source], {
      cwd: directory,
      encoding: 'utf8',
    }).trim()
    execFileSync('tar', ['-xzf', file, 'package/schema.graphql'], { cwd: directory })
    return readFileSync(join(directory, 'package/schema.graphql'), 'utf8')
  } finally {
    rmSync(directory, { recursive: true })
  }
}
