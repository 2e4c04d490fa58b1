import { z } from 'zod'
import { pathOf } from '../../http/api-request.ts'
import { ask, type FlagCall, type FlagConnection, readAs } from './ask.ts'
import type { Flag, FlagClient, FlagService } from './service.ts'
import { canonical } from './snapshot.ts'

export interface GrowthBookOptions extends FlagConnection {
  /** asks as a client; undefined where the settings name none */
  readonly client?: FlagClient | undefined
  /** id of the environment */
  readonly environment: string
}

const environmentSchema = z.looseObject({
  enabled: z.boolean(),
  defaultValue: z.unknown().optional(),
  rules: z.array(z.unknown()).optional(),
})
const featureSchema = z.looseObject({
  id: z.string(),
  archived: z.boolean().optional(),
  dateUpdated: z.string().optional(),
  environments: z.record(z.string(), environmentSchema),
})
const listSchema = z.object({
  features: z.array(featureSchema),
  hasMore: z.boolean().optional(),
  nextOffset: z.number().nullish(),
})
const stateSchema = z.object({
  archived: z.boolean(),
  enabled: z.boolean(),
  rules: z.array(z.unknown()),
})

const service = 'GrowthBook'
const perPage = 100

/**
 * GrowthBook, by its REST API: a toggle names one environment, and a restore sends the rules of that environment alone.
 * Written from https://docs.growthbook.io/api; not tried against the live service.
 */
export function openGrowthBook(options: GrowthBookOptions): FlagService {
  const { environment } = options
  const call = (request: FlagCall) => ask(service, options, request)

  const list = async () => {
    const doing = 'read the features'
    const found = new Map<string, Flag>()
    for (let offset: number | undefined = 0; offset !== undefined; ) {
      const { body } = await call({ path: `/api/v1/features?limit=${perPage}&offset=${offset}`, doing })
      const page = readAs(listSchema, body, service, doing)
      for (const feature of page.features) {
        const own = feature.environments[environment]
        if (own === undefined) continue
        const archived = feature.archived ?? false
        const state = { archived, enabled: own.enabled, rules: own.rules ?? [] }
        found.set(feature.id, {
          name: feature.id,
          on: own.enabled && !archived,
          archived,
          state: canonical(state),
          version: feature.dateUpdated === undefined ? '' : `updated ${feature.dateUpdated}`,
        })
      }
      offset = page.hasMore === true ? (page.nextOffset ?? offset + perPage) : undefined
    }
    return found
  }

  const toggle = (name: string, enabled: boolean, doing: string) =>
    call({
      method: 'POST',
      path: `/api/v1/features${pathOf(name)}/toggle`,
      json: { reason: `rollback: ${doing}`, environments: { [environment]: enabled } },
      doing,
    })

  return {
    at: `${service}, environment ${environment}`,
    offMeans: 'a feature that is off is null to clients: the default in the code decides',
    caveat: `${service} compares no versions in this API: what somebody else publishes at the very moment of the write may be overwritten`,
    list,
    change: async (changes) => {
      for (const { flag, state } of changes) {
        const { name } = flag
        if (state === undefined) {
          await toggle(name, false, `switch ${name} off`)
          continue
        }
        const doing = `restore ${name}`
        const [now, wanted] = [flag.state, state].map((each) => stateSchema.parse(JSON.parse(each)))
        if (now === undefined || wanted === undefined) continue
        const isSame = now.archived === wanted.archived && canonical(now.rules) === canonical(wanted.rules)
        // a revert alone leaves the feature archived: https://github.com/growthbook/growthbook/issues/7012
        if (!isSame)
          await call({
            method: 'POST',
            path: `/api/v1/features${pathOf(name)}`,
            json: {
              archived: wanted.archived,
              environments: { [environment]: { enabled: wanted.enabled, rules: wanted.rules } },
            },
            doing,
          })
        else if (now.enabled !== wanted.enabled) await toggle(name, wanted.enabled, doing)
      }
      return undefined
    },
    serve: options.client,
  }
}
