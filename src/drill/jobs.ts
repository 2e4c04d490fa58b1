import { mkdir } from 'node:fs/promises'
import { openRepository, type Repository } from '../github/client.ts'
import { type Job, type RunProcess, runStep, type StepOptions, type StepResult } from './runner.ts'

export const owner = 'octo-org'
export const name = 'shop'

/** The repository, as somebody with a token has it. */
export function open(apiUrl: string, token: string): Repository {
  return openRepository({
    token,
    owner,
    repo: name,
    apiUrl,
    userAgent: 'rollback-suite/drill',
    log: () => {},
  })
}

/** A job, and how the processes of its steps are run: each in a new one, where nothing is said. */
export interface DrillJob extends Job {
  readonly runProcess: RunProcess | undefined
}

/** A job of a workflow run, for a revision that was pushed. */
export async function openJob({
  directory,
  apiUrl,
  serverUrl,
  token,
  sha,
  runId,
  runProcess,
}: {
  directory: string
  apiUrl: string
  serverUrl: string
  token: string
  sha: string
  runId: string
  runProcess: RunProcess | undefined
}): Promise<DrillJob> {
  await mkdir(directory, { recursive: true })
  return {
    directory,
    apiUrl,
    serverUrl,
    repository: `${owner}/${name}`,
    token,
    sha,
    eventName: 'push',
    event: {
      after: sha,
      repository: { name, full_name: `${owner}/${name}`, default_branch: 'main', owner: { login: owner } },
    },
    actor: 'grace',
    runId,
    runProcess,
  }
}

/** Runs an action as a step of a job, and says what it logs. */
export async function step(
  job: DrillJob,
  say: (line: string) => void,
  action: string,
  options: Pick<StepOptions, 'inputs' | 'env'>,
): Promise<StepResult> {
  say(`${action}:`)
  return runStep(job, { ...options, action, onLine: (line) => say(`  ${line}`) }, job.runProcess)
}
