import { parse } from 'yaml'
import type { GitStore } from './git-store.ts'

/** What GitHub reads of a workflow before any of its jobs runs. */
export interface WorkflowFile {
  readonly name: string
  /** events by their name, with what is set for each */
  readonly triggers: ReadonlyMap<string, unknown>
  /** of the workflow, and of those of its jobs that have one */
  readonly concurrency: readonly Concurrency[]
  readonly jobs: readonly Job[]
}

/** https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency */
export interface Concurrency {
  /** may contain expressions */
  readonly group: string
  readonly cancelInProgress: boolean
  /** `queue: max`: none of those that wait is dropped */
  readonly keepsAll: boolean
  /** undefined for that of the workflow */
  readonly job: string | undefined
}

export interface Job {
  readonly name: string
  readonly environment: string | undefined
  readonly labels: readonly string[]
}

interface RawConcurrency {
  readonly group: string
  readonly 'cancel-in-progress'?: boolean
  readonly queue?: string
}

interface RawJob {
  readonly name?: string
  readonly environment?: string | { readonly name: string }
  readonly 'runs-on'?: string | readonly string[]
  readonly concurrency?: string | RawConcurrency
}

/** Reads a workflow at a revision; undefined when it is not there. @param workflow name of its file */
export async function readWorkflowFile(
  { git }: { readonly git: GitStore },
  { workflow, revision }: { workflow: string; revision: string },
): Promise<WorkflowFile | undefined> {
  const path = `.github/workflows/${workflow}`
  const file = (await git.readTree(revision, { recursive: true, under: path })).find(
    (each) => each.path === path,
  )
  if (file === undefined) return undefined
  const raw = parse((await git.readBlob(file.sha)).toString('utf8')) as {
    readonly name?: string
    readonly on?: unknown
    readonly concurrency?: string | RawConcurrency
    readonly jobs?: Readonly<Record<string, RawJob | null>>
  }
  const jobs = Object.entries(raw.jobs ?? {})
  return {
    name: raw.name ?? path,
    triggers: triggersOf(raw.on),
    concurrency: [
      ...concurrencyOf(raw.concurrency, undefined),
      ...jobs.flatMap(([id, job]) => concurrencyOf(job?.concurrency, job?.name ?? id)),
    ],
    jobs: jobs.map(([id, job]) => ({
      name: job?.name ?? id,
      environment: typeof job?.environment === 'string' ? job.environment : job?.environment?.name,
      labels: [job?.['runs-on'] ?? []].flat(),
    })),
  }
}

/** `on:` is a name, a list of names, or names with settings. */
function triggersOf(on: unknown): ReadonlyMap<string, unknown> {
  if (typeof on === 'string') return new Map([[on, null]])
  if (Array.isArray(on)) return new Map(on.map((name) => [String(name), null]))
  return new Map(Object.entries(on ?? {}))
}

function concurrencyOf(
  raw: string | RawConcurrency | undefined,
  job: string | undefined,
): readonly Concurrency[] {
  if (raw === undefined) return []
  const { group, queue, ...rest } = typeof raw === 'string' ? ({ group: raw } as RawConcurrency) : raw
  return [{ group, cancelInProgress: rest['cancel-in-progress'] ?? false, keepsAll: queue === 'max', job }]
}
