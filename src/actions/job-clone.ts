import { basicCredentials } from '../layers/code/command.ts'
import { type OpenClone, prepareClone } from '../layers/code/partial-clone.ts'
import type { Step } from '../runner/action.ts'
import type { commonInputs } from './contract-parts.ts'

type CloningStep = Pick<
  Step<typeof commonInputs, string>,
  'inputs' | 'context' | 'env' | 'secrets' | 'signal' | 'temporary'
>

/** How a clone of the job's repository is made, for what the API cannot do; makes none yet. */
export function prepareJobClone({
  inputs,
  context,
  env,
  secrets,
  signal,
  temporary,
}: CloningStep): OpenClone {
  // in this form the token is in a header of git's requests
  secrets.add(basicCredentials(inputs))
  return prepareClone({
    url: `${context.serverUrl}/${context.owner}/${context.repo}.git`,
    token: inputs.token,
    directory: temporary,
    path: env['PATH'] ?? '',
    signal,
  })
}
