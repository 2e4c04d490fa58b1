import { readFileSync } from 'node:fs'
import { z } from 'zod'

const examples = z.array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }))

/**
 * A payload as GitHub has sent it, from its own examples, about the repository of a test.
 * @param event e.g. `issue_comment`
 * @param action e.g. `created`
 * @param about what the test has otherwise; objects are joined, all else is put in its place
 */
export function exampleEvent(
  event: string,
  action: string,
  about: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const path = new URL(
    '../../../node_modules/@octokit/webhooks-examples/api.github.com/index.json',
    import.meta.url,
  )
  const known = examples.parse(JSON.parse(readFileSync(path, 'utf8'))).find(({ name }) => name === event)
  const example = known?.examples.find((each) => each['action'] === action)
  if (example === undefined) throw new Error(`GitHub has no example of ${event} ${action}`)
  return join(example, about)
}

function join(
  example: Readonly<Record<string, unknown>>,
  about: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const joined: Record<string, unknown> = { ...example }
  for (const [key, value] of Object.entries(about)) {
    const before = joined[key]
    joined[key] = isObject(before) && isObject(value) ? join(before, value) : value
  }
  return joined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
