import { commandLineKinds, serverKinds } from '../../layers/ota/update-server.ts'
import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'
import { guardInputs } from '../guard-inputs.ts'
import { planInputs, planOutputs, planPermissions, planRules } from '../plan-inputs.ts'

export const codepushRollback = defineAction({
  name: 'codepush-rollback',
  title: 'CodePush rollback',
  description:
    'Rolls back a bad over-the-air update, and verifies it by asking the update server as a device does.',
  branding: { icon: 'smartphone', color: 'blue' },
  permissions: { contents: 'write' },
  morePermissions: {
    'deployments: read': deployedRevision,
    'issues: read': 'to read labels that hold automatic rollbacks; without it, labels are not checked',
    ...planPermissions,
  },
  afterCancelled: 'run it again to continue: a channel that is already rolled back is not changed again',
  inputs: {
    ...commonInputs,
    ...guardInputs,
    'server-url': input.text({
      setting: 'ota.server-url',
      description:
        'URL of the update server’s API, such as `https://codepush.example.com`, or `https://api.capgo.app`. For `eas`: the URL that devices request, by default `updates.url` of app.json. For `hot-updater-cli`: the base of the URLs that devices request; without it, what devices are offered is not checked.',
    }),
    'access-key': input.secret({
      setting: 'ota.access-key',
      description:
        'Access key of an account that may release to the channels, from a secret. For every kind except `eas`, which reads `EXPO_TOKEN` from the step’s env, and `hot-updater-cli`, whose configuration says what it reads there.',
    }),
    'server-kind': input.choice({
      setting: 'ota.server-kind',
      description:
        '`microsoft` (code-push-server and its descendants: Revopush, Codemagic), `lisong` (`code-push-server` of npm, shm-open), `hot-updater` (a server with its bundles API), `hot-updater-cli` (its command line, for Supabase, Cloudflare, AWS and Firebase), `eas`, `capgo`, or `auto` to find out which of the first three.',
      default: 'auto',
      options: ['auto', ...serverKinds],
    }),
    channels: input.list({
      setting: 'ota.channels',
      description:
        'What to roll back, as `app/deployment` (for hot-updater `platform/channel`, for EAS `all/branch`, for Capgo `app-id/channel`), separated by commas or lines. iOS and Android can go in one step.',
      required: true,
    }),
    project: input.text({
      setting: 'ota.project',
      description: 'Folder of the project.',
      default: '.',
    }),
    mode: input.choice({
      description: '`roll-back`, or `stop`, which halts the bad release and puts nothing in its place.',
      default: 'roll-back',
      options: ['roll-back', 'stop'],
    }),
    target: input.list({
      description:
        'Label to restore, such as `v7`: one for each channel, in their order, or one for all. Default: the newest older release for the same binaries that is enabled, has other content, and was never rolled back.',
    }),
    'from-label': input.list({
      description:
        'Label of the bad release: one for each channel, or one for all. If devices are already offered another release, nothing is changed. Default: the newest release that devices are offered.',
    }),
    'app-version': input.list({
      description:
        'The binaries to roll back: a version such as `1.4.0`, or a range as released; one for each channel, or one for all. Default: those of the bad release, and all others that its package was released for.',
    }),
    'known-bad': input.list({
      description:
        'Labels of other bad releases, separated by commas. Afterwards, no device may be offered them.',
    }),
    reason: input.text({
      description: 'The reason, in one sentence, for the post-mortem. It is not sent to the update server.',
      default: 'the deployment is unhealthy',
    }),
    'verify-timeout': input.duration({
      setting: 'ota.verify-timeout',
      description: 'How long the server may answer devices from its cache, at most.',
      default: '2m',
    }),
    'on-failure': input.choice({
      description:
        'What to do when a channel fails: `continue` rolls back the others; `undo` does that, and then puts all of them back.',
      default: 'continue',
      options: ['continue', 'undo'],
    }),
    ...planInputs,
  },
  rules: [
    { inputs: ['target'], notWith: { input: 'mode', is: ['stop'] } },
    { inputs: ['project'], onlyWith: { input: 'server-kind', is: commandLineKinds } },
    { inputs: ['access-key'], notWith: { input: 'server-kind', is: commandLineKinds } },
    ...planRules,
  ],
  rollsBack: true,
  outputs: {
    ...commonOutputs,
    ...planOutputs,
    decision:
      '`rolled-back`, `already-rolled-back`, `stopped`, `planned`, `rehearsed`, `undone` (with `on-failure: undo`), `partial` (some channels), `superseded` (another release is now the newest) or `failed`.',
    from: 'Labels that were rolled back, separated by commas: one for each channel, or for each of its binaries that had the bad package.',
    to: 'Labels that were restored.',
    label: 'Labels that are the newest now.',
    verified:
      '`true` if devices on every channel are offered the restored release. `false` if the server cannot be asked as a device, or if `app-version` did not cover a bad package, which is still offered.',
    channels: 'What was done on each channel, JSON.',
  },
})

export type CodepushStep = StepOf<typeof codepushRollback>
