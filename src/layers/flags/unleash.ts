import { z } from 'zod'
import { ConflictError, InputError, message, RefusedError, setting } from '../../errors.ts'
import { pathOf } from '../../http/api-request.ts'
import { ask, type FlagCall, type FlagConnection, readAs } from './ask.ts'
import type { Flag, FlagService, Served } from './service.ts'
import { canonical } from './snapshot.ts'

/** Where the flags are. */
export interface UnleashOptions extends FlagConnection {
  readonly project: string
  /** of Unleash */
  readonly environment: string
}

/** All of a strategy but its id: one that was deleted comes back under another. */
const strategySchema = z.object({
  name: z.string(),
  title: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  constraints: z.array(z.unknown()).nullish(),
  variants: z.array(z.unknown()).nullish(),
  segments: z.array(z.number()).nullish(),
  disabled: z.boolean().nullish(),
})
type Strategy = z.infer<typeof strategySchema>

const stateSchema = z.object({
  archived: z.boolean(),
  enabled: z.boolean(),
  strategies: z.array(strategySchema),
  variants: z.array(z.unknown()),
})
type State = z.infer<typeof stateSchema>

const exportSchema = z.object({
  features: z.array(z.object({ name: z.string(), project: z.string(), archived: z.boolean().optional() })),
  featureStrategies: z.array(strategySchema.extend({ id: z.string(), featureName: z.string() })),
  featureEnvironments: z.array(
    z.object({ featureName: z.string(), enabled: z.boolean(), variants: z.array(z.unknown()).nullish() }),
  ),
})

const archiveSchema = z.object({ features: z.array(z.object({ name: z.string() })) })

const playgroundSchema = z.object({
  features: z.array(
    z.object({
      name: z.string(),
      isEnabled: z.union([z.boolean(), z.literal('unevaluated')]),
      isEnabledInCurrentEnvironment: z.boolean(),
    }),
  ),
})

const service = 'Unleash'

/** Unleash 5 and later, by its admin API: https://docs.getunleash.io/reference/api/unleash */
export function openUnleash(options: UnleashOptions): FlagService {
  const { project, environment } = options
  const call = (request: FlagCall) => ask(service, options, request)
  const feature = (name: string) => `/api/admin/projects${pathOf(project)}/features${pathOf(name)}`
  const inEnvironment = (name: string) => `${feature(name)}/environments${pathOf(environment)}`
  const ids = new Map<string, readonly string[]>()

  const list = async (wanted: readonly string[] = []) => {
    const doing = `read the flags of ${project}`
    const { body } = await call({
      method: 'POST',
      path: '/api/admin/features-batch/export',
      json: { environment, project },
      doing,
    })
    const exported = readAs(exportSchema, body, service, doing)
    const { features, featureStrategies, featureEnvironments } = exported
    const flags = new Map<string, Flag>()
    const strategies = Map.groupBy(featureStrategies, ({ featureName }) => featureName)
    const environments = new Map(featureEnvironments.map((each) => [each.featureName, each]))
    for (const { name } of features) {
      const own = strategies.get(name) ?? []
      ids.set(
        name,
        own.map(({ id }) => id),
      )
      const held = environments.get(name)
      // an environment that does not exist is exported without an error, and every flag would be off in it
      if (held === undefined)
        throw new InputError(
          message`${setting('flags.environment')} is ${JSON.stringify(environment)}, which ${service} does not have for the project ${project}; write the name of one of its environments`,
        )
      const state = {
        archived: false,
        enabled: held.enabled,
        strategies: own.map(contentOf),
        variants: held.variants ?? [],
      }
      flags.set(name, flagOf(name, state))
    }
    // the search is limited to some requests a minute: only for what the export does not have
    for (const name of wanted.filter((each) => !flags.has(each)))
      if (await isArchived(name)) flags.set(name, flagOf(name, archivedState))
    return flags
  }

  const isArchived = async (name: string) => {
    const query = new URLSearchParams({
      project: `IS:${project}`,
      archived: 'IS:true',
      query: name,
      limit: '100',
    })
    const doing = `look for ${name} in the archive`
    const { body } = await call({ path: `/api/admin/search/features?${query}`, doing })
    return readAs(archiveSchema, body, service, doing).features.some((each) => each.name === name)
  }

  const restore = async (flag: Flag, text: string) => {
    const { name } = flag
    const wanted = stateSchema.parse(JSON.parse(text))
    const doing = `restore ${name}`
    if (wanted.archived)
      throw new RefusedError(
        `${name} was archived, and a flag that is in use is not archived: switch it off instead`,
      )
    if (wanted.enabled && wanted.strategies.length === 0)
      throw new RefusedError(
        `${name} was on without a strategy, and ${service} would add one that lets everybody in: restore it manually`,
      )
    const now = stateSchema.parse(JSON.parse((await revived(flag, doing)).state))
    await restoreStrategies(name, now, wanted, doing)
    if (canonical(now.variants) !== canonical(wanted.variants))
      await call({ method: 'PUT', path: `${inEnvironment(name)}/variants`, json: wanted.variants, doing })
    // last, so that nobody is let in by a strategy that is about to be changed
    if (now.enabled !== wanted.enabled)
      await call({ method: 'POST', path: `${inEnvironment(name)}/${wanted.enabled ? 'on' : 'off'}`, doing })
  }

  /** The flag out of the archive, with the strategies that it had there. */
  const revived = async (flag: Flag, doing: string): Promise<Flag> => {
    if (!flag.archived) return flag
    const path = `/api/admin/projects${pathOf(project)}/revive`
    await call({ method: 'POST', path, json: { features: [flag.name] }, doing })
    const now = (await list()).get(flag.name)
    if (now !== undefined) return now
    throw new ConflictError(`could not ${doing}: it is not there after it was taken out of the archive`)
  }

  /** By id and in place: to delete the last one would switch the environment off. */
  const restoreStrategies = async (name: string, now: State, wanted: State, doing: string) => {
    const own = ids.get(name) ?? []
    for (const [index, strategy] of wanted.strategies.entries()) {
      const [current, id] = [now.strategies[index], own[index]]
      if (current !== undefined && canonical(current) === canonical(strategy)) continue
      const path = `${inEnvironment(name)}/strategies`
      if (id === undefined) await call({ method: 'POST', path, json: strategy, doing })
      else await call({ method: 'PUT', path: `${path}${pathOf(id)}`, json: strategy, doing })
    }
    for (const id of own.slice(wanted.strategies.length))
      await call({ method: 'DELETE', path: `${inEnvironment(name)}/strategies${pathOf(id)}`, doing })
  }

  return {
    at: `${service} at ${options.url}, environment ${environment}`,
    caveat: `${service} compares no versions: what somebody else changes at the very moment of the write is overwritten, and shows in its event log`,
    list,
    change: async (changes) => {
      for (const { flag, state } of changes) {
        if (state !== undefined) await restore(flag, state)
        else
          await call({
            method: 'POST',
            path: `${inEnvironment(flag.name)}/off`,
            doing: `switch ${flag.name} off`,
          })
      }
      return undefined
    },
    serve: async (names) => {
      const doing = 'evaluate the flags'
      const { body } = await call({
        method: 'POST',
        path: '/api/admin/playground',
        json: { environment, projects: [project], context: { appName: 'rollback' } },
        doing,
      })
      const { features } = readAs(playgroundSchema, body, service, doing)
      const served = new Map(features.map((each) => [each.name, servedBy(each)]))
      // the answer has all flags of the environment but those in the archive, which no client is given
      return new Map(names.map((name) => [name, served.get(name) ?? inArchive]))
    },
  }
}

/** An SDK that is not given a flag calls it off, unless the code that asks says otherwise. */
const inArchive: Served = { value: 'off', reason: 'clients are not given it', isOff: true, isAbsent: true }

const archivedState: State = { archived: true, enabled: false, strategies: [], variants: [] }

function contentOf({
  name,
  title,
  parameters,
  constraints,
  variants,
  segments,
  disabled,
}: Strategy): Strategy {
  return {
    name,
    title: title ?? null,
    parameters: parameters ?? {},
    constraints: constraints ?? [],
    variants: variants ?? [],
    segments: segments ?? [],
    disabled: disabled ?? false,
  }
}

function flagOf(name: string, state: State): Flag {
  return {
    name,
    on: state.enabled && !state.archived,
    archived: state.archived,
    state: canonical(state),
    version: '',
  }
}

/** Off for everybody: the environment is off, whatever the strategies would let in. */
function servedBy({
  isEnabled,
  isEnabledInCurrentEnvironment,
}: z.infer<typeof playgroundSchema>['features'][number]): Served {
  return {
    value: isEnabled === true ? 'on' : 'off',
    reason: isEnabledInCurrentEnvironment ? 'its strategies decide' : 'the environment is off',
    isOff: !isEnabledInCurrentEnvironment,
  }
}
