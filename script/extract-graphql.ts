/**
 * Writes test/support/github/github.graphql: of GitHub's own GraphQL schema, the mutations that the emulator knows and
 * what these take. Run by hand when a mutation or the schema's version is added: `npm run extract-graphql`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DefinitionNode, Kind, type ObjectTypeDefinitionNode, parse, print, visit } from 'graphql'

const source = '@octokit/graphql-schema@15.26.1'
const mutations = ['enablePullRequestAutoMerge', 'updateRefs']
const target = new URL('../test/support/github/github.graphql', import.meta.url)

const { definitions } = parse(download(), { noLocation: true })
const named = new Map(
  definitions.flatMap((each) => ('name' in each && each.name ? [[each.name.value, each] as const] : [])),
)
const picked = new Map<string, DefinitionNode>()
pick('Mutation')
const text = [...picked.values()].map((definition) => print(definition)).join('\n\n')
// a schema has to have a query
writeFileSync(target, `# from ${source}\n\ntype Query {\n  _: Boolean\n}\n\n${text}\n`)

/** Takes a type, and those of its inputs. Of a payload, the field that every mutation has is enough. */
function pick(name: string): void {
  const found = named.get(name)
  if (found === undefined || picked.has(name)) return
  const definition = withoutWords(found.kind === Kind.OBJECT_TYPE_DEFINITION ? slim(found) : found)
  picked.set(name, definition)
  visit(definition, { NamedType: ({ name: { value } }) => pick(value) })
}

function slim(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const kept = type.name.value === 'Mutation' ? mutations : ['clientMutationId']
  return {
    ...type,
    interfaces: [],
    fields: type.fields?.filter(({ name }) => kept.includes(name.value)) ?? [],
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
