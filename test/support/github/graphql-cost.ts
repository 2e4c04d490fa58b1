import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode } from 'graphql'
import { Refusal } from './refusal.ts'

/**
 * What a query costs of the points of an hour: the requests that its connections would take, one each for what is above it,
 * divided by a hundred, and 1 at least. https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 * @throws Refusal for more than half a million nodes
 */
export function costOf(document: DocumentNode, variables: Readonly<Record<string, unknown>>): number {
  let requests = 0
  let nodes = 0
  const visit = ({ selections }: SelectionSetNode, above: number): void => {
    for (const each of selections) {
      if (each.kind === Kind.FRAGMENT_SPREAD) throw new Error('the emulator counts no named fragments')
      const set = each.selectionSet
      const size = each.kind === Kind.FIELD ? sizeOf(each, variables) : undefined
      if (size !== undefined) {
        requests += above
        nodes += above * size
      }
      if (set !== undefined) visit(set, above * (size ?? 1))
    }
  }
  for (const each of document.definitions)
    if (each.kind === Kind.OPERATION_DEFINITION) visit(each.selectionSet, 1)
  if (nodes > 500_000)
    throw new Refusal(
      200,
      `This query requests up to ${nodes} possible nodes which exceeds the maximum limit of 500,000.`,
    )
  return Math.max(1, Math.round(requests / 100))
}

/** How many of a connection are asked for. @throws Refusal for none, or for more than a hundred */
function sizeOf(
  { name, arguments: given = [], selectionSet }: FieldNode,
  variables: Readonly<Record<string, unknown>>,
): number | undefined {
  const isConnection = selectionSet?.selections.some(
    (each) => each.kind === Kind.FIELD && ['nodes', 'edges', 'totalCount'].includes(each.name.value),
  )
  if (isConnection !== true) return undefined
  const value = given.find((each) => each.name.value === 'first' || each.name.value === 'last')?.value
  const size =
    value?.kind === Kind.INT
      ? Number(value.value)
      : value?.kind === Kind.VARIABLE
        ? Number(variables[value.name.value])
        : Number.NaN
  if (!Number.isInteger(size))
    throw new Refusal(
      200,
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name.value}\` connection.`,
    )
  if (size > 100)
    throw new Refusal(
      200,
      `Requesting ${size} records on the \`${name.value}\` connection exceeds the \`first\` limit of 100 records.`,
    )
  return size
}
