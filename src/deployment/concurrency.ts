import { parse } from 'yaml'
import { z } from 'zod'

/** `concurrency` of a workflow or of a job. */
export interface DeclaredGroup {
  /** may contain expressions */
  readonly group: string
  /** a newer run ends the one that holds the group; an expression counts as yes */
  readonly cancelsRunning: boolean
}

const concurrency = z.union([
  z.string().transform((group) => ({ group, 'cancel-in-progress': false })),
  z.object({
    group: z.coerce.string(),
    'cancel-in-progress': z.union([z.boolean(), z.string()]).default(false),
  }),
])
const workflow = z.object({
  name: z.string().optional(),
  concurrency: concurrency.optional().catch(undefined),
  jobs: z
    .record(
      z.string(),
      z
        .object({ concurrency: concurrency.optional().catch(undefined) })
        .nullable()
        .catch(null),
    )
    .catch({}),
})

/**
 * The concurrency groups that a workflow names, for itself and for its jobs. What it calls is not read.
 * https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
 * @param text of its file; one that is no workflow names none
 */
export function declaredGroups(text: string): readonly DeclaredGroup[] {
  const parsed = workflow.safeParse(parseYaml(text)).data
  if (parsed === undefined) return []
  return [parsed.concurrency, ...Object.values(parsed.jobs).map((job) => job?.concurrency)].flatMap((each) =>
    each === undefined ? [] : [{ group: each.group, cancelsRunning: each['cancel-in-progress'] !== false }],
  )
}

/** What is known of a run before it is started, for the expressions in the name of its group. */
export interface RunToCome {
  /** the workflow's own name, else the path of its file */
  readonly workflow: string
  readonly branch: string
  readonly repository: string
}

/**
 * Whether a run would be in a group. Names are case-insensitive. An expression that is not known before the run may stand for
 * anything: then a group counts when the rest of its name fits.
 */
export function isInGroup({ group }: DeclaredGroup, name: string, run: RunToCome): boolean {
  const known: Readonly<Record<string, string>> = {
    'github.workflow': run.workflow,
    'github.ref': `refs/heads/${run.branch}`,
    'github.ref_name': run.branch,
    'github.repository': run.repository,
    'github.event_name': 'workflow_dispatch',
  }
  let literal = ''
  const pattern = group
    .split(/(\$\{\{.*?\}\})/)
    .map((part) => {
      const expression = /^\$\{\{\s*(.*?)\s*\}\}$/.exec(part)?.[1]
      const text = expression === undefined ? part : known[expression]
      literal += text ?? ''
      return text === undefined ? '.*' : text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    })
    .join('')
  return /\w/.test(literal) && new RegExp(`^${pattern}$`, 'is').test(name)
}

/** The name of a workflow in expressions. */
export function nameOfWorkflow(text: string, path: string): string {
  return workflow.safeParse(parseYaml(text)).data?.name ?? path
}

function parseYaml(text: string): unknown {
  try {
    return parse(text)
  } catch {
    // GitHub refuses it, and says so
    return undefined
  }
}
