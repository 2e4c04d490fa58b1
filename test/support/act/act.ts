import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { jobEventOf, type Outcome, readLog, type WorkflowRun } from './log.ts'
import { artifactLibrary, layOutRelease, root, standIns } from './release.ts'

/** The runner of workflows, where script/bootstrap put it. */
export const act = findTool('act')

export interface ActOptions {
  /** a clone of the user's repository, at the revision the workflow runs for */
  readonly clone: string
  /** path of the workflow in it */
  readonly workflow: string
  readonly event: string
  /** as GitHub sends it */
  readonly payload?: Readonly<Record<string, unknown>>
  /** of a `workflow_dispatch` */
  readonly inputs?: Readonly<Record<string, string>>
  readonly github: { readonly apiUrl: string; readonly url: string }
  readonly repository: string
  readonly token: string
  readonly actor?: string
  readonly runId?: string
  readonly secrets?: Readonly<Record<string, string>>
  readonly vars?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** makes something wrong in the suite's release before the run */
  readonly change?: (release: string) => Promise<void>
  /** called when a job starts and when it ends, with the folder of the suite's release */
  readonly onJob?: (job: string, outcome: Outcome | 'started', release: string) => void
}

/**
 * Runs a workflow of a user's repository on this machine: real expressions, conditions and outputs between jobs, and the
 * suite's bundles as its release holds them. Nothing is downloaded: an action that is not given is asked of the emulator,
 * which does not have it.
 *
 * Where act is not GitHub's runner:
 * - all jobs have one token, and `permissions:` is not looked at: the emulator changes what it may do when a job starts;
 * - `concurrency:` is not looked at, and no run waits for another; `queue:` in it is an error, and so is `deployment:` in `environment:`, so the release is laid out without;
 * - `environment:` makes no deployment: the test does, as GitHub would;
 * - `uses: $/path` is not known: the suite's workflows name the released tag, which is mapped to this checkout.
 */
export async function runWorkflow(options: ActOptions): Promise<WorkflowRun> {
  if (act === undefined) throw new Error('act is not installed: run script/bootstrap --tests')
  const directory = await mkdtemp(join(tmpdir(), 'act-'))
  try {
    await mkdir(join(directory, 'cache'))
    const release = join(directory, 'release')
    const suite = await layOutRelease(release, options.change)
    const payload = join(directory, 'event.json')
    await writeFile(payload, JSON.stringify(payloadOf(options)))
    // not on the command line, where the whole machine can read them
    const secrets = { GITHUB_TOKEN: options.token, ...options.secrets }
    await writeFile(join(directory, 'secrets'), lines(secrets))
    await writeFile(join(directory, 'vars'), lines(options.vars ?? {}))
    await writeFile(join(directory, 'env'), lines(variables(options)))
    const args = [
      options.event,
      ...['--workflows', join(options.clone, options.workflow), '--directory', options.clone],
      ...['--platform', 'ubuntu-latest=-self-hosted', '--json', '--verbose', '--no-cache-server'],
      ...['--action-cache-path', join(directory, 'cache'), '--action-offline-mode', '--pull=false'],
      ...['--eventpath', payload, '--actor', options.actor ?? 'grace', '--defaultbranch', 'main'],
      ...['--secret-file', join(directory, 'secrets'), '--var-file', join(directory, 'vars')],
      ...['--env-file', join(directory, 'env'), '--concurrent-jobs', '1'],
      ...suite,
      ...standIns(release),
      ...['--artifact-server-path', join(directory, 'artifacts'), '--artifact-server-addr', '127.0.0.1'],
      ...['--artifact-server-port', String(await freePort())],
    ]
    const { onJob = () => {} } = options
    return await carryOut(act, args, {
      directory,
      onJob: (job, outcome) => onJob(job, outcome, release),
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function carryOut(
  command: string,
  args: readonly string[],
  { directory, onJob }: { directory: string; onJob: (job: string, outcome: Outcome | 'started') => void },
): Promise<WorkflowRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // `using: node24` is the `node` that act finds; none of the developer's own settings or credentials
      env: {
        PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
        HOME: directory,
        XDG_CACHE_HOME: join(directory, 'cache'),
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_TERMINAL_PROMPT: '0',
      },
    })
    let text = ''
    const started = new Set<string>()
    createInterface(child.stdout).on('line', (line) => {
      text += `${line}\n`
      const { job, outcome } = jobEventOf(line)
      if (job === undefined) return
      if (!started.has(job) && outcome !== 'skipped') onJob(job, 'started')
      started.add(job)
      if (outcome !== undefined) onJob(job, outcome)
    })
    createInterface(child.stderr).on('line', (line) => {
      text += `${line}\n`
    })
    child.once('error', reject).once('close', (code) => resolve(readLog(text, code)))
  })
}

/** act takes inputs from the event, as GitHub sends them, or from its command line, but not from both. */
function payloadOf({ payload = {}, inputs }: ActOptions): object {
  return { ...payload, ...(inputs && { inputs }) }
}

function variables({ github, repository, runId = '7', env = {} }: ActOptions): Record<string, string> {
  return {
    GITHUB_API_URL: github.apiUrl,
    GITHUB_SERVER_URL: github.url,
    GITHUB_GRAPHQL_URL: `${github.url}/api/graphql`,
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: runId,
    ARTIFACT_LIBRARY: artifactLibrary,
    ...env,
  }
}

function lines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join('')
}

/** A tool that script/bootstrap installs: built beside the test servers, or on the PATH. */
export function findTool(name: string): string | undefined {
  const built = join(root, '.cache/test-servers', name, name)
  if (existsSync(built)) return built
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()
  return found === '' ? undefined : found
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1')
  return address.port
}
