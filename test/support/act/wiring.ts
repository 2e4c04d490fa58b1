import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { composites } from '../../../src/actions/composites.ts'
import { actions } from '../../../src/actions/table.ts'
import { publishedName, publishedTag } from '../../../src/published.ts'
import { readComposite } from '../../../src/runner/composite.ts'

const stepSchema = z.object({
  id: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.coerce.string()).default({}),
})
type Step = z.infer<typeof stepSchema>

const workflowSchema = z.object({
  jobs: z.record(
    z.string(),
    z.object({
      permissions: z.record(z.string(), z.enum(['read', 'write'])),
      uses: z.string().optional(),
      with: z.record(z.string(), z.unknown()).default({}),
      steps: z.array(stepSchema).default([]),
    }),
  ),
})

/** An action of the suite, by what it takes, gives and needs. */
interface Known {
  readonly inputs: ReadonlySet<string>
  readonly outputs: ReadonlySet<string>
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>
}

/**
 * What does not fit in the workflows and composites of a folder: inputs and outputs that actions do not have, steps that are
 * not there, jobs whose token may less than their actions need, and actions of others that are not pinned by a commit.
 */
export function problemsOf(folder: string): readonly string[] {
  const known = knownActions(folder)
  const workflows = join(folder, '.github/workflows')
  return [
    ...readdirSync(workflows).flatMap((name) => {
      const text = readFileSync(join(workflows, name), 'utf8')
      return [
        ...pins(text),
        ...Object.entries(workflowSchema.parse(parse(text)).jobs).flatMap(
          ([job, { steps, permissions, ...call }]) => [
            ...callProblems(folder, { ...call, permissions }),
            ...stepProblems(steps, known),
            ...missing(steps, permissions, known),
            ...outputProblems(jobText(text, job), steps, known),
          ],
        ),
      ].map((problem) => `${name}: ${problem}`)
    }),
    ...composites.flatMap(({ name }) => {
      const text = readFileSync(join(folder, 'actions', name, 'action.yml'), 'utf8')
      const { steps } = readComposite(text)
      return [
        ...pins(text),
        ...descriptions(text),
        ...stepProblems(steps, known),
        ...outputProblems(text, steps, known),
      ].map((problem) => `${name}: ${problem}`)
    }),
  ]
}

const calledSchema = z.object({
  on: z.object({ workflow_call: z.object({ inputs: z.record(z.string(), z.unknown()).default({}) }) }),
  jobs: z.record(z.string(), z.object({ permissions: z.record(z.string(), z.enum(['read', 'write'])) })),
})

/** What users settle once for a workflow that rolls back, however it is called: each caller takes it, and hands it on. */
const settled = ['config', 'environment', 'on-failure', 'runner', 'secrets-from']

/** A job that calls a workflow of the suite has to give it inputs that it takes, and a token that may what its jobs ask for. */
function callProblems(
  folder: string,
  {
    uses,
    with: given,
    permissions: held,
  }: {
    readonly uses?: string | undefined
    readonly with: Readonly<Record<string, unknown>>
    readonly permissions: Readonly<Record<string, string>>
  },
): readonly string[] {
  const path = uses?.startsWith(`${publishedName}/`) && uses.slice(publishedName.length + 1).split('@')[0]
  if (!path) return []
  const { on, jobs } = calledSchema.parse(parse(readFileSync(join(folder, path), 'utf8')))
  const needed = Object.values(jobs).flatMap(({ permissions }) => Object.entries(permissions))
  const { inputs } = on.workflow_call
  return [
    ...Object.keys(given)
      .filter((name) => !(name in inputs))
      .map((name) => `${uses} takes no ${name}`),
    ...settled.filter((name) => name in inputs && !(name in given)).map((name) => `${uses} needs ${name}`),
    ...needed
      .filter(([scope, level]) => held[scope] !== 'write' && held[scope] !== level)
      .map(([scope, level]) => `${uses} needs ${scope}: ${level}`),
  ]
}

function knownActions(folder: string): ReadonlyMap<string, Known> {
  const ours = actions.map(({ name, inputs, outputs, permissions }) => {
    const uses = name === 'rollback' ? publishedName : `${publishedName}/actions/${name}`
    return [
      `${uses}@${publishedTag}`,
      { inputs: new Set(Object.keys(inputs)), outputs: new Set(Object.keys(outputs)), permissions },
    ] as const
  })
  const joined = composites.map(({ name, permissions }) => {
    const { inputs, outputs } = readComposite(
      readFileSync(join(folder, 'actions', name, 'action.yml'), 'utf8'),
    )
    const known = {
      inputs: new Set(Object.keys(inputs)),
      outputs: new Set(Object.keys(outputs)),
      permissions,
    }
    return [`${publishedName}/actions/${name}@${publishedTag}`, known] as const
  })
  return new Map([...ours, ...joined])
}

function pins(text: string): readonly string[] {
  return [...text.matchAll(/^ *(?:- )?uses: (\S+)(?: # (\S+))?$/gm)].flatMap(([, uses = '', version]) => {
    if (uses.startsWith(`${publishedName}/`) || uses.startsWith(`${publishedName}@`))
      return uses.endsWith(`@${publishedTag}`) ? [] : [`${uses} is not of the released tag`]
    return /@[0-9a-f]{40}$/.test(uses) && version !== undefined
      ? []
      : [`${uses} is not pinned by a commit with its version beside it`]
  })
}

/** A runner refuses a manifest that has an expression in a description. */
function descriptions(text: string): readonly string[] {
  return [...text.matchAll(/^ *description: .*\$\{\{.*$/gm)].map(
    ([line]) => `an expression in ${line.trim()}`,
  )
}

function stepProblems(steps: readonly Step[], known: ReadonlyMap<string, Known>): readonly string[] {
  return steps.flatMap(({ uses = '', with: given }) => {
    if (!uses.startsWith(publishedName)) return []
    const action = known.get(uses)
    if (action === undefined) return [`there is no ${uses}`]
    // a rehearsal takes everything back, whatever fails
    const isRollback = uses === `${publishedName}@${publishedTag}` && !('rehearsal' in given)
    const left = isRollback && !('on-failure' in given) ? [`${uses} needs on-failure`] : []
    return [
      ...left,
      ...Object.keys(given)
        .filter((name) => !action.inputs.has(name))
        .map((name) => `${uses} takes no ${name}`),
    ]
  })
}

function missing(
  steps: readonly Step[],
  held: Readonly<Record<string, string>>,
  known: ReadonlyMap<string, Known>,
): readonly string[] {
  return steps.flatMap(({ uses = '', with: given }) => {
    // answering records nothing
    const needed =
      given['operation'] === 'answer'
        ? { contents: 'read', issues: 'write' }
        : (known.get(uses)?.permissions ?? {})
    return Object.entries(needed)
      .filter(([scope, level]) => held[scope] !== 'write' && held[scope] !== level)
      .map(([scope, level]) => `${uses} needs ${scope}: ${level}`)
  })
}

/** Every `steps.x.outputs.y` is an output that the step's action gives. */
function outputProblems(
  text: string,
  steps: readonly Step[],
  known: ReadonlyMap<string, Known>,
): readonly string[] {
  return [...text.matchAll(/steps\.([\w-]+)\.(?:outputs\.([\w-]+)|outcome|conclusion)/g)].flatMap(
    ([all, id, output]) => {
      const step = steps.find((each) => each.id === id)
      if (step === undefined) return [`${all}: there is no such step`]
      const action = known.get(step.uses ?? '')
      if (action === undefined || output === undefined || action.outputs.has(output)) return []
      return [`${all}: ${step.uses} has no such output`]
    },
  )
}

/** The lines of one job. */
function jobText(text: string, job: string): string {
  const lines = text.split('\n')
  const from = lines.indexOf(`  ${job}:`, lines.indexOf('jobs:'))
  const after = lines.findIndex((line, index) => index > from && /^ {2}[\w-]+:$/.test(line))
  return lines.slice(from, after === -1 ? undefined : after).join('\n')
}
