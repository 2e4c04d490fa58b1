import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ConflictError, InputError, message, setting } from '../errors.ts'
import { type Event, layerSchema, revisionSchema } from '../history/event.ts'
import type { LayerPlanView } from '../layers/layer.ts'
import { formatDuration } from '../text/duration.ts'
import { digestOf } from './plan.ts'

/** Every key of a view: a plan that has one more could not be saved. */
const viewSchema = z.strictObject({
  layer: layerSchema,
  state: z.enum(['pending', 'done', 'nothing']),
  from: z.string(),
  to: z.string(),
  now: z.string().optional(),
  scope: z.string().optional(),
  paths: z.array(z.string()).optional(),
  deploys: z.array(z.string()).optional(),
  foundBy: z.string(),
  steps: z.array(z.string()),
  undone: z.array(z.strictObject({ revision: z.string(), title: z.string(), author: z.string() })),
  undoneCount: z.int().nonnegative().optional(),
  losses: z.array(z.string()),
  warnings: z.array(z.string()),
  needsPerson: z.array(z.string()),
  basis: z.record(z.string(), z.string()),
  needsDeployment: z.literal(true).optional(),
  unverified: z.string().optional(),
  left: z.string().optional(),
} satisfies { readonly [K in keyof Required<LayerPlanView>]: z.ZodType })

const savedPlanSchema = z.strictObject({
  schema: z.literal(1),
  /** `owner/name` */
  repository: z.string(),
  environment: z.string(),
  incident: z.string(),
  revision: revisionSchema,
  madeAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** why it would be refused as things were when it was made */
  obstacle: z.string().optional(),
  layers: z.array(viewSchema),
})

/** A plan as a file that people can review. It is applied later only if the state has not changed. */
export type SavedPlan = z.infer<typeof savedPlanSchema>

/** A plan to save, and its digest for the history. */
export function makeSavedPlan(
  circumstances: Omit<SavedPlan, 'schema' | 'layers'>,
  views: readonly LayerPlanView[],
): { readonly saved: SavedPlan; readonly digest: string } {
  const saved = savedPlanSchema.parse({ schema: 1, ...circumstances, layers: views })
  return { saved, digest: digestOf(saved) }
}

/** Reads the file of a saved plan. @throws InputError when there is none, and what `readSavedPlan` throws */
export async function openSavedPlan(
  path: string,
  about: Omit<Parameters<typeof readSavedPlan>[1], 'path'>,
): Promise<SavedPlan> {
  if (path === '')
    throw new InputError(
      message`${setting('plan')} is empty; write the path from the output plan of the run that made the plan`,
    )
  const saved = await readFile(path, 'utf8').catch(() => undefined)
  if (saved === undefined)
    throw new InputError(
      message`${setting('plan')} is ${path}, and there is no such file; write the path of a saved plan`,
    )
  return readSavedPlan(saved, { path, ...about })
}

/**
 * Reads a plan that was saved, and holds it against who made it: the history has the digest of each plan, and only those
 * who may write to the repository can write to it.
 * @param at ms since the epoch
 * @throws InputError for a file that is no plan, is from another repository or about another incident, was edited, or has expired
 */
export function readSavedPlan(
  text: string,
  {
    path,
    repository,
    incident,
    events,
    at,
  }: {
    readonly path: string
    readonly repository: string
    readonly incident: string
    readonly events: readonly Event[]
    readonly at: number
  },
): SavedPlan {
  const refuse = (why: string) =>
    new InputError(message`${setting('plan')} (${path}) ${why}: make a new plan`)
  const plan = parsePlan(text)
  if (plan === undefined) throw refuse('is not a plan of this version')
  if (plan.repository !== repository) throw refuse(`is of ${plan.repository}, and this is ${repository}`)
  if (plan.incident !== incident)
    throw refuse(`is for the incident ${plan.incident}, and this run is for ${incident}`)
  const digest = digestOf(plan)
  if (!events.some((event) => event.kind === 'rollback-planned' && event.plan === digest))
    throw refuse('is not one that the history knows: it was edited, or made elsewhere')
  const late = at - Date.parse(plan.expiresAt)
  if (late > 0) throw refuse(`has expired ${formatDuration(late)} ago`)
  return plan
}

function parsePlan(text: string): SavedPlan | undefined {
  try {
    return savedPlanSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/**
 * Compares the current state with the planned one.
 * @throws ConflictError that names each difference, layer by layer
 */
export function refuseIfMoved(saved: SavedPlan, now: readonly LayerPlanView[]): void {
  const moved = saved.layers.flatMap((then) => {
    const today = now.find(({ layer }) => layer === then.layer)
    if (today === undefined) return [`${then.layer}: there is nothing left to roll back`]
    // an earlier run of the same plan has done this one
    if (today.state === 'done' && then.state === 'pending') return []
    const [planned, current] = [reviewedOf(then), reviewedOf(today)]
    // what is there today and was not planned on is a difference, too: nobody has reviewed it
    const differences = [...new Set([...planned.keys(), ...current.keys()])].flatMap((what) => {
      const [was, is] = [planned.get(what) || 'not there', current.get(what) || 'not there']
      return was === is ? [] : [`${what} was ${was} and is ${is}`]
    })
    return differences.length === 0 ? [] : [`${then.layer}: ${differences.join(', ')}`]
  })
  const added = now.filter(({ layer }) => !saved.layers.some((then) => then.layer === layer))
  moved.push(...added.map(({ layer }) => `${layer}: was not planned`))
  if (moved.length === 0) return
  throw new ConflictError(
    `the plan no longer holds, and nothing was changed: ${moved.join('; ')}. Make a new plan, and review it`,
  )
}

/** What a reviewer approves, by name. */
function reviewedOf({
  basis,
  to,
  scope = '',
  paths = [],
}: Pick<SavedPlan['layers'][number] | LayerPlanView, 'basis' | 'to' | 'scope' | 'paths'>): ReadonlyMap<
  string,
  string
> {
  return new Map([
    ...Object.entries(basis),
    ['to', to],
    ['scope', scope],
    ['the list of paths', paths.join(', ')],
  ])
}
