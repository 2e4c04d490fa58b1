import { z } from 'zod'
import { InputError } from '../errors.ts'

const repository = z.object({ full_name: z.string() })

/** What is read of an event, key by key: one that cannot be read does not take the others with it. */
const keys = {
  deployment: z.object({
    sha: z.string(),
    environment: z.string(),
    created_at: z.string().optional(),
    transient_environment: z.boolean().optional(),
  }),
  workflow_run: z.object({ head_sha: z.string(), head_repository: repository.nullish() }),
  pull_request: z.object({
    head: z.object({ repo: repository.nullish() }),
    base: z.object({ repo: repository }),
  }),
  repository: z.object({ default_branch: z.string() }),
  action: z.string(),
  sender: z.object({ login: z.string() }),
  issue: z.object({ number: z.number().int() }),
  comment: z.object({
    id: z.number().int(),
    body: z.string(),
    user: z.object({ login: z.string(), type: z.string() }).nullable(),
  }),
}
type Key = keyof typeof keys

/** The event's own words on the deployment or the pull request it is about. */
export type EventPayload = { readonly [K in Key]?: z.infer<(typeof keys)[K]> | undefined }

/**
 * The keys that decide what a run is about and whether it is a fork's, each with the events that cannot be without it.
 * The other keys only name who asked: without them, nobody did.
 */
const deciding = {
  deployment: /^deployment(?:_status)?$/,
  workflow_run: /^workflow_run$/,
  pull_request: /^pull_request/,
} as const

/**
 * Reads the payload of an event: the keys above, and nothing else.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 * @param payload parsed JSON; undefined where there is none
 * @throws InputError where it cannot be read what the run is about
 */
export function readEvent(eventName: string, payload: unknown): EventPayload {
  const fields = z.record(z.string(), z.unknown()).safeParse(payload ?? {})
  if (!fields.success) throw unreadable(eventName, 'is not a JSON object')
  // GitHub writes null for what an event could have, and has not
  const fieldOf = (key: Key) => fields.data[key] ?? undefined
  const demand = <T>(key: keyof typeof deciding, schema: z.ZodType<T>): T | undefined => {
    const value = fieldOf(key)
    if (value === undefined && !deciding[key].test(eventName)) return undefined
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    const path = [key, ...(issue?.path ?? [])].join('.')
    throw unreadable(eventName, `has an invalid \`${path}\` (${issue?.message})`)
  }
  const read = <T>(key: Key, schema: z.ZodType<T>): T | undefined => schema.safeParse(fieldOf(key)).data
  return {
    deployment: demand('deployment', keys.deployment),
    workflow_run: demand('workflow_run', keys.workflow_run),
    pull_request: demand('pull_request', keys.pull_request),
    repository: read('repository', keys.repository),
    action: read('action', keys.action),
    sender: read('sender', keys.sender),
    issue: read('issue', keys.issue),
    comment: read('comment', keys.comment),
  }
}

function unreadable(eventName: string, why: string): InputError {
  return new InputError(
    `the payload of the event ${JSON.stringify(eventName)} ${why}: nothing was changed, because the payload decides what the run is about; check GITHUB_EVENT_PATH, or start the run manually with workflow_dispatch`,
  )
}
