import { z } from 'zod'
import { duration, httpUrl, line, secretVariable, section } from '../../settings/fields.ts'
import { parseDuration } from '../../text/duration.ts'
import { commandLineKinds, serverKinds } from './update-server.ts'

/** The section `ota` of `.github/rollback.yml`. */
export function otaSchema() {
  return section({
    'server-kind': z
      .enum(['auto', ...serverKinds])
      .default('auto')
      .describe('The kind of server, as in the input `server-kind` of codepush-rollback.'),
    'server-url': httpUrl({ example: 'https://codepush.example.com' })
      .optional()
      .describe(
        'Address of the update server’s API. For `eas`: the address that devices request, `updates.url` in app.json by default. For `hot-updater-cli`: the base of the addresses that devices request; without it, what devices are offered is not checked.',
      ),
    'access-key': secretVariable('CODEPUSH_ACCESS_KEY')
      .optional()
      .describe(
        'Variable that holds the access key. Default: none, for `eas`, which reads `EXPO_TOKEN` from the step’s `env`, and `hot-updater-cli`, whose configuration says what it reads.',
      ),
    project: line().default('.').describe('For `eas` and `hot-updater-cli`: folder of the project.'),
    channels: z
      .array(line())
      .min(1, 'is empty; write one such as `shop-ios/Production`')
      .describe(
        'What is rolled back, as `app/deployment`; for `eas` as `all/branch`, for `capgo` as `app-id/channel`.',
      ),
    'verify-timeout': duration({ max: parseDuration('1h') })
      .prefault('2m')
      .describe('How long devices may be answered from the server’s cache.'),
  })
    .superRefine((given, context) => {
      const kind = given['server-kind']
      const hasProject = commandLineKinds.includes(kind)
      const refuse = (key: keyof typeof given, message: string) =>
        context.addIssue({ code: 'custom', path: [key], message })
      if (hasProject && given['access-key'] !== undefined)
        refuse(
          'access-key',
          `is not for \`server-kind: ${kind}\`; leave it out, and set ${kind === 'eas' ? '`EXPO_TOKEN`' : 'what hot-updater.config reads'} in the step’s \`env\``,
        )
      if (!hasProject && given['server-url'] === undefined)
        refuse('server-url', 'is missing; write an address, such as `https://codepush.example.com`')
      if (!hasProject && given['access-key'] === undefined)
        refuse('access-key', 'is missing; write `{ env: NAME }`')
      if (!hasProject && given.project !== '.')
        refuse('project', 'is only for `server-kind: eas` and `hot-updater-cli`; leave it out')
    })
    .transform((all) => ({
      serverUrl: all['server-url'],
      accessKey: all['access-key'],
      serverKind: all['server-kind'],
      project: all.project,
      channels: all.channels,
      verifyTimeoutMs: all['verify-timeout'],
    }))
    .optional()
    .describe('Over-the-air updates. Default: none are rolled back.')
}
