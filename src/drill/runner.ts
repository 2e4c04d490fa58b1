import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import { placesOf } from '../runner/manifest.ts'
import { openRunnerLog, type RunnerCommand } from './runner-commands.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The job that steps run in, as GitHub's runner describes it to them by variables and files. */
export interface Job {
  /** where the runner's files are kept */
  readonly directory: string
  readonly apiUrl: string
  readonly serverUrl: string
  /** `owner/name` */
  readonly repository: string
  readonly token: string
  readonly sha: string
  readonly eventName: string
  readonly event: unknown
  readonly actor: string
  readonly runId: string
}

export interface StepOptions {
  /** name of the action */
  readonly action: string
  readonly inputs?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** called with each line of the log, secrets masked, as the runner shows it */
  readonly onLine?: (line: string) => void
  /** called once the process runs, so that a test can kill it, or cancel it as the runner does */
  readonly onStart?: (kill: () => void, cancel: (signal?: 'SIGINT' | 'SIGTERM') => void) => void
}

export interface StepResult {
  /** null when it was killed; 1 also when the runner fails the step for a command that it does not allow */
  readonly exitCode: number | null
  readonly outputs: Readonly<Record<string, string>>
  /** what the step added to the job's summary, Markdown */
  readonly summary: string
  /** the log as people see it: commands carried out, secrets masked */
  readonly log: string
  /** everything the process printed, commands and all */
  readonly raw: string
  /** the commands that the runner carried out */
  readonly commands: readonly RunnerCommand[]
}

const manifestSchema = z.object({
  inputs: z.record(z.string(), z.object({ default: z.string().optional() })).default({}),
  runs: z.object({ using: z.literal('node24'), main: z.string() }),
})

/** The process of a step: how it is started, and where what it prints goes. */
export interface StepProcess {
  /** the file that `main` of the manifest names */
  readonly main: string
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly output: StepOutput
  readonly onStart: StepOptions['onStart']
}

/** Called with what the process prints on each of its streams. */
export interface StepOutput {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

/** Runs the process of a step to its end. @returns its exit code, null when it was killed */
export type RunProcess = (step: StepProcess) => Promise<number | null>

/**
 * Runs a compiled action as a step, in the way of GitHub's runner: the manifest's defaults, `INPUT_*`, files for outputs
 * and summary, the event's payload, masks and annotations in the log.
 */
export async function runStep(
  job: Job,
  { action, inputs = {}, env = {}, onLine, onStart }: StepOptions,
  runProcess: RunProcess = runNewProcess,
): Promise<StepResult> {
  const path = join(root, placesOf(action).manifest)
  const manifest = manifestSchema.parse(parse(await readFile(path, 'utf8')))
  const files = await makeFiles(job)
  const reader = openRunnerLog(onLine)
  const [stdout, stderr] = [reader.readStream(), reader.readStream()]
  const exitCode = await runProcess({
    main: join(dirname(path), manifest.runs.main),
    directory: job.directory,
    env: {
      PATH: process.env['PATH'] ?? '',
      ...jobVariables(job, action),
      ...files.variables,
      ...inputVariables(manifest, inputs, job),
      ...env,
    },
    output: { stdout: stdout.read, stderr: stderr.read },
    onStart,
  })
  for (const { end } of [stdout, stderr]) end()
  return {
    exitCode: reader.failures().length > 0 ? 1 : exitCode,
    outputs: parseOutputs(await readFile(files.output, 'utf8')),
    summary: await readFile(files.summary, 'utf8'),
    log: reader.log(),
    raw: reader.raw(),
    commands: reader.commands(),
  }
}

/** A process for each step, as the runner has it. */
export async function runNewProcess({
  main,
  directory,
  env,
  output,
  onStart,
}: StepProcess): Promise<number | null> {
  const child = spawn(process.execPath, [main], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], env })
  onStart?.(
    () => child.kill('SIGKILL'),
    (signal = 'SIGINT') => child.kill(signal),
  )
  child.stdout.setEncoding('utf8').on('data', output.stdout)
  child.stderr.setEncoding('utf8').on('data', output.stderr)
  return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
}

async function makeFiles({ directory, event }: Job) {
  const folder = join(directory, `step-${randomUUID()}`)
  await mkdir(folder, { recursive: true })
  const [output, summary, payload] = [
    join(folder, 'output'),
    join(folder, 'summary.md'),
    join(folder, 'event.json'),
  ]
  await Promise.all([
    writeFile(output, ''),
    writeFile(summary, ''),
    writeFile(payload, JSON.stringify(event)),
  ])
  const variables = {
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_EVENT_PATH: payload,
    RUNNER_TEMP: folder,
  }
  return { output, summary, variables }
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables */
function jobVariables(
  { apiUrl, serverUrl, repository, sha, eventName, actor, runId, directory }: Job,
  action: string,
): Record<string, string> {
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: action,
    GITHUB_ACTOR: actor,
    GITHUB_API_URL: apiUrl,
    GITHUB_EVENT_NAME: eventName,
    GITHUB_JOB: 'guard',
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: runId,
    GITHUB_SERVER_URL: serverUrl,
    GITHUB_SHA: sha,
    GITHUB_WORKFLOW: 'deploy',
    GITHUB_WORKSPACE: directory,
  }
}

function inputVariables(
  { inputs }: z.infer<typeof manifestSchema>,
  given: Readonly<Record<string, string>>,
  { token }: Job,
): Record<string, string> {
  const unknown = Object.keys(given).filter((name) => !(name in inputs))
  if (unknown.length > 0) throw new TypeError(`the action has no input ${unknown.join(', ')}`)
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { default: fallback = '' }]) => {
      const value = given[name] ?? fallback.replace('${{ github.token }}', token)
      return [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]
    }),
  )
}

/** `name<<delimiter`, the value, the delimiter again. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {}
  const pattern = /^(?<name>[^\n<]+)<<(?<delimiter>[^\n]+)\n(?<value>[\s\S]*?)\n\k<delimiter>$/gm
  for (const { groups } of text.matchAll(pattern)) {
    if (groups?.['name'] !== undefined) outputs[groups['name']] = groups['value'] ?? ''
  }
  return outputs
}
