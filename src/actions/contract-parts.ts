import { input } from '../runner/inputs.ts'

/** Inputs that every action has, so that they mean the same everywhere. */
export const commonInputs = {
  token: input.secret({
    description: 'Token for the GitHub API.',
    required: true,
    default: '${{ github.token }}',
  }),
  config: input.text({
    description: 'Path of the configuration file in the repository. Without that file the defaults hold.',
    default: '.github/rollback.yml',
  }),
  environment: input.name({
    description:
      'Name of the environment. Left empty: that of the deployment event, else the configured one, else `production`.',
  }),
  revision: input.text({
    description:
      'Full id of the deployed commit that may be bad. Left empty: that of the deployment or workflow-run event; in a run that was started manually, by a comment or by a schedule, what is deployed: the revision of the newest deployment of the environment that succeeded; else the commit this workflow runs for.',
  }),
  secrets: input.secret({
    description:
      'Secrets of the workflow as JSON, from the expression `toJSON(secrets)`: those that the settings name become environment variables of this step, and no others. Not needed where `env` sets them.',
  }),
} as const

/** When the permission `deployments: read` is wanted by an action that has no other use of it. */
export const deployedRevision =
  'in a run by hand, by a comment or on a schedule, to see what is deployed, where the input `revision` does not say it'

/** Outputs that every action has. */
export const commonOutputs = {
  incident: 'Id of the incident: the same for the same environment and failed revision.',
  decision: 'What was decided or done, as one word.',
  'reason-code': 'Why, as one word.',
  result: 'All outputs as one JSON object with `schema: 1`.',
} as const
