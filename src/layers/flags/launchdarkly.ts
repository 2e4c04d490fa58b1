import { z } from 'zod'
import { RefusedError } from '../../errors.ts'
import { pathOf } from '../../http/api-request.ts'
import { ask, type FlagCall, type FlagConnection, readAs } from './ask.ts'
import type { Flag, FlagClient, FlagService } from './service.ts'
import { canonical } from './snapshot.ts'

export interface LaunchDarklyOptions extends FlagConnection {
  /** asks as a client; undefined where the settings name none */
  readonly client?: FlagClient | undefined
  /** key of the project */
  readonly project: string
  /** key of the environment */
  readonly environment: string
}

/** What of a flag's environment a restore brings back. Other fields are kept as they are: they are not written. */
const environmentSchema = z.object({
  on: z.boolean(),
  archived: z.boolean().optional(),
  offVariation: z.number().nullish(),
  fallthrough: z.unknown().optional(),
  rules: z.array(z.unknown()).optional(),
  targets: z.array(z.unknown()).optional(),
  contextTargets: z.array(z.unknown()).optional(),
  prerequisites: z.array(z.unknown()).optional(),
  version: z.number().optional(),
})

const flagSchema = z.object({
  key: z.string(),
  archived: z.boolean().optional(),
  _version: z.number().optional(),
  variations: z.array(z.object({ value: z.unknown() })).optional(),
  environments: z.record(z.string(), environmentSchema),
})
const listSchema = z.object({ items: z.array(flagSchema), totalCount: z.number().optional() })

const service = 'LaunchDarkly'
const perPage = 100

/**
 * LaunchDarkly, by semantic patches: one that turns a flag off says nothing of its targeting.
 * Written from https://launchdarkly.com/docs/api/feature-flags; not tried against the live service.
 */
export function openLaunchDarkly(options: LaunchDarklyOptions): FlagService {
  const { project, environment } = options
  const call = (request: FlagCall) => ask(service, options, request)
  const flagPath = (name: string) => `/api/v2/flags${pathOf(project, name)}`

  const list = async () => {
    const doing = `read the flags of ${project}`
    const found = new Map<string, Flag>()
    for (let offset = 0, total = 1; offset < total; offset += perPage) {
      const query = new URLSearchParams({
        env: environment,
        summary: 'false',
        limit: String(perPage),
        offset: String(offset),
      })
      const { body } = await call({ path: `/api/v2/flags${pathOf(project)}?${query}`, doing })
      const page = readAs(listSchema, body, service, doing)
      total = page.totalCount ?? page.items.length
      for (const flag of page.items) found.set(flag.key, toFlag(flag, environment))
    }
    return found
  }

  const patch = (name: string, doing: string, instructions: readonly unknown[]) =>
    call({
      method: 'PATCH',
      path: flagPath(name),
      headers: { 'content-type': 'application/json; domain-model=launchdarkly.semanticpatch' },
      json: { environmentKey: environment, comment: `rollback: ${doing}`, instructions },
      doing,
    })

  return {
    at: `${service}, project ${project}, environment ${environment}`,
    offMeans: 'a flag that is off serves its off variation',
    caveat: `${service} refuses a change that conflicts with an approval or a schedule; two changes at the very same moment are both in its audit log`,
    list,
    change: async (changes) => {
      for (const { flag, state } of changes) {
        const { name } = flag
        if (state === undefined) {
          refuseServedOff(flag)
          await patch(name, `switch ${name} off`, [{ kind: 'turnFlagOff' }])
        } else await patch(name, `restore ${name}`, instructionsOf(flag, state))
      }
      return undefined
    },
    serve: options.client,
  }
}

interface State {
  readonly archived: boolean
  readonly offValue: unknown
  readonly environment: Omit<z.infer<typeof environmentSchema>, 'version' | 'archived'>
}
const stateSchema = z.object({
  archived: z.boolean(),
  offValue: z.unknown(),
  environment: environmentSchema.omit({ version: true, archived: true }),
})

function toFlag(
  { key, archived = false, variations = [], environments }: z.infer<typeof flagSchema>,
  name: string,
): Flag {
  const held = environments[name]
  if (held === undefined) throw new RefusedError(`${service} has no environment ${name} for the flag ${key}`)
  const { version, archived: _, ...environment } = held
  const offValue = environment.offVariation == null ? undefined : variations[environment.offVariation]?.value
  const state: State = { archived, offValue, environment }
  return {
    name: key,
    on: held.on && !archived,
    archived,
    state: canonical(state),
    version: version === undefined ? '' : `version ${version}`,
  }
}

/** A flag whose off variation is true would be served as on: https://github.com/launchdarkly/terraform-provider-launchdarkly/issues/198 */
function refuseServedOff({ name, state }: Flag): void {
  const { offValue } = stateSchema.parse(JSON.parse(state))
  if (offValue === true || offValue === undefined)
    throw new RefusedError(
      `${name} serves ${offValue === true ? '`true`' : 'the default in the code'} when it is off: set its off variation in ${service} to what is safe`,
    )
}

/** https://launchdarkly.com/docs/api/feature-flags/patch-feature-flag#semantic-patch: each of them replaces all of its kind */
function instructionsOf(now: Flag, text: string): readonly unknown[] {
  const [is, was] = [now.state, text].map((each) => stateSchema.parse(JSON.parse(each)))
  if (is === undefined || was === undefined) return []
  const differs = (key: keyof State['environment']) =>
    canonical(is.environment[key]) !== canonical(was.environment[key])
  const { environment } = was
  return [
    ...(is.archived && !was.archived ? [{ kind: 'restoreFlag' }] : []),
    ...(differs('rules') ? [{ kind: 'replaceRules', rules: environment.rules ?? [] }] : []),
    ...(differs('targets') ? [{ kind: 'replaceTargets', targets: environment.targets ?? [] }] : []),
    ...(differs('contextTargets')
      ? [{ kind: 'replaceTargets', targets: environment.contextTargets ?? [] }]
      : []),
    ...(differs('prerequisites')
      ? [{ kind: 'replacePrerequisites', prerequisites: environment.prerequisites ?? [] }]
      : []),
    ...(differs('fallthrough') ? [fallthroughOf(environment.fallthrough)] : []),
    ...(differs('offVariation') && environment.offVariation != null
      ? [{ kind: 'updateOffVariation', variationId: environment.offVariation }]
      : []),
    // last, so that nobody is served by rules that are about to change
    ...(is.environment.on !== environment.on
      ? [{ kind: environment.on ? 'turnFlagOn' : 'turnFlagOff' }]
      : []),
  ]
}

function fallthroughOf(fallthrough: unknown) {
  return {
    kind: 'updateFallthroughVariationOrRollout',
    ...(fallthrough as Readonly<Record<string, unknown>>),
  }
}
