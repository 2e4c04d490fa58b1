import { z } from 'zod'
import { environmentVariable, httpUrl, line, section } from '../../settings/fields.ts'

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

/** The section `flags` of `.github/rollback.yml`. */
export function flagsSchema() {
  return section({
    service: z.enum(flagServices).describe('Where the feature flags are.'),
    file: line()
      .optional()
      .describe(
        'For `flagd`: its file of flags, JSON or YAML, from the top of the repository, or of `folder`. Default: none.',
      ),
    folder: line()
      .optional()
      .describe(
        'For `flagd`: folder of the machine that the file is in. By default it is in the repository.',
      ),
    url: httpUrl({ example: 'https://unleash.example.com' })
      .optional()
      .describe('Address of the service. By default that of its cloud, where it has one.'),
    token: section({ env: environmentVariable('FLAGS_TOKEN') })
      .optional()
      .describe('Variable that holds a token that may change flags. By default there is none.'),
    project: line().optional().describe('Project of the service that the flags are in. Default: none.'),
    environment: line()
      .optional()
      .describe('Environment of the service: flags are changed in it alone. Default: none.'),
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
      .describe(
        'For `http`: the request that puts an earlier state back, with it as the body. By default none does.',
      ),
    disable: z
      .array(line())
      .default([])
      .describe(
        'Flags that a rollback switches off, by name. By default flags are restored from a backup instead.',
      ),
    restore: z
      .array(line())
      .default([])
      .describe('Flags that are restored from a backup, by name. By default all that it has.'),
    storage: line()
      .optional()
      .describe(
        'Folder of the backups of flags, as in config-rollback. Needed unless `disable` names flags. Default: none.',
      ),
    target: line()
      .default('before-deployment')
      .describe('The backup that is gone back to, as `config.target`, where `disable` names no flags.'),
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
      if (given.disable.length > 0 && given.restore.length > 0)
        context.addIssue({
          code: 'custom',
          path: ['restore'],
          message: 'stands beside `disable`; write one of them: flags are switched off, or as they were',
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
    .describe('Feature flags. By default none are rolled back.')
}

function httpRequest() {
  return section({
    method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST').describe('Method of the request.'),
    path: line().describe('Path below `url`; `{name}` stands for the flag.'),
  })
}
