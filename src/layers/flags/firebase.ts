import { z } from 'zod'
import { ConflictError, RefusedError } from '../../errors.ts'
import { pathOf } from '../../http/api-request.ts'
import { ask, type FlagCall, type FlagConnection, readAs } from './ask.ts'
import { type FirebaseClient, firebaseClient } from './firebase-client.ts'
import type { Flag, FlagChange, FlagService } from './service.ts'
import { canonical } from './snapshot.ts'

export interface FirebaseOptions extends FlagConnection {
  /** asks as a client; undefined where the settings name none */
  readonly client?: Pick<FirebaseClient, 'key' | 'app' | 'url'> | undefined
  /** id of the project */
  readonly project: string
}

/** Whatever else a template or parameter has is kept: the whole template is what is written. */
const parameterSchema = z.looseObject({
  defaultValue: z.looseObject({ value: z.string().optional() }).optional(),
  conditionalValues: z.record(z.string(), z.unknown()).optional(),
  valueType: z.string().optional(),
})
const templateSchema = z.looseObject({
  parameters: z.record(z.string(), parameterSchema).optional(),
  version: z.looseObject({ versionNumber: z.string().optional() }).optional(),
})
type Template = z.infer<typeof templateSchema>

const service = 'Firebase Remote Config'

/**
 * Firebase Remote Config: a flag is a parameter of the type BOOLEAN. The template is written whole, with its ETag, so that nothing that
 * somebody else published is overwritten, and with every field that it was read with.
 * Written from https://firebase.google.com/docs/reference/remote-config/rest; not tried against the live service.
 */
export function openFirebase(options: FirebaseOptions): FlagService {
  const { project } = options
  const call = (request: FlagCall) => ask(service, options, request)
  const path = `/v1/projects${pathOf(project)}/remoteConfig`
  const read = async () => {
    const doing = `read the template of ${project}`
    const { body, headers } = await call({ path, doing })
    const etag = headers.get('etag')
    if (etag === null)
      throw new RefusedError(`could not ${doing}: the answer has no ETag, without which nothing is written`)
    return { template: readAs(templateSchema, body, service, doing), etag }
  }
  return {
    at: `${service}, project ${project}`,
    offMeans:
      'a parameter that is off is `false` in every condition, and its conditions are kept in the receipt',
    list: async () => {
      const { template } = await read()
      return new Map(flagsOf(template).map((flag) => [flag.name, flag]))
    },
    change: async (changes) => {
      const { template, etag } = await read()
      const parameters = changes.reduce((all, change) => changeOne(all, change), template.parameters ?? {})
      const doing = `change ${changes.map(({ flag }) => flag.name).join(', ')}`
      const { version: _, ...rest } = template
      await call({ method: 'PUT', path, headers: { 'if-match': etag }, json: { ...rest, parameters }, doing })
      const written = await read()
      const { version: __, ...now } = written.template
      if (canonical(now) !== canonical({ ...rest, parameters }))
        throw new RefusedError(
          `${service} took the change, and its template is not as it was sent: check it in the console`,
        )
      return undefined
    },
    serve:
      options.client &&
      firebaseClient({
        ...options,
        ...options.client,
        keySetting: 'flags.client.key',
        publishedVersion: async () => (await read()).template.version?.versionNumber ?? '',
      }),
  }
}

function flagsOf({ parameters = {}, version }: Template): readonly Flag[] {
  return Object.entries(parameters)
    .filter(([, { valueType }]) => valueType === 'BOOLEAN')
    .map(([name, parameter]) => ({
      name,
      on: [parameter.defaultValue, ...Object.values(parameter.conditionalValues ?? {})].some(isServedOn),
      archived: false,
      state: canonical(parameter),
      version: version?.versionNumber === undefined ? '' : `version ${version.versionNumber}`,
    }))
}

/** A rollout, or a personalised value, may be true as well. */
function isServedOn(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return 'value' in value ? value.value === 'true' : !('useInAppDefault' in value)
}

/** @throws ConflictError when the parameter is not as it was read */
function changeOne(
  parameters: NonNullable<Template['parameters']>,
  { flag: { name, state: read }, state }: FlagChange,
): NonNullable<Template['parameters']> {
  const now = parameters[name]
  if (now === undefined || canonical(now) !== read)
    throw new ConflictError(
      `the parameter ${name} has changed since it was read: nothing was changed; plan again`,
    )
  if (state !== undefined) return { ...parameters, [name]: parameterSchema.parse(JSON.parse(state)) }
  const off = { value: 'false' }
  const conditions = Object.keys(now.conditionalValues ?? {})
  const conditionalValues = Object.fromEntries(conditions.map((each) => [each, off]))
  return {
    ...parameters,
    [name]: { ...now, defaultValue: off, ...(conditions.length > 0 && { conditionalValues }) },
  }
}
