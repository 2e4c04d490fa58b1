import { z } from 'zod'

export type Outcome = 'success' | 'failure' | 'skipped'

/** A run as act told it. A job of a called workflow is `caller/job`, a step `caller/job.id`. */
export interface WorkflowRun {
  readonly exitCode: number | null
  readonly jobs: Readonly<Record<string, Outcome>>
  readonly steps: Readonly<Record<string, StepRun>>
  /** what people read: the steps' own lines and act's */
  readonly log: string
}

export interface StepRun {
  readonly outcome: Outcome
  readonly outputs: Readonly<Record<string, string>>
}

const entry = z.object({
  msg: z.string(),
  level: z.string().optional(),
  job: z.string().optional(),
  jobID: z.string().optional(),
  jobResult: z.string().optional(),
  stepID: z.array(z.string()).optional(),
  stepResult: z.string().optional(),
  stage: z.string().optional(),
  command: z.string().optional(),
  name: z.string().optional(),
  arg: z.string().optional(),
})
type Entry = z.infer<typeof entry>

/** Reads act's log, one JSON object a line. */
export function readLog(text: string, exitCode: number | null): WorkflowRun {
  const jobs: Record<string, Outcome> = {}
  const steps: Record<string, { outcome: Outcome; outputs: Record<string, string> }> = {}
  const lines: string[] = []
  for (const line of text.split('\n')) {
    const each = parse(line)
    if (each === undefined) {
      if (line !== '') lines.push(line)
      continue
    }
    // only its own thoughts; what is skipped is told there too
    if (each.level !== 'debug') lines.push(`[${jobName(each)}] ${each.msg.trimEnd()}`)
    if (each.jobResult !== undefined) jobs[jobName(each)] = outcomeOf(each.jobResult)
    const id = each.stepID?.join('.')
    if (id === undefined || each.stage !== 'Main') continue
    const key = `${jobName(each)}.${id}`
    const step = steps[key] ?? { outcome: 'skipped', outputs: {} }
    steps[key] = step
    if (each.stepResult !== undefined) step.outcome = outcomeOf(each.stepResult)
    if (each.command === 'set-output') step.outputs[each.name ?? ''] = each.arg ?? ''
  }
  return { exitCode, jobs, steps, log: lines.join('\n') }
}

function parse(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined
  const parsed = entry.safeParse(JSON.parse(line))
  return parsed.success ? parsed.data : undefined
}

/** `workflow/caller/job` less the workflow's name, which may have a slash of its own. */
function jobName({ job = '', jobID = '' }: Entry): string {
  return job === '' ? 'act' : job.split('/').slice(1).join('/').trim() || jobID
}

function outcomeOf(text: string): Outcome {
  return text === 'success' ? 'success' : text === 'skipped' ? 'skipped' : 'failure'
}

/** What a line of the log says of a job: that it is running, or how it ended. */
export function jobEventOf(line: string): { readonly job?: string; readonly outcome?: Outcome } {
  const each = parse(line)
  if (each === undefined || (each.stepID === undefined && each.jobResult === undefined)) return {}
  return { job: jobName(each), ...(each.jobResult !== undefined && { outcome: outcomeOf(each.jobResult) }) }
}
