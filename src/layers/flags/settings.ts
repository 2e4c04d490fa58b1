import { z } from 'zod'
import { httpUrl, line, secretVariable, section } from '../../settings/fields.ts'

export const flagServices = ['flagd', 'unleash', 'launchdarkly', 'growthbook', 'firebase', 'http'] as const

/** What each service needs of the settings, and what has no meaning for it. */
const needs: Readonly<Record<(typeof flagServices)[number], readonly string[]>> = {
  flagd: ['file'],
  unleash: ['url', 'token', 'project', 'environment'],
  launchdarkly: ['token', 'project', 'environment'],
  growthbook: ['token', 'environment'],
  firebase: ['token', 'project'],
  http: ['url', 'list', 'disable-request'],
}

const optional: Readonly<Record<(typeof flagServices)[number], readonly string[]>> = {
  flagd: ['folder'],
  unleash: [],
  launchdarkly: ['url'],
  growthbook: ['url'],
  firebase: ['url'],
  http: ['token', 'restore-request'],
}

/** What a client of a service needs, and what else may be said of it; a service that is missing is asked as a client without any. */
const clients: Partial<
  Readonly<
    Record<(typeof flagServices)[number], readonly [needs: readonly string[], optional: readonly string[]]>
  >
> = {
  launchdarkly: [['key'], ['url']],
  growthbook: [['key'], ['url']],
  firebase: [['key', 'app'], ['url']],
  http: [['path'], ['key', 'url', 'value', 'off']],
}

/** The section `flags` of `.github/rollback.yml`. */
export function flagsSchema() {
  return section({
    service: z.enum(flagServices).describe('Where the feature flags are.'),
    file: line()
      .optional()
      .describe(
        'For `flagd`: its file of flags, JSON or YAML, from the root of the repository or of `folder`. Default: none.',
      ),
    folder: line()
      .optional()
      .describe('For `flagd`: folder of the machine with the file. Default: the file is in the repository.'),
    url: httpUrl({ example: 'https://unleash.example.com' })
      .optional()
      .describe('Address of the service. Default: that of its cloud, if it has one.'),
    token: secretVariable('FLAGS_TOKEN')
      .optional()
      .describe('Variable that holds a token that may change flags. Default: none.'),
    project: line().optional().describe('Project of the service that the flags are in. Default: none.'),
    environment: line()
      .optional()
      .describe('Environment of the service, the only one in which flags are changed. Default: none.'),
    list: section({
      path: line().describe('Path of a GET that answers with all flags, such as `/api/flags`.'),
      flags: line().default('$').describe('JSONPath of the list of flags.'),
      name: line().default('$.name').describe('JSONPath of the name in a flag.'),
      on: line().default('$.enabled').describe('JSONPath of whether a flag is on, `true` or `false`.'),
    })
      .optional()
      .describe('For `http`: how the flags are read. Default: none.'),
    'disable-request': httpRequest()
      .optional()
      .describe('For `http`: the request that switches a flag off. Default: none.'),
    'restore-request': httpRequest()
      .optional()
      .describe('For `http`: the request that restores an earlier state, which is its body. Default: none.'),
    client: clientSchema(),
    disable: z
      .array(line())
      .default([])
      .describe(
        'Names of the flags that a rollback switches off. Default: flags are restored from a backup instead.',
      ),
    restore: z
      .array(line())
      .default([])
      .describe('Names of the flags that are restored from a backup. Default: all flags in the backup.'),
    storage: line()
      .optional()
      .describe(
        'Folder of the backups of flags, as in config-rollback. Needed unless `disable` names flags. Default: none.',
      ),
    target: line()
      .default('before-deployment')
      .describe('The backup to restore, as in `config.target`, if `disable` names no flags.'),
  })
    .superRefine((given, context) => {
      const known = Object.entries(given)
      for (const key of needs[given.service])
        if (!known.some(([each, value]) => each === key && value !== undefined))
          context.addIssue({
            code: 'custom',
            path: [key],
            message: `is missing; \`service: ${given.service}\` needs it`,
          })
      const own = new Set([
        'service',
        'disable',
        'restore',
        'storage',
        'target',
        ...(clients[given.service] === undefined ? [] : ['client']),
        ...needs[given.service],
        ...optional[given.service],
      ])
      for (const [key, value] of known)
        if (value !== undefined && !own.has(key))
          context.addIssue({
            code: 'custom',
            path: [key],
            message: `is not for \`service: ${given.service}\`; leave it out`,
          })
      const [asked = [], more = []] = clients[given.service] ?? []
      for (const key of asked)
        if (
          given.client !== undefined &&
          Object.entries(given.client).every(([each, value]) => each !== key || value === undefined)
        )
          context.addIssue({
            code: 'custom',
            path: ['client', key],
            message: `is missing; the client of \`service: ${given.service}\` needs it`,
          })
      for (const [key, value] of Object.entries(given.client ?? {}))
        if (value !== undefined && clients[given.service] !== undefined && ![...asked, ...more].includes(key))
          context.addIssue({
            code: 'custom',
            path: ['client', key],
            message: `is not for the client of \`service: ${given.service}\`; leave it out`,
          })
      if (given.disable.length > 0 && given.restore.length > 0)
        context.addIssue({
          code: 'custom',
          path: ['restore'],
          message:
            'cannot be combined with `disable`; write one of them: flags are either switched off or restored',
        })
      if (given.disable.length === 0 && given.storage === undefined)
        context.addIssue({
          code: 'custom',
          path: ['storage'],
          message: 'is missing; write the folder of the backups, or flags to switch off in `disable`',
        })
    })
    .transform(({ 'disable-request': disableRequest, 'restore-request': restoreRequest, ...rest }) => ({
      ...rest,
      disableRequest,
      restoreRequest,
    }))
    .optional()
    .describe('Feature flags. Default: none are rolled back.')
}

function clientSchema() {
  return section({
    key: secretVariable('FLAGS_CLIENT_KEY')
      .optional()
      .describe(
        'Variable that holds what clients have: for `launchdarkly` an SDK key or a client-side ID, for `growthbook` the key of an SDK connection, for `firebase` an API key, for `http` the header `authorization`. Default: none.',
      ),
    url: httpUrl({ example: 'https://clientsdk.launchdarkly.com' })
      .optional()
      .describe(
        'Address that clients request. Default: that of the cloud of the service; for `http`, that of `url`.',
      ),
    app: line()
      .optional()
      .describe('For `firebase`: id of the app, such as `1:1234:web:abcd`. Default: none.'),
    path: line()
      .optional()
      .describe(
        'For `http`: path of a GET that answers with what a client is served; `{name}` stands for the flag. Default: none.',
      ),
    value: line()
      .optional()
      .describe('For `http`: JSONPath of the value in the answer. Default: `$`, the answer itself.'),
    off: line()
      .optional()
      .describe('For `http`: the value of a flag that is off, as JSON. Default: `false`.'),
  })
    .optional()
    .describe(
      'How flags are evaluated as a client after a change, for `launchdarkly`, `growthbook`, `firebase` and `http`. Default: they are not, and the rollback ends as `not-verified`.',
    )
}

function httpRequest() {
  return section({
    method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST').describe('Method of the request.'),
    path: line().describe('Path below `url`; `{name}` stands for the flag.'),
  })
}
