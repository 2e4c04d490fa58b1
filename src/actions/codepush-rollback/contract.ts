import { serverKinds } from '../../layers/ota/update-server.ts'
import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'
import { guardInputs } from '../guarded.ts'

export const codepushRollback = defineAction({
  name: 'codepush-rollback',
  title: 'CodePush rollback',
  description:
    'Takes a bad over-the-air update back on the servers that are alive, and asks them as devices do whether it is gone.',
  branding: { icon: 'smartphone', color: 'blue' },
  permissions: { contents: 'write' },
  morePermissions: {
    'deployments: read': deployedRevision,
    'issues: read': 'to see whether a label holds automatic rollbacks; without it labels are not looked at',
  },
  afterCancelled: 'run it again to continue: a channel that is rolled back already is not changed twice',
  inputs: {
    ...commonInputs,
    ...guardInputs,
    'server-url': input.text({
      setting: 'ota.server-url',
      description:
        'Address of the update server’s API, e.g. `https://codepush.example.com`. For `eas`: the address that devices ask, by default `updates.url` of app.json.',
    }),
    'access-key': input.secret({
      setting: 'ota.access-key',
      description:
        'Access key of an account that may release to the channels. Take it from a secret. For all kinds but `eas`, which takes `EXPO_TOKEN` from the step’s env.',
    }),
    'server-kind': input.choice({
      setting: 'ota.server-kind',
      description:
        '`microsoft` (its code-push-server and what descends from it: Revopush, Codemagic), `lisong` (`code-push-server` of npm, shm-open), `hot-updater`, `eas`, or `auto` to find out which of the first three.',
      default: 'auto',
      options: ['auto', ...serverKinds],
    }),
    channels: input.list({
      setting: 'ota.channels',
      description:
        'What to roll back, as `app/deployment` (for hot-updater `platform/channel`, for EAS `all/branch`), separated by commas or lines: iOS and Android in one step.',
      required: true,
    }),
    project: input.text({
      description: 'Folder of the Expo project, for `eas`.',
      default: '.',
    }),
    mode: input.choice({
      description: '`roll-back`, or `stop`: the bad release is halted, and nothing is put in its place.',
      default: 'roll-back',
      options: ['roll-back', 'stop'],
    }),
    target: input.list({
      description:
        'Label to go back to, e.g. `v7`; one for each channel, in their order, or one for all. Left empty: the newest older release for the same binaries that is enabled, has another content, and was never rolled back.',
    }),
    'from-label': input.list({
      description:
        'Label of the bad release, as the caller knows it; one for each channel, or one for all. When devices are offered another by now, nothing is changed. Left empty: the newest that devices are offered.',
    }),
    'app-version': input.list({
      description:
        'The binaries to roll back for, a version such as `1.4.0` or a range as released; one for each channel, or one for all. Left empty: those of the bad release, and all others that its package was released for.',
    }),
    'known-bad': input.list({
      description:
        'Labels of releases that are bad as well, separated by commas: no device may be offered them afterwards.',
    }),
    reason: input.text({
      description: 'Why, in a sentence, for the post-mortem. It is not written on the update server.',
      default: 'the deployment is unhealthy',
    }),
    'verify-timeout': input.duration({
      setting: 'ota.verify-timeout',
      description: 'How long devices may be answered from the server’s cache.',
      default: '2m',
    }),
    'dry-run': input.flag({ description: 'Plan and print, and change nothing.', default: 'false' }),
  },
  outputs: {
    ...commonOutputs,
    decision:
      '`rolled-back`, `already-rolled-back`, `stopped`, `planned`, `partial` (some channels), `superseded` (another release is the newest by now) or `failed`.',
    from: 'Labels that were taken back, separated by commas: one for each channel, or for each of its binaries that had the bad package.',
    to: 'Labels that were gone back to.',
    label: 'Labels that are on top now.',
    verified:
      '`true` when devices on every channel are offered what they should be. `false` where none can be asked, and where `app-version` left a bad package on offer.',
    channels: 'What was done on each channel, JSON.',
  },
})
