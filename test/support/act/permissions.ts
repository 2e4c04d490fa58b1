import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { publishedName, publishedTag } from '../../../src/published.ts'
import type { Level } from '../github/tokens.ts'

export type Permissions = Readonly<Record<string, Level>>

const permissionsSchema = z
  .union([
    z.record(z.string(), z.enum(['read', 'write', 'none'])),
    z.literal('').transform(() => ({})),
    z.null(),
  ])
  .optional()
const workflowSchema = z.object({
  permissions: permissionsSchema,
  jobs: z.record(z.string(), z.object({ permissions: permissionsSchema, uses: z.string().optional() })),
})

/** What a workflow gets that asks for nothing, where the repository is set as GitHub sets new ones. */
const usual: Permissions = { contents: 'read' }

/**
 * What each job's token may do, as GitHub computes it: the job's `permissions`, else the workflow's, else the usual;
 * in a called workflow no more than the caller's job has.
 * @param release folder of the suite's release, where its workflows are
 */
function permissionsOfJobs(workflow: string, release: string): Readonly<Record<string, Permissions>> {
  const { permissions: ofAll, jobs } = workflowSchema.parse(parse(workflow))
  return Object.fromEntries(
    Object.entries(jobs).flatMap(([name, { permissions, uses }]) => {
      const own = clean(permissions) ?? clean(ofAll) ?? usual
      if (uses === undefined) return [[name, own]]
      const called = permissionsOfJobs(readCalled(uses, release), release)
      return Object.entries(called).map(([inner, theirs]) => [`${name}/${inner}`, least(own, theirs)])
    }),
  )
}

/** Those of one job by the name that act has for it, which of a called workflow's own callers knows only the last. */
export function permissionsOfJob(job: string, workflow: string, release: string): Permissions {
  const all = Object.entries(permissionsOfJobs(workflow, release))
  // act calls a job of a called workflow by that workflow's name, whichever job calls it
  const found =
    all.find(([name]) => name === job || name.endsWith(`/${job}`)) ??
    all.find(([name]) => name.split('/').at(-1) === job.split('/').at(-1))
  if (found === undefined) throw new Error(`the workflow has no job ${job}`)
  return found[1]
}

/** A called workflow of the suite: `rollback-suite/rollback/.github/workflows/guard.yml@v1`. */
function readCalled(uses: string, release: string): string {
  const prefix = `${publishedName}/`
  const suffix = `@${publishedTag}`
  const path = uses.startsWith('./')
    ? uses.slice(2)
    : uses.startsWith(prefix) && uses.endsWith(suffix)
      ? uses.slice(prefix.length, -suffix.length)
      : undefined
  if (path === undefined) throw new Error(`${uses} is not a workflow of the suite`)
  return readFileSync(join(release, path), 'utf8')
}

function clean(given: z.infer<typeof permissionsSchema>): Permissions | undefined {
  if (given === undefined || given === null) return undefined
  return Object.fromEntries(
    Object.entries(given).flatMap(([scope, level]) => (level === 'none' ? [] : [[scope, level]])),
  )
}

function least(ours: Permissions, theirs: Permissions): Permissions {
  return Object.fromEntries(
    Object.entries(theirs).flatMap(([scope, level]) => {
      const cap = ours[scope]
      if (cap === undefined) return []
      return [[scope, cap === 'read' ? 'read' : level]]
    }),
  )
}
