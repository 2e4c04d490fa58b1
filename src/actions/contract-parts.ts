import { input } from '../runner/inputs.ts'

/** Inputs of every action, with the same meaning everywhere. */
export const commonInputs = {
  token: input.secret({
    description: 'Token for the GitHub API.',
    required: true,
    default: '${{ github.token }}',
  }),
  config: input.text({
    description: 'Path of the configuration file in the repository. Without this file, the defaults apply.',
    default: '.github/rollback.yml',
  }),
  environment: input.name({
    description:
      'Name of the environment. Default: that of the deployment event, else the configured one, else `production`.',
  }),
  revision: input.text({
    description:
      'Full id of the deployed commit that may be bad. Default: that of the deployment or workflow-run event; in a run that was started manually, by a comment or on a schedule, the revision of the newest successful deployment of the environment; else the commit that this workflow runs for.',
  }),
  secrets: input.secret({
    description:
      'Secrets of the workflow as JSON, from the expression `toJSON(secrets)`. Only those that the settings name become environment variables of this step. Not needed where `env` sets them.',
  }),
} as const

/** When an action that has no other use for it needs the permission `deployments: read`. */
export const deployedRevision =
  'in a run that is started manually, by a comment or on a schedule, to read what is deployed, unless the input `revision` names it'

/** Outputs that every action has. */
export const commonOutputs = {
  incident: 'Id of the incident: the same for the same environment and failed revision.',
  decision: 'What was decided or done, as one word.',
  'reason-code': 'Why, as one word.',
  result: 'All outputs as one JSON object with `schema: 1`.',
} as const
