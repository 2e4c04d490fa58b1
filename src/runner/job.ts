import { InputError } from '../errors.ts'

/**
 * The repository that this process is a step for.
 * @throws InputError outside of a workflow run
 */
export function readRepositoryName(env: NodeJS.ProcessEnv): {
  readonly owner: string
  readonly repo: string
} {
  const [, owner, repo] = /^([^/]+)\/([^/]+)$/.exec(env['GITHUB_REPOSITORY'] ?? '') ?? []
  if (owner === undefined || repo === undefined)
    throw new InputError('GITHUB_REPOSITORY is not set: run this action in a GitHub Actions workflow')
  return { owner, repo }
}
