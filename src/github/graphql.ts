import type { z } from 'zod'
import type { Repository } from './client.ts'
import { readRefusal } from './refusal.ts'

/**
 * Asks GraphQL for several things in one request. What the token may not see is null in the answer, as is what is not there:
 * whoever needs it asks the REST API, which says why.
 * @param text of a query, which may use `$owner` and `$repo`
 * @returns undefined where there is no answer of this shape
 * @throws what `explained` understands, when nothing was answered
 */
export async function query<S extends z.ZodType>(
  { octokit, owner, repo }: Repository,
  text: string,
  variables: Readonly<Record<string, string>>,
  shape: S,
): Promise<z.infer<S> | undefined> {
  try {
    const data: unknown = await octokit.graphql(text, { owner, repo, ...variables })
    return shape.safeParse(data).data
  } catch (error) {
    // some of it was refused, and the rest is there
    const refusal = readRefusal(error)
    if (refusal?.status === 200 && error instanceof Error && 'data' in error && error.data !== null)
      return shape.safeParse(error.data).data
    throw error
  }
}
